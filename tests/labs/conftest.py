from tests.inspection.conftest import browser, open_page, open_report

__all__ = ["browser", "open_page", "open_report"]
