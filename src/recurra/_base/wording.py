"""Numbers of things in messages and pages."""


def count(amount: int, noun: str) -> str:
    """``1 window``, ``2,880 windows``."""
    return f"{amount:,} {noun if amount == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """``windows``, and ``series``, which is its own plural."""
    return noun if noun == "series" else f"{noun}s"
