"""The sections about the columns of a table: what they hold, their distribution and their course in time."""

from collections.abc import Sequence
from typing import Any

from recurra.diagnosis import Column, Description, Distribution
from recurra.diagnosis.distribution import NORMAL_SHARES
from recurra.diagnosis.periods import period_text
from recurra.diagnosis.words import cut, figure, share
from recurra.inspection import describe_figures
from recurra.inspection.section import Section
from recurra.inspection.tables import Table
from recurra.inspection.wording import MISSING

_MOST_DRAWN = 40
_KINDS = {"numbers": "numbers", "labels": "labels", "texts": "texts", "times": "times", "nothing": "empty"}


def columns_table(columns: Sequence[Column]) -> Table:
    """A row for each column: what it holds, what is missing, and where its values lie."""
    rows = []
    for column in columns:
        found = column.distribution
        row = [
            cut(column.name),
            _KINDS.get(column.kind, column.kind),
            f"{column.missing:,}",
            f"{column.distinct:,}",
        ]
        if found is None:
            row += [MISSING] * 5
        else:
            places = (found.quantiles[place] for place in ("lowest", "median", "highest"))
            row += [figure(value) for value in (*places, found.mean, found.deviation)]
        rows.append(row)
    names = ["Column", "Holds", "Missing", "Different", "Lowest", "Median", "Highest", "Mean", "Deviation"]
    return Table(names, rows)


def distribution_section(description: Description) -> Section | None:
    """Histograms, fits and Q-Q plots; None where no column has a distribution."""
    columns = [
        (column, column.distribution) for column in description.columns if column.distribution is not None
    ]
    if not columns:
        return None
    shown = columns[:_MOST_DRAWN]
    choices = [
        {**describe_figures.distribution_figure(found).to_plotly_json(), "rows": _facts(column, found)}
        for column, found in shown
    ]
    content = {
        "figure": "distribution-figure",
        "label": "Column",
        "options": [cut(column.name) for column, _ in shown],
        "linked": True,
        "tall": True,
        "about": "Histogram of a column with fitted curves, and Q-Q plots against the Normal distribution",
        "intro": [
            "On a Q-Q plot, values from a Normal distribution lie on the dashed line; what bends away at the "
            "ends is a heavy or a light tail. Straightness is the correlation of the points with a line."
        ],
        "columns": ["Measure", "Value"],
        "rest": _rest(len(columns) - len(shown)),
        "title": "All columns",
        "table": _fits(columns),
        "notes": [
            "Distance: the widest gap between the shares of values below any number, found and fitted. p: of "
            "so wide a gap by chance, after fitting (Lilliefors), if values were independent; values that "
            "follow one another in time are not, and of many values any small gap is certain. So read the "
            "distance first.",
        ],
    }
    return Section(
        "distributions",
        "Distributions",
        "describe_picked.html",
        content,
        {"distribution-figure": {"choices": choices}},
    )


def _facts(column: Column, found: Distribution) -> list[list[str]]:
    """Everything about the distribution of one column, in words."""
    rows = [
        ["Values", f"{found.count:,}, {found.distinct:,} different"],
        ["Mean, deviation", f"{figure(found.mean)}, {figure(found.deviation)}"],
        ["Quantiles", "; ".join(f"{place} {figure(value)}" for place, value in found.quantiles.items())],
        ["Skewness, excess kurtosis", f"{figure(found.skewness)}, {figure(found.kurtosis)}"],
        [
            "Within 1, 2, 3 deviations",
            ", ".join(share(part, 1) for part in found.within)
            + f"; Normal: {', '.join(f'{100 * part:.1f} %' for part in NORMAL_SHARES)}",
        ],
    ]
    for fit in found.fits:
        parameters = ", ".join(f"{name} {figure(value)}" for name, value in fit.parameters.items())
        rows.append([f"Fit: {fit.name}", f"{parameters}; distance {fit.distance:.3f}, p {_p(fit.p_value)}"])
    if found.power is not None:
        power = found.power
        near = f", about {power.near}" if power.near else ""
        rows.append([power.kind, f"exponent {_two(power.exponent)}{near}"])
        rows.append(
            ["Straightness of the Q-Q plot", f"{power.before:.4f}; with {power.kind} {power.after:.4f}"]
        )
    if column.common and found.distinct <= 50:
        values = ", ".join(f"{value} ({amount:,})" for value, amount in column.common.items())
        rows.append(["Commonest", values])
    return rows


