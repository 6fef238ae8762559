"""The command line. A command parses, calls one library function for each thing it writes, and prints."""

from recurra.cli.app import app, main

__all__ = ["app", "main"]
