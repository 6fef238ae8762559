"""The commands, put together, and the one place where an error becomes an exit code.

0    done
1    the work failed
2    wrong use, or bad input
130  interrupted
"""

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from recurra._base.errors import ArtifactError, InputError, RecurraError
from recurra.cli import console
from recurra.cli.demo import demo
from recurra.cli.describe import describe
from recurra.cli.evaluate import evaluate
from recurra.cli.fit.classify import classify
from recurra.cli.fit.forecast import forecast
from recurra.cli.fit.language_model import language_model
from recurra.cli.fit.regress import regress
from recurra.cli.fit.tag import tag
from recurra.cli.fit.transcribe import transcribe
from recurra.cli.fit.translate import translate
from recurra.cli.generate import generate
from recurra.cli.inspect import inspect
from recurra.cli.lab import lab
from recurra.cli.predict import predict
from recurra.cli.stream import stream

# Typer has a class for all errors of parsing, but only its descendants are public.
_PARSING_ERROR = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class Commands(TyperGroup):
    """A group of commands; an error that is expected is one line on standard error, never a traceback."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order of work: what trains comes first."""
        return sorted(super().list_commands(ctx), key=lambda name: name != "fit")

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:  # noqa: ARG002
        sys.exit(self._run(*args, **extra))

    def _run(self, *args: Any, **extra: Any) -> int:
        try:
            code = super().main(*args, standalone_mode=False, **extra)
            console.out.file.flush()  # sys.stdout is None where it was closed before the process began
        except (InputError, ArtifactError) as error:
            return _failed(str(error), 2)
        except RecurraError as error:
            return _failed(str(error), 1)
        except (KeyboardInterrupt, typer.Abort):
            code = 130
        except BrokenPipeError:
            # Whoever read the output has left. Python would complain when it flushes at exit, too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except OSError as error:
            reason = error.strerror or str(error)
            return _failed(f"{error.filename}: {reason}" if error.filename else reason, 1)
        except MemoryError as error:
            reason = f" ({error})" if str(error) else ""
            return _failed(f"out of memory{reason}; give less data, or smaller sizes", 1)
        except _PARSING_ERROR as error:  # pyright: ignore[reportGeneralTypeIssues]
            return _wrong_use(error)
        if code == 130:
            console.err.print("interrupted")
        return int(code or 0)


def _failed(message: str, code: int) -> int:
    console.fail(message)
    return code


def _wrong_use(error: Any) -> int:
    message, context = error.format_message().rstrip("."), getattr(error, "ctx", None)
    if message:  # there is none where no argument was given at all, and the help has been printed instead
        console.fail(f"{message}; see {context.command_path} --help" if context else message)
    return 2


def _version(wanted: bool) -> None:
    if wanted:
        import recurra

        console.say(f"recurra {recurra.__version__}")
        raise typer.Exit


app = typer.Typer(
    name="recurra",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
fit = typer.Typer(help="Train a model.", no_args_is_help=True)
app.add_typer(fit, name="fit")
for command in (forecast, classify, regress, tag, language_model, translate, transcribe):
    fit.command()(command)
app.command()(evaluate)
app.command()(predict)
app.command()(generate)
app.command()(stream)
app.command()(inspect)
app.command()(describe)
app.command()(lab)
app.command()(demo)


@app.callback()
def _recurra(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train recurrent sequence models on an ordinary CPU and use them without PyTorch.

    Exit codes: 0 done, 1 the work failed, 2 wrong use or bad input, 130 interrupted.
    """
