"""What is to be said of the columns of a table, alike ones together."""

from collections.abc import Callable, Sequence

from recurra._base.wording import count
from recurra.diagnosis.column import Column
from recurra.diagnosis.finding import HINT, SERIOUS, WARNING, Finding
from recurra.diagnosis.periods import period_text
from recurra.diagnosis.power import Power
from recurra.diagnosis.words import cut, figure, share, some

_MANY_MISSING = 0.05
_LONG_TEXT = 20
_SAME_PERIOD = 0.03
_SHOWN = 4


def column_findings(
    columns: Sequence[Column], target: str | None, frequency: str | None, *, whole: bool = True
) -> list[Finding]:
    """What is to be said of ``columns``; ``whole`` where the table is one series, not several.

    Where there is a ``target``, its distribution and its course in time are told, else those of all columns.
    """
    asked = [column for column in columns if target in (None, column.name)]
    found = [
        *_broken(columns, target),
        *_missing(columns, target),
        *_odd(columns),
        *_still(columns),
        *_names(columns),
    ]
    if whole:
        found += [*_courses(asked), *_seasons(asked, frequency)]
    return [*found, *_shapes(asked, target)]


def _broken(columns: Sequence[Column], target: str | None) -> list[Finding]:
    """Columns without anything in them to learn from, or with values that can't be computed with."""
    found = []
    for column in columns:
        name, empty = repr(column.name), column.missing + column.wrong == column.rows
        level = SERIOUS if column.name == target else WARNING
        if column.kind == "nothing" or (empty and not column.infinite):
            found.append(Finding(level, f"Column {name} is empty.", "Leave it out.", column.name))
        elif column.constant and column.rows > 1:
            value = cut(next(iter(column.common)))
            found.append(
                Finding(
                    level,
                    f"Column {name} is constant: every value is {value}.",
                    "Leave it out: it tells nothing." if level == WARNING else "Name another target.",
                    column.name,
                )
            )
        if column.infinite:
            found.append(
                Finding(
                    SERIOUS,
                    f"Column {name} has {count(column.infinite, 'value')} that {_are(column.infinite)} "
                    "infinite or too large to compute with.",
                    "Correct them, or leave them empty to have them imputed.",
                    column.name,
                )
            )
        if column.wrong:
            found.append(
                Finding(
                    SERIOUS,
                    f"Column {name} holds numbers, but {count(column.wrong, 'value')} that "
                    f"{_are(column.wrong)} none, such as {some(column.wrong_values)}.",
                    "Correct them, or leave them empty to have them imputed.",
                    column.name,
                )
            )
    return found


def _missing(columns: Sequence[Column], target: str | None) -> list[Finding]:
    lacking = [column for column in columns if 0 < column.missing < column.rows and column.kind != "nothing"]
    lacking.sort(key=lambda column: (column.name != target, -column.missing))
    if not lacking:
        return []
    worst = max(column.missing / column.rows for column in lacking)
    level = WARNING if worst > _MANY_MISSING else HINT
    told = _told(lacking, lambda column: f"{column.missing:,}, {share(column.missing, column.rows)}")
    verb = f"has {count(lacking[0].missing, 'missing value')}" if len(lacking) == 1 else "have missing values"
    if len(lacking) == 1:
        told = f"Column {lacking[0].name!r}"
        verb += f" of {lacking[0].rows:,} ({share(lacking[0].missing, lacking[0].rows)})"
    advice = "Fill them from their source if you can; a series interpolates them, and scores no such target."
    return [Finding(level, f"{told} {verb}.", advice, lacking[0].name if len(lacking) == 1 else "")]


def _odd(columns: Sequence[Column]) -> list[Finding]:
    """Values that stand for something else than themselves."""
    return [
        Finding(
            WARNING,
            f"Column {column.name!r} holds {figure(column.sentinel)} {_times(column.sentinels)}, far "
            "from all other values: it may stand for a missing one.",
            "Leave such values empty.",
            column.name,
        )
        for column in columns
        if column.sentinel is not None
    ]


def _still(columns: Sequence[Column]) -> list[Finding]:
    still = [column for column in columns if column.still and not column.constant]
    if not still:
        return []
    told = _told(still, lambda column: f"{column.still:,} rows from row {column.still_from:,} on")
    what, about = f"{told} stand still, while they move elsewhere.", ""
    if len(still) == 1:
        about = still[0].name
        what = (
            f"Column {about!r} stands still for {still[0].still:,} rows from row {still[0].still_from:,} on, "
            "while it moves elsewhere."
        )
    advice = "Look at them: a stuck sensor, or a gap that somebody has filled; leave them empty if so."
    return [Finding(WARNING, what, advice, about)]


def _names(columns: Sequence[Column]) -> list[Finding]:
    """Names that are none, and columns that hold texts."""
    found = []
    values = [column.name for column in columns if _is_number(column.name)]
    if values:
        found.append(
            Finding(
                WARNING,
                f"{'A column is' if len(values) == 1 else 'Columns are'} called by a number, {some(values)}: "
                "the first line may be a row and hold no names.",
                "Add a line of names, or give --no-header with --text, --series or --audio.",
            )
        )
    texts = [column for column in columns if column.kind == "texts" and column.mean_length > _LONG_TEXT]
    if texts:
        name = cut(texts[0].name)
        found.append(
            Finding(
                HINT,
                f"Column {name!r} holds texts.",
                f"Give --text {name!r} to see its words, its lengths and what repeats.",
                texts[0].name,
            )
        )
    return found


