"""``python -m recurra.cli.without_torch MODEL DATA OUT``: recurra predict, proved to need no PyTorch."""

import sys
from pathlib import Path

from recurra.cli.console import say
from recurra.cli.predict import predict

_FOR_TRAINING = ("torch", "lightning_fabric")


def _main(model: str, data: str, out: str) -> None:
    predict(Path(model), Path(data), Path(out))
    loaded = [name for name in _FOR_TRAINING if name in sys.modules]
    if loaded:
        sys.exit(f"predicting imported {', '.join(loaded)}")
    say("This process forecast without PyTorch: it is not among the modules that it has imported.")


if __name__ == "__main__":
    _main(*sys.argv[1:])
