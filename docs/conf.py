"""The site: the pages of this folder and an API reference from docstrings, with nothing from the network."""

import sys
from pathlib import Path

import recurra

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "Recurra"
author = "the Recurra authors"
version = release = recurra.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "docstrings", "mathml"]
exclude_patterns = ["_extensions"]
default_role = "py:obj"
highlight_language = "text"

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

autodoc_default_options = {"members": True, "member-order": "bysource", "no-value": True}
autodoc_typehints = "signature"
napoleon_custom_sections = [("Attributes", "params_style")]  # as those of dataclasses are
python_maximum_signature_line_length = 90

html_theme = "furo"
html_title = f"Recurra {version}"
html_math_renderer = "mathml"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
