import json
import re
from pathlib import Path

import recurra
from recurra.cli.option import flag

METRICS = ["mae", "mse", "rmse", "smape", "mase", "pinball", "coverage", "scaled_mae", "scaled_mse"]


def fit(run, data: Path, folder: Path, *options: object):
    quick = ["--context", 24, "--hidden-size", 6, "--epochs", 2]
    return run(
        "fit",
        "forecast",
        data,
        "--target",
        "load",
        "--horizon",
        12,
        *quick,
        "-o",
        folder / "m.safetensors",
        *options,
    )


def test_json_is_one_object_and_all_there_is(trained) -> None:
    printed = trained.printed
    assert (printed["model"], printed["report"]) == (str(trained.model), str(trained.report))
    assert printed["seconds"] > 0
    assert list(printed["metrics"]) == METRICS
    assert list(printed["baselines"]) == ["last value", "seasonal naive", "ETS"]
    assert all(list(metrics) == METRICS for metrics in printed["baselines"].values())
    assert printed["split"] == {
        "train": {"rows": 300, "first": "2024-01-01", "last": "2024-10-26", "windows": 265},
        "validation": {
            "rows": 80,
            "first": "2024-10-27",
            "last": "2025-01-14",
            "windows": 69,
        },
        "test": {"rows": 100, "first": "2025-01-15", "last": "2025-04-24", "windows": 89},
        "unused": 20,
        "unused_before": 0,
    }
    assert printed["gaps"]["rows_added"] == 6
    assert printed["gaps"]["missing"] == {"load": 3, "weekday": 0}
    assert printed["gaps"]["rule"] == "linear"


def test_the_printed_model_is_the_written_one(trained) -> None:
    model = recurra.load(trained.model)
    assert model.fingerprint == trained.printed["fingerprint"]
    assert (model.inputs.past, model.horizon, model.context) == (("weekday",), 12, 24)
    assert sorted(path.name for path in trained.model.parent.iterdir()) == [
        "load.report.html",
        "load.safetensors",
    ]
    assert "load, the next 12 days" in trained.report.read_text("utf-8")


def test_people_are_told_what_was_done(run, trained, tmp_path: Path) -> None:
    words = [
        "--past",
        "weekday",
        "--train",
        300,
        "--validation",
        80,
        "--test",
        100,
        "--report",
        tmp_path / "r.html",
    ]
    result = fit(run, trained.data, tmp_path, *words)
    assert result.exit_code == 0
    assert "load: the next 12 days from the last 24 days" in result.stdout
    text = " ".join(result.stdout.split())
    for said in [
        "20 rows after the test part are not used",
        "load: 3 of 494 values missing",
        "linear",
        "ETS",
        "MASE",
    ]:
        assert said in text, said
    for path in (tmp_path / "m.safetensors", tmp_path / "r.html"):
        assert path.is_file()
        assert str(path) in result.stdout
    wide = [line for line in result.stdout.splitlines() if len(line) > 80 and str(tmp_path) not in line]
    assert wide == []
    assert "Training" in result.stderr
    again = recurra.load(tmp_path / "m.safetensors").fingerprint
    assert again == trained.printed["fingerprint"]  # the same data, settings and seed


def test_quiet_prints_nothing(run, data: Path, tmp_path: Path) -> None:
    result = fit(run, data, tmp_path, "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "m.report.html").is_file()


def test_every_option_reaches_the_estimator(run, data: Path, tmp_path: Path) -> None:
    options = {
        "--time": "time", "--transform": "yeo-johnson", "--cell": "gru", "--num-layers": 2,
        "--batch-size": 64, "--learning-rate": 0.01, "--clip-norm": 0.5, "--seed": 7, "--train": "2024-01-01",
        "--validation": "2024-11-01", "--test": "0.2",
    }  # fmt: skip
    words = [word for pair in options.items() for word in pair]
    result = fit(run, data, tmp_path, *words, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    model = recurra.load(tmp_path / "m.safetensors")
    recurrent = model.spec["layers"][0]
    assert model.inputs.scaler.target_transform.name == "yeo-johnson"
    assert (recurrent["cell"], recurrent["num_layers"], recurrent["hidden_size"]) == ("gru", 2, 6)
    split = json.loads(result.stdout)["split"]
    assert (split["validation"]["first"], split["test"]["rows"]) == ("2024-11-01", 100)
    settings = dict(
        re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td>', (tmp_path / "m.report.html").read_text())
    )
    assert settings["learning rate"] == "0.01"
    assert (settings["clip norm"], settings["batch size"], settings["seed"]) == ("0.5", "64", "7")


def test_the_help_tells_the_true_defaults(run) -> None:
    from recurra.tasks import Forecaster

    defaults = Forecaster(target="y", horizon=1).get_params()
    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", run("fit", "forecast", "--help").stdout).split())
    for option in [
        "target_transform", "cell", "hidden_size", "num_layers", "epochs", "batch_size", "learning_rate",
        "clip_norm", "seed", "train", "validation", "test",
    ]:  # fmt: skip
        described = text.partition(f"{flag(option)} ")[2].partition(" --")[0]
        default = defaults[option] if isinstance(defaults[option], str) else f"{defaults[option]:g}"
        assert re.search(rf"Default: {re.escape(default)}\b", described), option
