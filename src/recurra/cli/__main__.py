"""``python -m recurra.cli`` is ``recurra``."""

from recurra.cli.app import main

main()
