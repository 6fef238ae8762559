"""Dates in the many ways in which people write them, into the one way of ISO 8601.

    python examples/date_formats.py [--dates 6000] [--epochs 10]

A network reads characters and writes characters: nobody told it of months, weekdays or languages. The days
of the test part are others than those that it learnt from, though written in the same ways.
"""

import argparse
import datetime as dt

import numpy as np

from recurra import Seq2Seq

FIRST, DAYS = dt.date(1950, 1, 1), 36_525  # a century
MONTHS = {
    "English": "January February March April May June July August September October November December",
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "Roman": "I II III IV V VI VII VIII IX X XI XII",
}
FORMS = (
    *("{day} {English} {year}", "{English} {day}, {year}", "the {nth} of {English} {year}"),
    *("{weekday}, {day} {English} {year}", "{short} {day} {year}", "{day}-{short}-{year}"),
    *("{day}. {German} {year}", "{day} {French} {year}", "{day}.{Roman}.{year}"),
    *(
        "{day}.{month}.{year}",
        "{day:02}/{month:02}/{year}",
        "{year}/{month}/{day}",
        "{year}{month:02}{day:02}",
    ),
)


def written(date: dt.date, form: str) -> str:
    """The date in that form."""
    names = {language: months.split()[date.month - 1] for language, months in MONTHS.items()}
    ending = "th" if 10 < date.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(date.day % 10, "th")
    return form.format(
        day=date.day,
        month=date.month,
        year=date.year,
        nth=f"{date.day}{ending}",
        short=names["English"][:3],
        weekday=("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun")[date.weekday()] + "day",
        **names,
    )


def dates(days: np.ndarray, random: np.random.Generator) -> tuple[list[str], list[str]]:
    """Each of the days of the century in some form, some in capitals, and in ISO's."""
    found = [FIRST + dt.timedelta(days=int(day)) for day in days]
    texts = [written(date, str(random.choice(FORMS))) for date in found]
    loud = random.random(len(texts)) < 0.1
    return [text.upper() if up else text for text, up in zip(texts, loud)], [str(date) for date in found]


def learn(settings: argparse.Namespace) -> Seq2Seq:
    """A network that reads dates, scored on 1000 days that it has not seen."""
    random = np.random.default_rng(settings.seed)
    test, training = np.split(random.permutation(DAYS), [1000])
    model = Seq2Seq(
        embedding_size=64,
        hidden_size=128,
        dropout=0.1,
        label_smoothing=0.0,  # there is one right answer
        epochs=settings.epochs,
        seed=settings.seed,
    )
    return model.fit(*dates(training[: settings.dates], random), test=dates(test, random))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Read dates in many forms.")
    parser.add_argument("--dates", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main() -> None:
    settings = parse()
    model = learn(settings)
    test = model.evaluation_
    print(f"{test.count} days that training has not seen")
    for name, metrics in {"model": test.metrics, **test.baselines}.items():
        print(f"{name:15} exact {metrics['exact']:.3f}, characters {metrics['token_accuracy']:.3f}")
    asked = [written(dt.date(2021, 3, 4), form) for form in FORMS]
    print()
    for text, answer in zip(asked, model.predict(asked)):
        print(f"{text:30} {answer}")


if __name__ == "__main__":
    main()
