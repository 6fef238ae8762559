"""``python -m recurra.cli`` is ``recurra``."""

from recurra.cli import main

main()
