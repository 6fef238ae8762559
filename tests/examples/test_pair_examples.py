"""The examples of sequence to sequence run, learn more than baselines, and make the data they tell of."""

import datetime as dt
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXTS = ["model", "copy", "dictionary", "nearest"]


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "budget", "first", "scored"),
    [
        (
            "reverse_strings",
            ["--strings", "60", "--epochs", "1"],
            "1000 strings that training has not seen",
            ["with attention", "without"],
        ),
        ("date_formats", ["--dates", "60", "--epochs", "1"], "1000 days that training has not seen", TEXTS),
        ("question_answer", ["--questions", "60", "--epochs", "1"], "500 questions about new facts", TEXTS),
        (
            "captions_from_vectors",
            ["--scenes", "60", "--epochs", "1"],
            "500 scenes whose captions training has not seen",
            ["model", "nearest"],
        ),
        ("short_summaries", ["--texts", "60", "--epochs", "1"], "headlines of 500 new texts", TEXTS),
    ],
)
def test_as_a_script(name, budget, first, scored):
    command = [sys.executable, "-W", "error", EXAMPLES / f"{name}.py", *budget]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == first
    found = [re.fullmatch(r"(.+?) +exact (0\.\d{3}), .+", line) for line in lines[1 : 1 + len(scored)]]
    assert [match and match[1] for match in found] == scored


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least", "beaten"),
    [
        ("date_formats", 0.97, 0.5),
        ("question_answer", 0.8, 0.5),
        ("captions_from_vectors", 0.8, 0.5),
        ("short_summaries", 0.8, 0.5),
    ],
)
def test_what_is_learnt(name, least, beaten):
    module = example(name)
    learnt = module.learn(module.parse([]))
    assert learnt.metrics_["exact"] > least
    assert all(scores["exact"] < beaten for scores in learnt.baselines_.values())


@pytest.mark.slow
def test_strings_are_turned_round_where_the_decoder_looks_back():
    module = example("reverse_strings")
    looking, without = (module.learn(attention, module.parse([])) for attention in ("additive", "none"))
    assert looking.metrics_["exact"] >= 0.99
    assert looking.evaluation_.by_length[-1].exact > 0.95
    assert without.metrics_["exact"] < 0.7
    (best,) = looking.translate(["sequence"], attention=True)[0]
    assert best.attention[:-1].argmax(1).tolist() == [7, 6, 5, 4, 3, 2, 1, 0]


def test_strings_are_of_all_lengths():
    module = example("reverse_strings")
    strings = module.strings(3000, seed=1)
    assert {len(text) for text in strings} == set(range(1, 31))
    assert len(set("".join(strings))) == 26
    assert module.turned(["abc", "d"]) == ["cba", "d"]


def test_dates_in_every_form():
    module = example("date_formats")
    assert [module.written(dt.date(2021, 3, 2), form) for form in module.FORMS] == [
        "2 March 2021",
        "March 2, 2021",
        "the 2nd of March 2021",
        "Tuesday, 2 March 2021",
        "Mar 2 2021",
        "2-Mar-2021",
        "2. März 2021",
        "2 mars 2021",
        "2.III.2021",
        "2.3.2021",
        "02/03/2021",
        "2021/3/2",
        "20210302",
    ]
    nth = [module.written(dt.date(2021, 1, day), "{nth}") for day in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30)]
    assert nth == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "30th"]
    texts, answers = module.dates(np.array([0, module.DAYS - 1] * 50), np.random.default_rng(0))
    assert set(answers) == {"1950-01-01", "2049-12-31"}
    assert len(set(texts)) > 20


def test_no_day_of_the_test_part_was_learnt_from():
    module = example("date_formats")
    estimator = module.learn(module.parse(["--dates", "40", "--epochs", "1"]))
    parts = estimator.parts_
    assert set(parts["test"].targets).isdisjoint(parts["training"].targets + parts["validation"].targets)


def test_questions_have_the_answer_that_follows_from_the_facts():
    module = example("question_answer")
    kinds = set()
    for text, answer in zip(*module.cases(600, seed=1)):
        question, *facts = re.split(r" \? | \. ?", text.replace("=", ""))
        home, work = {}, {}
        for fact in filter(None, facts):
            who = next(name for name in module.PEOPLE if name in fact.split())
            town = [name for name in module.TOWNS if name in fact.split()]
            if town:
                home[who] = town[0]
            else:
                work[who] = next(name for name in module.WORKS if name in fact.split())
        assert len(home) == len(work) == 3
        match question.split():
            case ["where", "does", who, "live"]:
                wanted = f"in {home[who]}"
            case ["what", "does", who, "do"]:
                wanted = f"{who} is a {work[who]}"
            case ["who", "is", "the", job]:
                wanted = next(who for who in work if work[who] == job)
            case ["does", who, "live", "in", town]:
                wanted = "yes" if home[who] == town else f"no , in {home[who]}"
            case ["how", "many", "live", "in", town]:
                wanted = ("one", "two", "three")[list(home.values()).count(town) - 1]
        assert answer == wanted
        kinds.add(answer if answer in ("yes", "one", "two", "three") else answer.split()[0])
    assert {"yes", "no", "one", "two", "three", "in"} < kinds


def test_captions_tell_of_the_scene():
    module = example("captions_from_vectors")
    vectors, captions = module.scenes(200, seed=1)
    assert vectors.shape == (200, module.WIDTH)
    thing = rf"a (large|small) ({'|'.join(module.COLOURS)}) ({'|'.join(module.SHAPES)})"
    scene = rf"{thing} ({'|'.join(module.PLACES)}) {thing}"
    assert all(re.fullmatch(scene, caption) for caption in captions)
    assert {re.fullmatch(scene, caption)[4] for caption in captions} == set(module.PLACES)


def test_no_caption_of_the_test_part_was_learnt_from():
    module = example("captions_from_vectors")
    estimator = module.learn(module.parse(["--scenes", "400", "--epochs", "1"]))
    parts = estimator.parts_
    assert set(parts["test"].targets).isdisjoint(parts["training"].targets + parts["validation"].targets)


def test_headlines_follow_from_the_news():
    module = example("short_summaries")
    for text, headline in zip(*module.news(300, seed=1)):
        if beat := re.fullmatch(r"(\w+) beat (\w+) (\d+) to (\d+)", headline):
            winner, loser, high, low = beat.groups()
            assert int(high) > int(low)
            assert re.search(rf"the {winner} had {high}\b", text)
            assert re.search(rf"the {loser} had {low}\b", text)
        elif earns := re.fullmatch(r"(\w+) earns (more|less), (\d+) million", headline):
            firm, change, after = earns.groups()
            before = int(re.search(r"Last year it was (\d+) million", text)[1])
            assert f"{firm} earned {after} million this year" in text
            assert (int(after) > before) == (change == "more")
        else:
            town, sky, change, day = re.fullmatch(
                r"(\w+): (\w+), (warmer|colder) on (\w+)", headline
            ).groups()
            today = int(re.search(rf"In {town} it was (\d+) degrees", text)[1])
            later = re.search(rf"On {day} the town will have (\d+) degrees and {sky}", text)[1]
            assert (int(later) > today) == (change == "warmer")
