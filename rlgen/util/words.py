"""Numbers with their nouns."""


def counted(n: int, noun: str, plural: str = "") -> str:
    """A number and its noun.

    Examples:
        >>> counted(1, "cell"), counted(1200, "cell"), counted(0, "policy", "policies")
        ('1 cell', '1,200 cells', '0 policies')
    """
    return f"{n:,} {noun if n == 1 else plural or f'{noun}s'}"


def exist(n: int, noun: str, plural: str = "") -> str:
    """A number and its noun, with the verb.

    Examples:
        >>> exist(1, "level"), exist(3, "level")
        ('1 level is', '3 levels are')
    """
    return f"{counted(n, noun, plural)} {'is' if n == 1 else 'are'}"
