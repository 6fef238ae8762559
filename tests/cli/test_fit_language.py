"""recurra fit language-model: what is printed, what is written, and that options arrive."""

import csv
import json
import os
from pathlib import Path

import pytest

import recurra
from recurra.data import hold_out, read_corpus

QUICK = ["--hidden-size", 4, "--epochs", 2]


def test_names(namer) -> None:
    printed = namer.printed
    assert list(printed["metrics"]) == ["nats", "bits", "perplexity"]
    assert list(printed["baselines"]) == ["n-gram"]
    assert list(printed["baselines"]["n-gram"]) == list(printed["metrics"])
    assert (printed["failed_baselines"], printed["notes"]) == ({}, [])
    split = printed["split"]
    assert {name: part["documents"] for name, part in split.items()} == {
        "train": 51,
        "validation": 3,
        "test": 6,
    }
    assert sum(part["characters"] for part in split.values()) == len(
        (namer.data.parent / "names.txt").read_text()
    )
    assert printed["training"] == {"epochs": 2, "best_epoch": 2, "stopped": "epochs"}
    assert (printed["model"], printed["report"]) == (str(namer.model), str(namer.report))
    assert printed["seconds"] > 0
    model = recurra.load(namer.model)
    assert (model.task, model.ends, model.lines) == ("language-model", True, True)
    assert model.fingerprint == printed["fingerprint"]
    assert sorted(path.name for path in namer.model.parent.iterdir()) == ["m.report.html", "m.safetensors"]


def test_the_test_part_of_a_single_text_is_its_end(playwright, corpus: Path) -> None:
    text = (corpus / "play.txt").read_text()
    held = round(0.1 * len(text))
    left = round(0.05 * (len(text) - held))
    assert playwright.printed["split"] == {
        "train": {"documents": 2, "characters": len(text) - held - left},
        "validation": {"documents": 1, "characters": left},
        "test": {"documents": 1, "characters": held},
    }
    model = recurra.load(playwright.model)
    assert model.evaluate(text[-held:]).metrics == playwright.printed["metrics"]


def test_the_same_model_as_in_python(playwright, corpus: Path) -> None:
    given, test = hold_out(read_corpus(corpus / "play.txt"), 0.1, name="test", seed=0)
    model = recurra.LanguageModel(level="word", tied=False, hidden_size=4, epochs=2).fit(given, test=test)
    assert model.model_.fingerprint == playwright.printed["fingerprint"]


@pytest.mark.parametrize(("name", "words"), [("few.txt", "--lines"), ("few.json", "--music")])
def test_of_few_one_is_held_out_for_each_part(fitted, tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "few.txt").write_text("anna\nbob\neve\nmiro\n")
    (tmp_path / "few.json").write_text("[[[60], [62]], [[64], [65]], [[67], [69]], [[60], [64]]]")
    split = fitted("language-model", tmp_path / name, words).printed["split"]
    assert [next(iter(sizes.values())) for sizes in split.values()] == [2, 1, 1]


def test_parts_that_music_has(composer) -> None:
    printed = composer.printed
    assert list(printed["metrics"]) == ["nll"]
    assert list(printed["baselines"]) == ["each key's share", "repeat the last step"]
    assert printed["split"] == {
        "train": {"pieces": 8, "steps": 320},
        "validation": {"pieces": 2, "steps": 80},
        "test": {"pieces": 2, "steps": 80},
    }
    assert recurra.load(composer.model).task == "music"


def test_whole_pieces_are_held_out_where_music_has_no_parts(fitted, corpus: Path) -> None:
    trained = fitted("language-model", corpus / "loose.json", "--music", "--validation", 0.2, "--test", 0.25)
    assert trained.printed["split"] == {
        "train": {"pieces": 7, "steps": 280},
        "validation": {"pieces": 2, "steps": 80},
        "test": {"pieces": 3, "steps": 120},
    }


