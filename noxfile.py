"""Sessions for every interpreter and every set of versions; `nox -l` lists them.

`make` is for daily work with one interpreter in `.venv`. What stands here makes an environment for each
session, runs on Linux, macOS and Windows alike, and is what the public workflow runs:

    nox -s lint
    nox -s tests-3.13 -- -k hopfield
    nox -s tests_min
"""

import os

import nox

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
OLDEST = PYTHONS[0]
WHOLE = ("-n", "auto", "--dist", "loadgroup", "-m", "not slow")

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", f"tests-{OLDEST}", "tests_min", "docs"]
nox.options.error_on_missing_interpreters = "CI" in os.environ


def suite(session: nox.Session, *arguments: str) -> None:
    """Run pytest with the arguments of the session, or those given last on the command line."""
    session.run("python", "-m", "pytest", *arguments, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, mypy --strict, and who may import whom."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("lint-imports", "--no-cache")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The suite with the newest versions of everything."""
    session.install("-e", ".[dev]")
    suite(session, *WHOLE)


@nox.session(python=OLDEST, venv_backend="uv")
def tests_min(session: nox.Session) -> None:
    """The suite with the lowest versions that pyproject.toml allows."""
    session.install("--resolution", "lowest-direct", "-e", ".[dev]")
    suite(session, *WHOLE)


@nox.session
def docs(session: nox.Session) -> None:
    """Every command and every piece of code of the pages prints what stands below it; the site is built."""
    session.install("-e", ".[dev,docs]")
    suite(session, "tests/test_pages.py", "tests/test_site.py")
    session.run("python", "-m", "sphinx", "-W", "--keep-going", "-q", "docs", "docs/_build/html")


@nox.session
def bench(session: nox.Session) -> None:
    """Every benchmark of asv once; `asv run` compares commits."""
    session.install("-e", ".[dev]")
    session.run("asv", "machine", "--yes")
    session.run("asv", "run", "--python=same", "--quick", "--show-stderr", "--strict", *session.posargs)


@nox.session
def mutation(session: nox.Session) -> None:
    """Wrong signs, numbers, comparisons: the tests notice."""
    session.install("-e", ".[dev]")
    session.run("python", "tests/mutation.py", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Which lines and branches the suite runs."""
    session.install("-e", ".[dev]")
    suite(session, *WHOLE, "--cov", "--cov-report=term", "--cov-report=xml")
