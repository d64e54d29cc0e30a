"""The page itself: one that a server answers, and one that holds its answers."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from phase_diagrams.exploring.answers import beside, names_of
from phase_diagrams.exploring.plane import Plane, minimised
from replica.showing import headline
from replica.theory.parameters import short

__all__ = ["POLICY", "alone", "part", "served", "subject"]

NOTHING = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
"""What every page may do; the empty icon is data."""

POLICY = f"{NOTHING}; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'"
"""What the page of a server may do besides: ask this server."""

_GREEK = dict(
    zip(
        (
            *(
                "alpha",
                "beta",
                "gamma",
                "delta",
                "epsilon",
                "zeta",
                "eta",
                "theta",
                "iota",
                "kappa",
                "lambda",
            ),
            *("mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
            *("Gamma", "Delta", "Theta", "Lambda", "Sigma", "Omega", "ell"),
        ),
        "αβγδεζηθικλμνξπρστφχψωΓΔΘΛΣΩℓ",
        strict=True,
    )
)


_ACCENTS = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304"}
"""Combining characters: they stand above the one before."""


@cache
def part(name: str) -> str:
    """The text of a file of the page."""
    return files("phase_diagrams.exploring").joinpath("page", name).read_text(encoding="utf-8")


def subject(plane: Plane) -> dict[str, Any]:
    """What the page is about: the theory, its plane, its parameters, the names of what is computed."""
    theory = plane.theory
    machine = beside(theory)
    moved = {one.name for one in plane.sliders}
    return {
        "theory": theory.name,
        "text": headline(type(theory)),
        "x": plane.x,
        "y": plane.y,
        "box": plane.box,
        "sliders": [{**vars(one), "symbol": plain(one.symbol)} for one in plane.sliders],
        "fixed": {
            name: short(value)
            for name, value in theory.told.items()
            if name not in moved and value is not None
        },
        "minimised": minimised(theory),
        "branches": list(theory.branches),
        "order": list(theory.order),
        "names": names_of(theory),
        "symbols": dict(theory.symbols),
        "machine": None if machine is None else {"text": machine.text, "sizes": machine.sizes},
    }


def plain(symbol: str) -> str:
    r"""A symbol of LaTeX as a person would type it.

    Examples
    --------
    >>> plain(r"\alpha"), plain(r"$\alpha_{\mathrm{max}}$"), plain("J_0")
    ('α', 'α_max', 'J_0')
    """  # noqa: RUF002
    text = re.sub(
        r"\\(tilde|hat|bar) ?\{?(\\?[A-Za-z]+)\}?", lambda found: found[2] + _ACCENTS[found[1]], symbol
    )
    text = re.sub(r"\\(?:mathrm|text|operatorname|mathit)\b", "", text)
    text = re.sub(r"\\([A-Za-z]+) ?", lambda found: _GREEK.get(found[1], found[1]), text)
    return re.sub(r"[${}\\]", "", text)


def served(plane: Plane) -> str:
    """The page that asks its server."""
    about = _data("subject", subject(plane))
    style = '<link rel="stylesheet" href="explorer.css">'
    return _page(plane, style, f'{about}<script type="module" src="explorer.js"></script>')


def alone(plane: Plane, answers: Mapping[str, Any], origin: Mapping[str, Any]) -> str:
    """The page that holds its answers, in one file that asks nobody.

    Parameters
    ----------
    plane : Plane
    answers : mapping
        What `precomputed` found.
    origin : mapping
        Where it comes from: the command line, the date, the versions.
    """
    script, style = part("explorer.js"), part("explorer.css")
    policy = f"{NOTHING}; script-src {_digest(script)}; style-src {_digest(style)}"
    head = f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}"><style>{style}</style>'
    told = _data("subject", {**subject(plane), "machine": None, "origin": origin})
    held = _data("answers", answers)
    return _page(plane, head, f'{told}{held}<script type="module">{script}</script>')


def _page(plane: Plane, head: str, tail: str) -> str:
    title = escape(f"{plane.theory.name}: {plane.x} and {plane.y}")
    before, _, rest = part("page.html").partition("<!--head-->")
    body, _, after = rest.partition("<!--tail-->")
    return before.replace("<!--title-->", title) + head + body + tail + after


def _data(name: str, value: Any) -> str:
    """Data inside a page: no text in it can end the element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return f'<script type="application/json" id="{name}">{text.replace("<", chr(92) + "u003c")}</script>\n'


def _digest(text: str) -> str:
    """What a policy calls a piece of code by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
