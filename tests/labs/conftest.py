from tests.inspection.conftest import browser, open_report

__all__ = ["browser", "open_report"]