def _fits(columns: Sequence[tuple[Column, Distribution]]) -> Table:
    rows = []
    for column, found in columns:
        best = found.fits[0] if found.fits else None
        power = found.power
        rows.append(
            [
                cut(column.name),
                " · ".join(share(part, 1) for part in found.within),
                MISSING if best is None else best.name,
                MISSING if best is None else f"{best.distance:.3f}",
                MISSING if best is None else _p(best.p_value),
                MISSING if power is None else f"{power.kind} {_two(power.exponent)}",
                MISSING if power is None else f"{power.before:.3f} → {power.after:.3f}",
            ]
        )
    names = ["Column", "68 · 95 · 99.7 %", "Best of three", "Distance", "p", "Power", "Straightness"]
    return Table(names, rows)


def course_section(description: Description) -> Section | None:
    """Columns over time, whether they keep their level, and their seasons; None where none has a course."""
    columns = [column for column in description.columns if len(column.trace)]
    if not columns:
        return None
    shown = columns[:_MOST_DRAWN]
    choices = [
        {
            **describe_figures.course_figure(column, description.times).to_plotly_json(),
            "rows": _course_facts(column, description.frequency),
        }
        for column in shown
    ]
    step = "row" if description.clock is None else description.clock.step
    content = {
        "figure": "course-figure",
        "label": "Column",
        "options": [cut(column.name) for column in shown],
        "linked": True,
        "tall": True,
        "about": "A column over time, its autocorrelation and its periodogram",
        "intro": [
            f"A step is one {step}." if not step[0].isdigit() else f"A step is {step}.",
            "A season is a peak of the periodogram at which the autocorrelation has a hill, marked by a "
            "dotted line. Both axes of the periodogram are logarithmic.",
        ],
        "columns": ["Measure", "Value"],
        "rest": _rest(len(columns) - len(shown)),
        "title": "All columns",
        "table": _courses(columns, description.frequency),
        "notes": [
            "ADF takes for granted that a column wanders, KPSS that it does not: a small p speaks against "
            "it. Only both together tell. KPSS knows p-values from 0.01 to 0.1 alone."
        ],
    }
    return Section(
        "course",
        "In the order of time",
        "describe_picked.html",
        content,
        {"course-figure": {"choices": choices}},
    )


def _course_facts(column: Column, frequency: str | None) -> list[list[str]]:
    rows = []
    found = column.stationarity
    if found is not None:
        rows.append(["Level", found.meaning])
        rows.append(["Around a constant level", _tests(found.level)])
        rows.append(["Around a straight line", _tests(found.line)])
        if found.block > 1:
            rows.append(["Tested on", f"{found.rows:,} means of {found.block} rows each"])
    else:
        rows.append(["Level", "Not tested: too few values, or all but equal ones."])
    seasons = column.seasonality.seasons if column.seasonality else ()
    for season in seasons:
        value = f"{share(season.strength, 1)} of what varies around the moving mean; autocorrelation "
        rows.append(
            [
                f"Every {period_text(season.period, frequency)}",
                value + _two(season.autocorrelation),
            ]
        )
    if column.seasonality is not None and not seasons:
        longest = period_text(column.seasonality.longest, frequency)
        rows.append(["Seasons", f"None found; periods of up to {longest} could be."])
    return rows


def _courses(columns: Sequence[Column], frequency: str | None) -> Table:
    rows = []
    for column in columns:
        found, seasons = column.stationarity, column.seasonality.seasons if column.seasonality else ()
        words = "; ".join(
            f"{period_text(season.period, frequency)}, {share(season.strength, 1)}" for season in seasons
        )
        tests = (
            [MISSING] * 3
            if found is None
            else [found.verdict, _p(found.level[0].p_value), _bounded(found.level[1].p_value)]
        )
        rows.append([cut(column.name), *tests, words or MISSING])
    return Table(["Column", "Level", "ADF p", "KPSS p", "Seasons, and how strong"], rows)


def _tests(tests: tuple[Any, Any]) -> str:
    adf, kpss = tests
    first = f"ADF {_two(adf.statistic)}, p {_p(adf.p_value)}"
    return f"{first}; KPSS {_two(kpss.statistic)}, p {_bounded(kpss.p_value)}"


def _two(value: float) -> str:
    """With two decimals and a real minus."""
    return f"{value:.2f}".replace("-", "−")


def _p(value: float) -> str:
    return "≤ 0.001" if value <= 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def _bounded(value: float) -> str:
    """A p-value of KPSS, whose table ends at both sides."""
    return {0.01: "≤ 0.01", 0.1: "≥ 0.1"}.get(value, _p(value))


def _rest(more: int) -> str:
    return f"{more:,} more columns stand in the table below alone." if more > 0 else ""
