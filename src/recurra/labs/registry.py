"""The labs by name. Each is the module of that name, which is imported when it is run."""

import importlib
from types import ModuleType

from recurra._base.validation import one_of, positive_float, positive_int
from recurra.labs.lab import Lab, Result

LABS = {
    "help": "How does an LSTM learn that «hel» is followed by «p»?",
    "gates": "What does one step of an LSTM compute, by hand?",
    "shapes": "What can go in, and what can come out?",
    "parameters": "How many weights does a recurrent layer have?",
    "vanishing": "How far back does a gradient reach?",
    "memory": "How long can an RNN, an LSTM and a GRU remember?",
    "initialisation": "What must a network start from, so that it can learn?",
    "depth": "At equal weights, are more layers better?",
    "reversal": "Can an encoder-decoder turn a string round, and what does it read when nobody helps?",
    "negation": "Who hears that «dog bites man» is not «man bites dog»?",
    "word-vectors": "What do word vectors know, and what does an RNN make of them?",
    "sine": "Why does a good one-step model forecast badly on its own?",
    "bidirectional": "Is «rose» a person, when only the next words say so?",
    "weather": "How warm will it be in an hour, and what is an LSTM worth for that?",
    "truncation": "How far back must a gradient reach?",
    "parallel": "Must a recurrent network go step by step?",
    "attention-or-recurrence": "Attention or recurrence: what does each cost, and what does it remember?",
    "characters": "What does a network write that knows letters, and how sure is it of its nonsense?",
}
"""The question of each, in the order in which to read them."""


def module(name: str) -> ModuleType:
    """The script of the lab of that name; InputError where there is none."""
    return importlib.import_module(f"recurra.labs.{one_of('lab', name, LABS).replace('-', '_')}")


def find(name: str) -> Lab:
    """The lab of that name; InputError where there is none, MissingExtraError where it needs PyTorch."""
    return module(name).LAB


def run(name: str, seeds: int = 3, budget: float = 1.0) -> Result:
    """Run the lab of that name with seeds 0, 1, …, and return what it found.

    Args:
        name: one of `LABS`.
        seeds: how many.
        budget: how much of the training to do: 1 is the whole experiment, for which the claim is made.

    Raises InputError for what is none of these, and MissingExtraError where a lab needs an extra.
    """
    found = find(name)
    return found.run(range(positive_int("seeds", seeds)), positive_float("budget", budget))
