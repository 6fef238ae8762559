"""What reports are written from, the reports themselves, and a browser that shows them.

The forecaster is made by hand: real data, real baselines, a network whose weights are merely initialised.
"""

import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recurra.cells import LSTM, Stack
from recurra.data import Scaler, Series, Split, impute, make_windows, split_rows
from recurra.evaluation import Evaluation, TargetScale, evaluate_forecasts
from recurra.runtime import ForecastInputs, ForecastModel, forecast_artifact

LEVELS = (0.1, 0.5, 0.9)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DRAWN = (
    "[...document.querySelectorAll('.plot')].every(plot => plot.querySelector('path.js-line, .bars path'))"
)
UNFOLDED = "document.querySelectorAll('details').forEach(element => element.open = true)"
HISTORY = {
    "epochs": [
        {"epoch": 1, "loss": 0.5, "validation_loss": 0.6, "gradient_norm": 1.5},
        {"epoch": 2, "loss": 0.3, "validation_loss": 0.35, "gradient_norm": 0.7},
        {"epoch": 3, "loss": 0.25, "validation_loss": 0.4, "gradient_norm": 0.4},
    ],
    "best_epoch": 2,
}


@dataclass(frozen=True)
class Made:
    """What a report is written from."""

    model: ForecastModel
    evaluation: Evaluation
    series: Series
    split: Split

    @property
    def story(self) -> tuple[Any, ...]:
        return self.model, self.evaluation, self.series, self.split


@pytest.fixture(scope="session")
def make():
    def made(series: Series, *, context: int = 8, horizon: int = 4, hidden_size: int = 4) -> Made:
        split = split_rows(series.time)
        series = impute(series, split.parts)
        train, test = (
            make_windows(series, part, context=context, horizon=horizon, name="part")
            for part in (split.train, split.test)
        )
        stack = Stack(LSTM(input_size=len(series.names), hidden_size=hidden_size))
        rng = np.random.default_rng(0)
        tensors = {f"encoder.{name}": value for name, value in stack.initialise(rng).items()}
        size = horizon * len(LEVELS)
        tensors["head.weight"] = rng.normal(scale=0.1, size=(size, hidden_size)).astype(np.float32)
        tensors["head.bias"] = np.tile(np.asarray([-1, 0, 1], np.float32), horizon)
        inputs = ForecastInputs(
            target=series.names[0],
            past=series.names[1:],
            time=series.time_name,
            frequency=series.frequency,
            context=context,
            horizon=horizon,
            levels=LEVELS,
            scaler=Scaler.fit(train),
            scale=TargetScale.fit(series, split.train),
        )
        card = {
            "settings": {"cell": "lstm", "hidden_size": hidden_size, "past": [], "context": None, "seed": 0},
            "windows": {"training": len(train), "validation": 1, "test": len(test)},
            "versions": {"recurra": "0.1.0", "torch": "2.13.0"},
            "date": "2024-02-29",
            "data": {"fingerprint": "f00d"},
            "intended_use": "Forecasts like these.",
            "risks": ["It may be wrong."],
        }
        model = ForecastModel(forecast_artifact(inputs, stack, tensors, history=HISTORY, card=card))
        quantiles = model.predict_windows(test.context)
        evaluation = evaluate_forecasts(
            series, test, quantiles, levels=LEVELS, scale=inputs.scale, train=split.train
        )
        return Made(model, evaluation, series, split)

    return made


@pytest.fixture(scope="session")
def fitted():
    """Small fitted estimators of labelled sequences, by name, each fitted when it is first asked for."""
    from tests.inspection.fitted import MAKERS

    return functools.cache(lambda name: MAKERS[name]())


@pytest.fixture(scope="session")
def fitted_language():
    """Small fitted language models, by name, each fitted when it is first asked for."""
    from tests.inspection.fitted_language import MAKERS

    return functools.cache(lambda name: MAKERS[name]())


@pytest.fixture(scope="session")
def fitted_pairs():
    """Small fitted encoder-decoders, by name, each fitted when it is first asked for."""
    from tests.inspection.fitted_pairs import MAKERS

    return functools.cache(lambda name: MAKERS[name]())


@pytest.fixture(scope="session")
def fitted_transcripts():
    """Small fitted transcribers, by name, each fitted when it is first asked for."""
    from tests.inspection.fitted_transcripts import MAKERS

    return functools.cache(lambda name: MAKERS[name]())


@pytest.fixture(scope="session")
def written(fitted, fitted_language, fitted_pairs, fitted_transcripts):
    """The report of a fitted estimator, by its kind, as in `PAGES`, and its name; written once."""
    from recurra.inspection.language_report import language_report
    from recurra.inspection.pair_report import pair_report
    from recurra.inspection.sequence_report import sequence_report
    from tests.inspection.fitted import HOSTILE

    kinds: dict[str, Any] = {
        "sequence": (sequence_report, fitted),
        "language": (language_report, fitted_language),
        "pair": (pair_report, fitted_pairs),
        "transcript": (sequence_report, fitted_transcripts),
    }

    def write(kind: str, name: str) -> str:
        report, estimators = kinds[kind]
        return report(estimators(name), data=HOSTILE, path="out/m.safetensors")

    return functools.cache(write)


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if (chromium := shutil.which("chromium")) is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Open a page, unfolded once ``ready`` returns: it must fit, and complain about and fetch nothing."""
    events: list[str] = []
    pages, addresses = [], []

    def opened(file: Path, width: int = 1280, ready: Callable[[Any], object] = bool, **options: Any):
        page = browser.new_page(viewport={"width": width, "height": 800}, **options)
        pages.append(page)
        addresses.append(file.as_uri())
        page.on("console", lambda message: events.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: events.append(str(error)))
        page.on("request", lambda request: events.append(request.url))
        page.goto(file.as_uri(), timeout=120_000)  # ms: a machine that is busy with other tests is slow
        ready(page)
        page.evaluate(UNFOLDED)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        return page

    yield opened
    for page in pages:
        page.close()
    assert [text for text in events if text not in addresses and not text.startswith("data:")] == []


@pytest.fixture
def open_report(open_page):
    """Open a report, which must be drawn in full, too."""

    def opened(file: Path, width: int = 1280, **options: Any):
        def drawn(page: Any) -> None:
            page.locator(".plot").last.locator(".main-svg").first.wait_for()

        page = open_page(file, width, drawn, **options)
        assert page.evaluate(DRAWN)
        return page

    return opened