def test_parts_in_files(fitted, corpus: Path, tmp_path: Path) -> None:
    for name, text in (("dev.txt", "ana\nelmi\n"), ("test.txt", "ro\n\nmiro\nanan\n")):
        (tmp_path / name).write_text(text)
    parts = ["--validation-file", tmp_path / "dev.txt", "--test-file", tmp_path / "test.txt"]
    printed = fitted("language-model", corpus / "names.txt", "--lines", *parts).printed
    assert {name: part["documents"] for name, part in printed["split"].items()} == {
        "train": 60,
        "validation": 2,
        "test": 3,
    }
    assert printed["notes"] == ["1 of 4 lines is empty and left out."]


def test_music_in_files(fitted, corpus: Path) -> None:
    parts = ["--validation-file", corpus / "tunes.json", "--test-file", corpus / "tunes.json"]
    printed = fitted("language-model", corpus / "loose.json", "--music", *parts).printed
    assert {name: part["pieces"] for name, part in printed["split"].items()} == {
        "train": 12,
        "validation": 2,
        "test": 2,
    }


def test_a_column_of_texts(fitted, tmp_path: Path, corpus: Path) -> None:
    names = (corpus / "names.txt").read_text().split()
    rows = "".join(json.dumps({"id": i, "name": name}) + "\n" for i, name in enumerate(names))
    (tmp_path / "names.jsonl").write_text(rows)
    trained = fitted("language-model", tmp_path / "names.jsonl", "--text", "name")
    assert trained.printed["split"]["train"]["documents"] == 51
    assert recurra.load(trained.model).column == "name"


def test_every_option_reaches_the_estimator(fitted, corpus: Path) -> None:
    asked = {
        "level": "word", "max_vocabulary": 30, "min_count": 2, "embedding_size": 5, "cell": "gru",
        "num_layers": 2, "input_dropout": 0.3, "dropout": 0.1, "embedding_dropout": 0.15,
        "weight_dropout": 0.2, "activation_penalty": 0.5, "change_penalty": 0.25, "bptt": 32,
        "max_time": 60.0, "epochs": 1, "batch_size": 4, "learning_rate": 0.01, "schedule": "constant",
        "weight_decay": 0.02, "average": 0.5, "clip_norm": 0.5, "patience": 3, "seed": 7,
    }  # fmt: skip
    words = [word for name, value in asked.items() for word in (f"--{name.replace('_', '-')}", value)]
    model = fitted("language-model", corpus / "play.txt", *words, "--untied", "--validation", 0.1).model
    settings = recurra.load(model).card["settings"]
    assert {name: settings[name] for name in asked} == asked
    assert (settings["tied"], settings["hidden_size"], settings["validation_share"]) == (False, 4, 0.1)


def test_steps_a_beat(fitted, corpus: Path) -> None:
    trained = fitted("language-model", corpus / "tunes.json", "--music", "--steps-per-beat", 4)
    assert recurra.load(trained.model).template.steps_per_beat == 4


