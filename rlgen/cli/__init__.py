"""The command line: one module per command. Heavy modules are imported by the commands."""

import gc
import signal
import sys
import threading
import warnings
from types import FrameType
from typing import Any

import click

from rlgen.cli import (
    audit,
    bundle,
    calibrate,
    card,
    check,
    compact,
    compare,
    evaluate,
    export,
    import_,
    lint,
    list_,
    plan,
    power,
    probe,
    report,
    schema,
    show,
    submit,
    tune,
    verify,
    view,
)
from rlgen.cli.options import INTERRUPTED, TERMINATED
from rlgen.errors import RlgenError, RlgenWarning, nearest
from rlgen.util.terminal import complain, echo, open_standard_streams, printable
from rlgen.util.version import __version__


class _Commands(click.Group):
    """A command group that suggests the nearest command for a wrong one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(
                f"no command {args[0]!r}{nearest(args[0], self.commands)}"
            ) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rlgen")
def cli() -> None:
    """Has a reinforcement-learning agent learnt to play, or memorised its training levels?

    \b
    rlgen list protocols                 what can be run by name
    rlgen evaluate NAME                  train, measure, and write results/NAME/report.html
    rlgen evaluate my.toml --seeds 0:20  your own protocol with twenty seeds
    rlgen plan my.toml                   its estimated cost
    rlgen submit my.toml --slurm         the same as tasks of a cluster
    rlgen tune my.toml --search ...      settings chosen on validation levels
    rlgen check results/x --max-gap 0.3  pass or fail, for continuous integration
    rlgen compare results/a results/b    which of two agents or networks generalises better
    rlgen export results/mine            its figures and tables as files for a paper
    rlgen view results/mine              its levels, and what the agents do on them
    rlgen import returns.csv -o STORE    the same report for results from elsewhere
    rlgen power --gap 0.2 ...            how many runs and levels a study needs
    rlgen list networks                  what is available
    rlgen show FAMILY --level 7          what a level looks like
    rlgen calibrate                      can this installation be believed?
    rlgen probe my.zip --env ...         what a trained network looks like from inside
    rlgen lint train.py                  common mistakes in how an agent is judged
    rlgen audit results/mine             are training levels among the test levels?
    rlgen bundle results/x x.tar.xz      one file to keep or to send
    rlgen card results/x                 a model card with its answers
    rlgen compact results/x              its thousands of files as a few
    rlgen verify x.tar.xz                does its summary follow from its rows?
    """


for _command in (
    evaluate.evaluate,
    submit.submit,
    tune.tune,
    plan.plan,
    report.report,
    export.export,
    check.check,
    compare.compare,
    import_.import_,
    power.power,
    list_.list_,
    show.show,
    calibrate.calibrate,
    probe.probe,
    lint.lint,
    audit.audit,
    bundle.bundle,
    card.card,
    compact.compact,
    verify.verify,
    view.view,
    schema.schema,
):
    cli.add_command(_command)


def _one_line(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
    """Show our own warnings as one line, and those of libraries as Python does."""
    if issubclass(category, RlgenWarning):
        echo(f"rlgen: {message}", err=True)
    else:
        _show_warning(printable(str(message)), category, *place, **more)


_show_warning = warnings.showwarning


def _terminated(signum: int, frame: FrameType | None) -> None:
    """End as on an interrupt: a scheduler asks for it before it kills."""
    del frame
    signal.signal(signum, signal.SIG_IGN)
    kept = "finished cells and checkpoints are kept; the same command continues"
    complain(f"rlgen: terminated; {kept}")
    raise SystemExit(TERMINATED)


def main() -> None:
    """The console script."""
    warnings.showwarning = _one_line
    # A study of 20,000 runs is millions of plain values, which would be looked through time and
    # again: a quarter of the time of commands. Those that live for long are left alone for longer.
    gc.set_threshold(50_000, 100)
    open_standard_streams()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminated)
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except SystemExit:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
            # Ray's own code, where the signal meets it, raises another exit instead.
            sys.exit(TERMINATED)
        # With 1, which is a verdict elsewhere, click ends where the reader of its help has gone.
        if "PacifyFlush" not in type(sys.stdout).__name__:
            raise
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        if context is not None:
            for line in context.get_usage().splitlines():
                echo(line, err=True)
            echo(
                f"Try '{context.command_path} {context.help_option_names[-1]}' for help.", err=True
            )
            echo(err=True)
        complain(f"Error: {error.format_message()}")
        sys.exit(error.exit_code)
    except RlgenError as error:
        for line in error.args:
            complain(f"rlgen: {line}")
        sys.exit(error.exit_code)
    except OSError as error:  # what is wrong with a file or a disk
        where = error.filename or "input or output"
        complain(f"rlgen: {where}: {error.strerror or error}")
        sys.exit(RlgenError.exit_code)
    except click.Abort:  # click raises this on an interrupt
        echo(err=True)
        echo("rlgen: interrupted; finished cells are kept; the same command continues", err=True)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
