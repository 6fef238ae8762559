"""The command line. A command parses, calls one library function for each thing it writes, and prints."""

import io
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command that the process was called with, and exit."""
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # as standard error has it: texts hold anything
        # Not earlier: whoever interrupts a command while it is still being imported gets its exit code, too.
        from recurra.cli.app import app

        app(prog_name="recurra")
    except KeyboardInterrupt:
        sys.exit(130)