def test_people_are_told_and_shown_what_it_writes(run, corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    result = run("fit", "language-model", corpus / "names.txt", "--lines", *QUICK, "-o", out)
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    symbols = len(set((corpus / "names.txt").read_text()) - {"\n"})
    assert lines[0] == f"The next character of a text: one of {symbols} that training saw"
    assert "test 6" in [line.rpartition(" ")[0] for line in lines]
    assert "Trained for 2 epochs; epoch 2 was the best and is kept." in lines
    assert any(line.startswith("Bits a character ") for line in lines)
    assert any(line.startswith("n-gram: interpolated modified Kneser-Ney of characters") for line in lines)
    start = lines.index("Generated by the model:") + 1
    written = [each.text for each in recurra.load(out).generate(length=37, samples=8)]
    assert lines[start : lines.index("", start)] == [text for text in written if text]
    assert f"Model {out}" in lines
    wide = [line for line in result.stdout.splitlines() if len(line) > 80 and str(tmp_path) not in line]
    assert wide == []
    assert "Training" in result.stderr


def test_a_tune_is_shown_in_notes(run, corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    result = run("fit", "language-model", corpus / "tunes.json", "--music", *QUICK, "-o", out)
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0] == "The next step of a piece: which of 88 keys sound, with 2 steps a beat"
    text = " ".join(lines[lines.index("Generated by the model:") + 1 : -4])
    (piece,) = recurra.load(out).generate(length=16)
    sounding = [key for step in piece.roll for key in step.nonzero()[0]]
    notes = text.replace("|", " ").replace("–", " ").split()
    assert len(notes) == len(sounding)
    octaves = [int(note.lstrip("ABCDEFG♯")) for note in notes]
    assert octaves == [(key + 21) // 12 - 1 for key in sounding]


def test_figures_by_epoch(fitted, corpus: Path, tmp_path: Path) -> None:
    fitted("language-model", corpus / "names.txt", "--lines", "--metrics", tmp_path / "m.csv")
    with (tmp_path / "m.csv").open(newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]


def test_quiet_prints_nothing(run, corpus: Path, tmp_path: Path) -> None:
    words = ["--lines", *QUICK, "--quiet", "-o", tmp_path / "m.safetensors"]
    result = run("fit", "language-model", corpus / "names.txt", *words)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_a_run_goes_on_from_its_checkpoint(run, corpus: Path, tmp_path: Path, monkeypatch) -> None:
    import recurra.training.csv_log

    def fit(name: str, *words: object):
        out = tmp_path / f"{name}.safetensors"
        quick = ["--hidden-size", 4, "--epochs", 3]
        return run("fit", "language-model", corpus / "names.txt", "--lines", *quick, "-o", out, *words)

    class Interrupt(recurra.training.csv_log.CsvLog):
        def __call__(self, event: object) -> None:
            super().__call__(event)
            if getattr(event, "epoch", 0) == 3:
                raise KeyboardInterrupt

    assert fit("whole").exit_code == 0
    with monkeypatch.context() as patch:
        patch.setattr(recurra.training.csv_log, "CsvLog", Interrupt)
        assert fit("cut", "--metrics", tmp_path / "m.csv").exit_code == 130
    assert (tmp_path / "cut.checkpoint").exists()
    assert fit("cut", "--resume").exit_code == 0
    assert not (tmp_path / "cut.checkpoint").exists()
    fingerprints = [recurra.load(tmp_path / f"{name}.safetensors").fingerprint for name in ("whole", "cut")]
    assert fingerprints[0] == fingerprints[1]


DATA = Path(os.environ.get("RECURRA_DATA", ""))


@pytest.mark.slow
@pytest.mark.skipif("RECURRA_DATA" not in os.environ, reason="RECURRA_DATA is not set")
@pytest.mark.parametrize(
    ("fit", "writes"),
    [
        (
            "D/text/tinyshakespeare.txt --level char --cell lstm",
            ["--prompt ROMEO: --length 300 --temperature 0.8 --seed 1"],
        ),
        ("D/text/names.txt --lines", ["--samples 20"]),
        (
            "D/music/JSB_Chorales.mat --music",
            ["--length 64 --seed 3 -o tune.mid", "--prompt tune.mid --length 64 -o next-bars.mid"],
        ),
    ],
    ids=["a play", "names", "chorales"],
)
def test_real_data(run, tmp_path: Path, monkeypatch, fit: str, writes: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    words = [word.replace("D/", f"{DATA}/") for word in fit.split()]
    small = ["--max-time", "5s", "--hidden-size", 64]
    result = run("fit", "language-model", *words, *small, "-o", "m.safetensors", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    printed = json.loads(result.stdout)
    assert next(iter(printed["metrics"].values())) < (12 if "music" in fit else 3.3)
    for write in writes:
        assert run("generate", "m.safetensors", *write.split()).exit_code == 0
    assert recurra.load("m.safetensors").fingerprint == printed["fingerprint"]
