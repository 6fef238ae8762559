"""The weekly CO₂ record of Mauna Loa, 1958 to 2001, gaps and all, as it ships inside statsmodels."""

from typing import TYPE_CHECKING, Any

from recurra._base.errors import MissingExtraError

if TYPE_CHECKING:
    import polars as pl


def mauna_loa() -> "pl.DataFrame":
    """The record: ``time`` (Saturdays) and ``co2`` (parts per million, null where none was measured).

    2284 rows, 59 of them null. Source: C. D. Keeling and T. P. Whorf, Scripps Institution of
    Oceanography (2004). Raises MissingExtraError without polars or statsmodels.
    """
    try:
        import polars as pl
    except ImportError as error:
        raise MissingExtraError.of("polars", "data") from error
    try:
        from statsmodels.datasets import co2
    except ImportError as error:
        raise MissingExtraError.of("statsmodels", "report") from error
    record: Any = co2.load_pandas().data
    return pl.DataFrame({"time": record.index.to_numpy(), "co2": record["co2"].to_numpy()}).with_columns(
        pl.col("time").cast(pl.Date), pl.col("co2").fill_nan(None)
    )
