"""What the messages about model files have in common."""

AGAIN = "copy or save it again"
DAMAGED = "restore it from a copy or save it again"
FOREIGN = "give a file that recurra fit has written"


def brief(reason: object, most: int = 300) -> str:
    """A reason that may quote a file at length, cut to ``most`` characters."""
    text = str(reason)
    return text if len(text) <= most else text[: most - 3] + "..."


def shown(name: str) -> str:
    """A name from a file as part of a message: on one line, without control characters, not too long."""
    return repr(brief(name, 60))
