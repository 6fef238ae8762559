"""The page of `recurra inspect`: what was found inside a model, as sections of pictures and tables."""

from recurra._base.errors import MissingExtraError

try:
    import plotly  # noqa: F401
except ImportError as error:
    raise MissingExtraError.of("plotly", "report") from error