def _courses(columns: Sequence[Column]) -> list[Finding]:
    """Whether columns keep their level."""
    advice = {
        "wanders": "Scores depend on which stretch of time is the test part: choose the latest, and compare "
        "with the last value as forecast.",
        "trend": "The test part lies beyond what training saw: learn changes instead of levels, or take the "
        "line out first.",
        "shifts": "See in the picture when it changed: what comes before may say little of what comes after.",
    }
    words = {
        "wanders": ("wanders", "wander"),
        "trend": ("follows a straight line that rises or falls", "follow straight lines that rise or fall"),
        "shifts": ("does not keep one level", "do not keep one level"),
    }
    found = []
    for verdict, remedy in advice.items():
        alike = [
            column
            for column in columns
            if column.stationarity is not None and column.stationarity.verdict == verdict
        ]
        if alike:
            named = _listed([column.name for column in alike])
            what = f"{_columns(alike)} {named} {words[verdict][len(alike) > 1]}, by the tests ADF and KPSS."
            found.append(Finding(HINT, what, remedy, alike[0].name if len(alike) == 1 else ""))
    return found


def _seasons(columns: Sequence[Column], frequency: str | None) -> list[Finding]:
    """Periods, each with the columns that have it."""
    groups: list[list[tuple[float, float, Column]]] = []
    for column in columns:
        for season in column.seasonality.seasons if column.seasonality else ():
            entry = (season.period, season.strength, column)
            near = (group for group in groups if abs(group[0][0] / season.period - 1) < _SAME_PERIOD)
            group = next(near, None)
            if group is None:
                groups.append([entry])
            else:
                group.append(entry)
    found = []
    for group in sorted(groups, key=lambda group: -max(strength for _, strength, _ in group)):
        group.sort(key=lambda entry: -entry[1])
        period, strength, first = group[0]
        alike = [column for *_, column in group]
        most = f"{share(strength, 1)} of what varies around the moving mean"
        repeats = "repeats itself" if len(alike) == 1 else "repeat themselves"
        what = (
            f"{_columns(alike)} {_listed([column.name for column in alike])} {repeats} every "
            f"{period_text(period, frequency)}"
        )
        what += f"; that is {most}." if len(alike) == 1 else f"; of {first.name!r} that is {most}."
        steps = round(period)
        advice = (
            f"Let the network see one period at least (--context {steps} or more), and beat the value of one "
            "period ago."
        )
        found.append(Finding(HINT, what, advice, first.name if len(alike) == 1 else ""))
    return found


def _shapes(columns: Sequence[Column], target: str | None) -> list[Finding]:
    """Distributions that a power makes straight."""
    bent = [
        (column, power)
        for column in columns
        if column.distribution is not None
        and (power := column.distribution.power) is not None
        and power.helps
    ]
    if not bent:
        return []
    bent.sort(key=lambda entry: entry[1].before)
    if len(bent) == 1:
        column, power = bent[0]
        near = f", about {power.near}," if power.near else ""
        what = (
            f"Column {column.name!r} is far from Normal; {power.kind} with exponent "
            f"{_exponent(power)}{near} brings the straightness of its Q-Q plot from {power.before:.3f} "
            f"to {power.after:.3f}."
        )
        condition = "Try" if column.name == target else "If it is the target, try"
        advice = f"{condition} --transform {power.option} in recurra fit forecast or regress."
        return [Finding(HINT, what, advice, column.name)]
    told = _told([column for column, _ in bent], lambda column: _power(column))
    what = f"{told} are far from Normal, and a power straightens their Q-Q plots."
    options = " or ".join(sorted({power.option for _, power in bent}))
    advice = f"If one is the target, try --transform {options} in recurra fit forecast or regress."
    return [Finding(HINT, what, advice)]


def _power(column: Column) -> str:
    power = column.distribution.power if column.distribution else None
    return "" if power is None else f"{power.kind} {_exponent(power)}"


def _exponent(power: Power) -> str:
    return f"{power.exponent:.2f}".replace("-", "−")


def _told(columns: Sequence[Column], note: Callable[[Column], str]) -> str:
    """``Columns 'a' (5 %) and 'b' (2 %)``."""
    shown = [f"{column.name!r} ({note(column)})" for column in columns[:_SHOWN]]
    return f"{_columns(columns)} {_joined(shown, len(columns) - len(shown))}"


def _listed(names: Sequence[str]) -> str:
    shown = [repr(cut(name)) for name in names[:_SHOWN]]
    return _joined(shown, len(names) - len(shown))


def _joined(texts: list[str], more: int) -> str:
    if more > 0:
        return f"{', '.join(texts)} and {more:,} more"
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def _columns(columns: Sequence[Column]) -> str:
    return "Column" if len(columns) == 1 else "Columns"


def _are(amount: int) -> str:
    return "is" if amount == 1 else "are"


def _times(amount: int) -> str:
    return "once" if amount == 1 else f"{amount:,} times"


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
