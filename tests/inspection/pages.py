"""The reports that tests look at, by kind and name, as parameters of a test."""

import pytest

from tests.inspection import fitted, fitted_language, fitted_pairs, fitted_transcripts

MAKERS = {
    "sequence": fitted.MAKERS,
    "language": fitted_language.MAKERS,
    "pair": fitted_pairs.MAKERS,
    "transcript": fitted_transcripts.MAKERS,
}
PAGES = [pytest.param(kind, name, id=f"{kind}-{name}") for kind, makers in MAKERS.items() for name in makers]
