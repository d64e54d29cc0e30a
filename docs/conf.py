"""How the pages become a site: `make docs`. What is special stands in docs/directives, one idea each."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from replica import __version__ as release  # noqa: E402

project = "replica"
author = "The replica authors"
copyright = author
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "numpydoc",
    "directives.commands",
    "sphinx_copybutton",
    "sphinx_design",
    "directives.api",
    "directives.equations",
    "directives.gallery",
    "directives.links",
    "directives.mathjax",
    "directives.notebooks",
    "directives.tables",
]
exclude_patterns = ["_build", "conf.py", "directives", "make_figures.py"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_dmath_allow_labels = False
myst_heading_anchors = 3
myst_fence_as_directive = ["math"]

# A name in single backticks is code, as everywhere in the docstrings.
default_role = "literal"
smartquotes = False  # two hyphens are an option
autodoc_typehints = "none"  # numpydoc's sections say it in words
toc_object_entries = False  # the page of a package begins with its names
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# Nothing is asked of another host: own fonts are those of the reader's system.
html_theme = "furo"
html_title = f"replica {release}"
html_static_path = ["static"]
html_favicon = "static/favicon.svg"
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
copybutton_exclude = ".linenos, .gp, .go"
pygments_style = "tango"
pygments_dark_style = "monokai"
