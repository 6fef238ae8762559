"""How to use a language model from here: commands and code that run as they stand."""

import shlex

from recurra.data import Corpus
from recurra.inspection.symbols import UNITS
from recurra.runtime.language import TextModel

_LONGEST_PROMPT = 12  # characters
_LENGTH = 300  # characters, about


def text_shell(model: TextModel, path: str, data: str, training: Corpus) -> str:
    """Commands that generate, score texts and evaluate."""
    name, file, prompt = shlex.quote(path), shlex.quote(data), shlex.quote(_prompt(model, training))
    lines = [
        "# a text that goes on from a beginning; the same seed writes the same text",
        f"recurra generate {name} --prompt {prompt} --length {_LENGTH} --temperature 0.8 --seed 1",
    ]
    if model.ends:
        lines += ["# whole ones, from nothing", f"recurra generate {name} --samples 20"]
    return "\n".join([*lines, *_on_data(name, file, "how probable it finds each document")])


def text_python(model: TextModel, path: str, training: Corpus) -> str:
    """Code that does the same."""
    prompt, unit = _prompt(model, training), UNITS[model.features.level]
    asked = f"{prompt!r}, length={_LENGTH}, sampling=sampling, seed=1"
    return "\n".join(
        [
            "import recurra",
            "from recurra.decoding import Sampling",
            "",
            f"model = recurra.load({path!r})",
            "sampling = Sampling(temperature=0.8)",
            "# a text that goes on from a beginning",
            f"(written,) = model.generate({asked})",
            "written.text",
            "# the same, piece by piece, as it is written",
            f"for piece in model.write({asked}):",
            "    print(piece, end='', flush=True)",
            f"# how probable it finds a text, {unit} by {unit}",
            f"(score,) = model.predict([{prompt!r}])",
            "score.tokens, score.log_probabilities",
        ]
    )


def music_shell(path: str, data: str) -> str:
    """Commands that generate, score pieces and evaluate."""
    name, file = shlex.quote(path), shlex.quote(data)
    return "\n".join(
        [
            "# a tune from nothing; the same seed writes the same tune",
            f"recurra generate {name} --length 64 --seed 3 -o tune.mid",
            "# what comes after a tune",
            f"recurra generate {name} --prompt tune.mid --length 64 -o next-bars.mid",
            *_on_data(name, file, "how probable it finds each piece"),
        ]
    )


def music_python(path: str) -> str:
    """Code that does the same."""
    return "\n".join(
        [
            "from pathlib import Path",
            "import recurra",
            "from recurra.data import midi_bytes",
            "",
            f"model = recurra.load({path!r})",
            "# a tune from nothing, and what comes after it",
            "(tune,) = model.generate(length=64, seed=3)",
            "(more,) = model.generate(tune, length=64)",
            "Path('tune.mid').write_bytes(midi_bytes(tune, generated=True))",
            "# how probable it finds each step",
            "(log_probabilities,) = model.predict([tune])",
        ]
    )


def _on_data(name: str, file: str, found: str) -> list[str]:
    return [
        f"# {found}",
        f"recurra predict {name} {file}",
        "# how good it is; put newer data in place of this one",
        f"recurra evaluate {name} {file}",
    ]


def _prompt(model: TextModel, training: Corpus) -> str:
    """The beginning of a training text: known symbols in one line, and shorter than a document."""
    for text in training.texts:
        line = text.lstrip().split("\n", 1)[0]
        words = line.split()
        prompt = line[:_LONGEST_PROMPT] if model.features.level == "char" else " ".join(words[:2])
        prompt = prompt[: max(len(prompt) // 2, 1)] if model.ends and len(words) == 1 else prompt
        if prompt and len(prompt) <= 40 and prompt.isprintable() and (model.features([prompt])[0] > 0).all():
            return prompt
    return ""
