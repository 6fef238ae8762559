"""How to use an encoder-decoder from here: commands and code that run as they stand."""

import shlex

from recurra.data import Pairs, SeriesFeatures
from recurra.runtime.translation import TranslationModel

_LONGEST = 60  # characters of a source in code
_TYPICAL = 30


def shell(model: TranslationModel, path: str, data: str) -> str:
    """Commands; none where sources are no texts, as no file has them."""
    if model.kind != "text":
        return ""
    name, file = shlex.quote(path), shlex.quote(data)
    right = "" if model.columns else " right-answers.txt"
    return "\n".join(
        [
            "# the answer to each source in a file",
            f"recurra predict {name} {file} --beam 5",
            "# the three best of each, with their scores",
            f"recurra predict {name} {file} --beam 5 --n-best 3",
            "# a line in, an answer out",
            f"recurra predict {name} --interactive",
            "# how good it is; put newer data in place of this one",
            f"recurra evaluate {name} {file}{right}",
        ]
    )


def python(model: TranslationModel, path: str, training: Pairs) -> str:
    """Code that does the same, and asks where the model looks."""
    source = _source(model, training)
    attention = ", attention=True" if model.network.has_attention else ""
    lines = ["import numpy as np"] if isinstance(model.source, SeriesFeatures) else []
    lines += [
        "import recurra",
        "from recurra.decoding import Beam",
        "",
        f"model = recurra.load({path!r})",
        "# the best answer",
        f"model.predict([{source}])",
        "# the three best, with their scores",
        f"(found,) = model.translate([{source}], beam=Beam(size=5, n_best=3){attention})",
        "for one in found:",
        "    print(one.score, one.text)",
    ]
    if attention:
        lines += ["# where each token of the best looks, and the end", "found[0].tokens, found[0].attention"]
    return "\n".join(lines)


def _source(model: TranslationModel, training: Pairs) -> str:
    """One source in code: of a usual length, and printed in a line."""
    if isinstance(model.source, SeriesFeatures):
        steps = min(int(training.sources.lengths().max()), 50)
        return f"np.zeros(({steps}, {model.source.size}), np.float32)"
    texts = [text for text in training.sources.items if text.isprintable()]
    return repr(min(texts, key=lambda text: abs(len(text) - _TYPICAL), default="")[:_LONGEST])
