"""Periods in the data's own units: ``24 steps`` of an hour are a day."""

from recurra.data import Frequency

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_YEAR = 365.2425
_DAYS = {"mo": _YEAR / 12, "q": _YEAR / 4, "y": _YEAR}
_CYCLES = {
    "a minute": 60.0,
    "an hour": 3600.0,
    "half a day": 43_200.0,
    "a day": 86_400.0,
    "a week": 604_800.0,
    "a month": _DAYS["mo"] * 86_400,
    "a quarter": _DAYS["q"] * 86_400,
    "half a year": _YEAR / 2 * 86_400,
    "a year": _YEAR * 86_400,
}
_CLOSE = 0.02


def period_text(steps: float, frequency: str | None) -> str:
    """``24 hours (a day)``, ``52.2 weeks (a year)``, ``7.5 hours`` for 30 steps of ``15m``, ``12 rows``."""
    if frequency is None:
        return f"{_number(steps)} rows"
    step = Frequency.parse(frequency)
    if step.unit == "i":
        return f"{_number(steps * step.count)} of the time column"
    length = steps * step.count
    seconds = length * (_DAYS[step.unit] * 86_400 if step.unit in _DAYS else _SECONDS[step.unit])
    unit = step.unit
    if step.count > 1 and unit in ("s", "m", "ms", "us"):  # 96 steps of 15 minutes are better told in hours
        larger = {"us": "ms", "ms": "s", "s": "m", "m": "h"}[unit]
        if seconds >= 2 * _SECONDS[larger]:
            unit, length = larger, seconds / _SECONDS[larger]
    noun = Frequency(1, unit).noun
    text = f"{_number(length)} {noun if _number(length) == '1' else f'{noun}s'}"
    cycle = next((name for name, size in _CYCLES.items() if abs(seconds / size - 1) <= _CLOSE), None)
    return f"{text} ({cycle})" if cycle and not text.startswith("1 ") else text


def step_text(frequency: str | None) -> str:
    """What one step is: ``hour``, ``15 minutes``, ``row``."""
    if frequency is None:
        return "row"
    step = Frequency.parse(frequency)
    if step.unit == "i":
        return "1 of the time column" if step.count == 1 else f"{step.count} of the time column"
    noun = step.noun
    return noun if step.count == 1 else f"{step.count} {noun}s"


def _number(value: float) -> str:
    near = round(value)
    if abs(value - near) < 0.05:
        return f"{near:,}"
    return f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"
