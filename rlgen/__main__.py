"""``python -m rlgen``."""

from rlgen.cli import main

if __name__ == "__main__":
    main()
