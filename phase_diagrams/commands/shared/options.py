"""What several commands share: how values are written on the command line, and the options themselves."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

import click

from phase_diagrams.commands.shared import completing
from phase_diagrams.commands.shared.drawing import Look
from phase_diagrams.commands.shared.names import FULL, in_words_of, theory_called, theory_named
from phase_diagrams.commands.shared.own import is_own, unit_called

__all__ = [
    "DATA",
    "DIGITS",
    "MACHINE",
    "PICTURE",
    "PICTURES",
    "UNIT",
    "Argument",
    "Assignment",
    "Eigenvalues",
    "InputFile",
    "Numbers",
    "OutputFile",
    "OutputStore",
    "Range",
    "Setting",
    "Sites",
    "Size",
    "Span",
    "Times",
    "Values",
    "against",
    "as_json",
    "computing",
    "jobs",
    "looks",
    "once",
    "reading",
    "theory",
    "unscaled",
]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9-]*", re.ASCII | re.IGNORECASE)
MOST = 100_000
"""Largest number of points of a range."""

FIELDS = ("visible", "hidden", "prior", "channel", "sites", "synapses", "patterns", "eigenvalues")
"""Parameters that are no numbers and have options of their own."""

DIGITS = click.IntRange(1, 1000)
"""Significant digits that mpmath is asked for."""

MOST_STEPS = 9
"""Of replica symmetry breaking."""

Command = TypeVar("Command", bound=Callable[..., Any])


if TYPE_CHECKING:
    ParamType = click.ParamType[Any]  # generic for the type checker; not in every version of click
else:
    ParamType = click.ParamType


class Offering(ParamType):
    """A value that a shell completes: by what `offer` finds, or by the names of files."""

    offer: ClassVar[Any] = None

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """What may stand here."""
        from click.shell_completion import CompletionItem

        if self.offer is None:
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(word) for word in self.offer(ctx, param, incomplete)]


class Assignment(Offering):
    """``NAME=VALUE`` with a decimal number as its value."""

    name = "name=value"
    offer = staticmethod(completing.parameters)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name and the number."""
        name, sign, text = str(value).partition("=")
        if not (name and sign):
            self.fail(f"{value!r} is not of the form NAME=VALUE, such as T=0.3", param, ctx)
        return name, float(self.number(name, text, param, ctx))

    def number(
        self, name: str, text: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Return a finite decimal number, or say what it is instead."""
        if not _NUMBER.fullmatch(text):
            if re.fullmatch(r"[+-]?(nan|inf(inity)?)", text, re.IGNORECASE):
                self.fail(f"{name}={text} is not a finite number", param, ctx)
            problem = f"{name}={text} is not a decimal number, such as 0.3 or 1e-3"
            parts = re.split("[,:]", text)
            if len(parts) > 1 and all(map(_NUMBER.fullmatch, parts)):
                problem += (
                    f"; several values of a parameter are for `replica line` (-x {name}=FROM:TO:COUNT) and "
                    f"`replica sweep` (--over {name}=FROM:TO:COUNT)"
                )
            self.fail(problem, param, ctx)
        if not math.isfinite(float(text)):
            self.fail(f"{name}={text} is too large for a number", param, ctx)
        return Decimal(repr(float(text)))


class Sites(Assignment):
    """``FRACTION:X,FRACTION:X``, groups of visible units."""

    name = "fraction:x,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return pairs of numbers."""
        if isinstance(value, tuple):
            return value
        pairs = []
        for item in str(value).split(","):
            fraction, sign, x = item.partition(":")
            if not sign:
                self.fail(f"{item!r} is not of the form FRACTION:X, such as 0.5:1.6", param, ctx)
            pairs.append(tuple(float(self.number("sites", part, param, ctx)) for part in (fraction, x)))
        return tuple(pairs)


class Steps(ParamType):
    """A number of steps of replica symmetry breaking, or ``full``."""

    name = "steps"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or the word."""
        if value == FULL:
            return FULL
        if not str(value).isdigit() or int(value) > MOST_STEPS:
            self.fail(f"{value!r} is neither a number from 0 to {MOST_STEPS} nor {FULL}", param, ctx)
        return int(value)


class Eigenvalues(Assignment):
    """Numbers with commas between them, or a file .npy that holds them."""

    name = "x,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a tuple of numbers."""
        if isinstance(value, tuple):
            return value
        parts = str(value).split(",")
        if all(map(_NUMBER.fullmatch, parts)):
            return tuple(float(self.number("eigenvalues", part, param, ctx)) for part in parts)
        if not (str(value).endswith(".npy") and Path(str(value)).is_file()):
            problem = f"{value!r} is neither numbers, such as -1,0.5,1, nor a file .npy that exists"
            self.fail(problem, param, ctx)
        import numpy as np

        from replica.machines.data.arrays import read_numpy

        return tuple(float(one) for one in np.ravel(read_numpy(Path(str(value)))))


class Setting(Assignment):
    """``NAME=VALUE`` with a number or a name as its value, such as ``law=laplace``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name and the number, or the name and the text."""
        name, sign, text = str(value).partition("=")
        if name and sign and _NAME.fullmatch(text) and text.lower() not in ("nan", "inf", "infinity"):
            return name, text
        return super().convert(value, param, ctx)


class Argument(Offering):
    """``NAME=VALUE`` with a value that is read by whoever knows what it shall be."""

    name = "name=value"
    offer = staticmethod(completing.arguments)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name and the text."""
        name, sign, text = str(value).partition("=")
        if not (name and sign):
            self.fail(f"{value!r} is not of the form NAME=VALUE, such as alpha=0.8", param, ctx)
        return name, text


class OwnUnit(Offering):
    """A unit: a name of `replica show units`, which stays a text, or a class of the user, ``my.py:Class``."""

    name = "unit"
    offer = staticmethod(completing.units)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the text, or the unit that a file of Python holds."""
        return unit_called(value) if isinstance(value, str) and is_own(value.partition("=")[0]) else value


UNIT = OwnUnit()


class Span(NamedTuple):
    """A control parameter and, if given, its range: where a line is wanted."""

    name: str
    limits: tuple[float, float] | None = None
    values: list[float] | None = None


class Range(Assignment):
    """``NAME``, ``NAME=FROM:TO`` or ``NAME=FROM:TO:COUNT``."""

    name = "name=from:to:count"
    offer = staticmethod(completing.ranges)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the `Span`; its values are equidistant, and as round as the numbers that were given."""
        name, sign, text = str(value).partition("=")
        parts = text.split(":")
        if not name or (sign and len(parts) not in (2, 3)):
            problem = (
                f"{value!r} is not of the form NAME=FROM:TO or NAME=FROM:TO:COUNT, such as alpha=0.01:0.13:25"
            )
            self.fail(problem, param, ctx)
        if not sign:
            return Span(name)
        first, last = (self.number(name, part, param, ctx) for part in parts[:2])
        if first == last:
            self.fail(f"the range {text} of {name} is empty: its ends are equal", param, ctx)
        limits = (float(min(first, last)), float(max(first, last)))
        if len(parts) == 2:
            return Span(name, limits)
        if not re.fullmatch("[0-9]{1,9}", parts[2], re.ASCII) or not 2 <= int(parts[2]) <= MOST:
            problem = (
                f"the range {text} of {name} needs a whole number of points from 2 to {MOST}, not {parts[2]}"
            )
            self.fail(problem, param, ctx)
        steps = int(parts[2]) - 1
        return Span(name, limits, [float(first + (last - first) * i / steps) for i in range(steps + 1)])


class Numbers(Assignment):
    """``VALUE,VALUE,...``: decimal numbers with commas between them."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the list of numbers."""
        if not isinstance(value, str):  # a default
            return value
        what = param.opts[0].removeprefix("--") if param else "number"
        return [float(self.number(what, part, param, ctx)) for part in value.split(",")]


class Times(Range):
    """``FROM:TO:COUNT``: equidistant times."""

    name = "from:to:count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the list of times."""
        span = super().convert(f"t={value}", param, ctx) if str(value).count(":") == 2 else None
        if span is None:
            self.fail(f"{value!r} is not of the form FROM:TO:COUNT, such as 0:50:11", param, ctx)
        return span.values


class Values(Range):
    """``NAME=FROM:TO:COUNT``, ``NAME=log:FROM:TO:COUNT`` or ``NAME=VALUE,VALUE,...``: the axis of a grid."""

    name = "name=from:to:count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name and the values."""
        name, sign, text = str(value).partition("=")
        form = "of the form NAME=FROM:TO:COUNT, NAME=log:FROM:TO:COUNT or NAME=VALUE,VALUE,..."
        if "," in text:
            return name, [float(self.number(name, part, param, ctx)) for part in text.split(",")]
        logarithmic = text.startswith("log:")
        if not name or not sign or text.removeprefix("log:").count(":") != 2:
            self.fail(f"{value!r} is not {form}, such as alpha=0.01:0.13:25", param, ctx)
        span = super().convert(f"{name}={text.removeprefix('log:')}", param, ctx)
        if not logarithmic:
            return name, span.values
        first, *_, last = span.values
        if first <= 0 or last <= 0:
            self.fail(f"{text} of {name}: a logarithmic range needs ends above 0", param, ctx)
        steps = len(span.values) - 1
        inner = [first * (last / first) ** (i / steps) for i in range(1, steps)]
        return name, [first, *inner, last]


class InputFile(Offering):
    """A file to be read: what it may be, by the names of `phase_diagrams.storage.kinds_of_files`.

    The door reads `kinds`, to say what a file is that cannot be read, and which command takes it. Names that
    are no files, such as that of data that are built in, are `others`.
    """

    name = "input"

    def __init__(self, *kinds: str, others: tuple[str, ...] = ()) -> None:
        self.kinds, self.others = kinds, others

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name as it stands."""
        return value


MACHINE = InputFile("machine")
DATA = InputFile("array", "arrays", "table", "images", others=("digits",))


class OutputFile(Offering):
    """A file to be written later: its suffix and its directory are checked before anything is computed.

    What is there already is replaced, but for the kinds of files, of `kinds_of_files.KINDS`, in `spares`.
    """

    name = "file"

    def __init__(self, *suffixes: str, stdout: bool = False, spares: tuple[str, ...] = ()) -> None:
        self.suffixes, self.stdout, self.spares = suffixes, stdout, spares

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or ``-`` for stdout where that is allowed."""
        if value == "-" and self.stdout:
            return value
        if Path(value).suffix.lower() not in self.suffixes:
            self.fail(f"{value!r} must end in {' or '.join(self.suffixes)}", param, ctx)
        from phase_diagrams.storage.files import check_writable

        check_writable(value)
        if self.spares and Path(value).exists():
            from phase_diagrams.storage.files import StorageError
            from phase_diagrams.storage.kinds_of_files import KINDS, kind_of

            kind = kind_of(value)
            if kind in self.spares:
                what, _ = KINDS[kind]
                message = f"cannot write {value}: it {what}, which would be lost; choose another name"
                raise StorageError(message)
        return Path(value)


class OutputStore(OutputFile):
    """Where a sweep goes: a netCDF file or a Zarr store, which is a directory and may be there already."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        if Path(value).suffix == ".zarr" and Path(value).is_dir():
            return Path(value)
        return super().convert(value, param, ctx)


PICTURES = (".png", ".pdf", ".svg", ".pgf")
PICTURE = OutputFile(*PICTURES)
"""A file for a figure."""


class Size(ParamType):
    """``WIDTHxHEIGHT`` in inches, or in cm if that stands behind."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return width and height in inches."""
        if isinstance(value, tuple):
            return value
        number = r"([0-9]+\.?[0-9]*|\.[0-9]+)"
        found = re.fullmatch(rf"{number}x{number}(in|cm)?", str(value), re.ASCII)
        if not found:
            self.fail(f"{value!r} is not of the form WIDTHxHEIGHT, such as 3.4x2.8 or 8.6x7cm", param, ctx)
        unit = 2.54 if found[3] == "cm" else 1.0
        width, height = (round(float(number) / unit, 6) for number in found.group(1, 2))
        if not all(1 <= side <= 100 for side in (width, height)):
            problem = f"{value} is {width:g} by {height:g} inches; either side must be from 1 to 100 inches"
            self.fail(problem, param, ctx)
        return width, height


def once(_: click.Context, param: click.Parameter, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Collect assignments; a name that stands twice is refused."""
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in given:
            problem = f"{name} is given twice, as {_short(given[name])} and {_short(value)}"
            raise click.BadParameter(problem, param=param)
        given[name] = value
    return given


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def as_json(command: Command) -> Command:
    """Add the option ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def unscaled(command: Command) -> Command:
    """Add the option ``--unscaled``."""
    return click.option("--unscaled", is_flag=True, help="Read and print unscaled quantities (RBMs, p > 0).")(
        command
    )


def theory(command: Command) -> Command:
    """Add what every command about a theory takes: name, parameters, steps of breaking, ``--json``.

    Fields that are no numbers have options of their own; they arrive together with the others in ``given``.
    """

    @functools.wraps(command)
    def gathered(*, given: dict[str, Any], **asked: Any) -> Any:
        others = {key: asked.pop(key) for key in FIELDS}
        asked["given"] = {key: v for key, v in others.items() if v is not None} | given
        steps = 0 if asked["rsb"] == FULL else asked["rsb"]
        kind = theory_named(asked["name"], steps)
        name = theory_called(asked["name"])
        if (meant := kind.among(asked["given"])) != kind.name:  # other units, other formulas
            kind, name = theory_named(meant, steps), meant
        return command(**in_words_of(kind, asked | {"name": name}))

    name = click.argument("name", metavar="THEORY", shell_complete=completing.theories)
    return name(ingredients(as_json(gathered)))  # type: ignore[return-value]


def ingredients(command: Command) -> Command:
    """Add what makes a theory of a name: its parameters, units, groups of sites, steps of breaking."""
    given = click.option(
        "-p",
        "given",
        metavar="NAME=VALUE",
        type=Setting(),
        multiple=True,
        callback=once,
        help="A control parameter, such as T=0.3; once for each.",
    )
    steps = click.option(
        "--rsb",
        metavar="STEPS",
        type=Steps(),
        default=0,
        help="Steps of replica symmetry breaking, where the theory has them; full: infinitely many (solve).",
    )
    for option in (
        click.option(
            "--eigenvalues",
            metavar="X,X,...",
            type=Eigenvalues(),
            help="Of couplings: numbers, or a .npy file.",
        ),
        click.option(
            "--patterns", metavar="LAW", help="Law of the patterns, such as sphere; `replica show THEORY`."
        ),
        click.option(
            "--synapses",
            metavar="KIND",
            help="Clipped, three-level or saturated couplings; linear if not given.",
        ),
        click.option(
            "--sites", metavar="FRACTION:X,...", type=Sites(), help="Heterogeneous weights, x = p_i/p."
        ),
        click.option(
            "--channel", metavar="UNIT", type=UNIT, help="Channel behind the weights: sign, hinge:kappa=1."
        ),
        click.option("--prior", metavar="UNIT", type=UNIT, help="Prior of weights: spin, gaussian, laplace."),
        click.option(
            "--hidden", metavar="UNIT", type=UNIT, help="Hidden units: relu:theta=1.5, or my.py:Unit."
        ),
        click.option(
            "--visible", metavar="UNIT", type=UNIT, help="Visible units; `replica show units` lists them."
        ),
        steps,
        given,
    ):
        command = option(command)
    return command


def computing(command: Command) -> Command:
    """Add what every command that computes a diagram takes: its name and the number of processes."""
    return click.argument("name", metavar="DIAGRAM", shell_complete=completing.named)(jobs(command))


def looks(command: Command) -> Command:
    """Add what every command that draws takes: how the figure shall look. It arrives as `look`, checked."""
    options = (
        click.option(
            "--style",
            metavar="STYLE",
            help="paper (default), slides, a style of matplotlib, or a style file.",
        ),
        click.option(
            "--size", metavar="WxH", type=Size(), help="Of the whole figure: 3.4x2.8 (inches) or 8.6x7cm."
        ),
        click.option("--dpi", type=click.IntRange(20, 2400), help="Pixels per inch of a .png file."),
        click.option("--title", help="In place of the diagram's own; '' for none."),
    )

    @functools.wraps(command)
    def gathered(*passed: Any, **asked: Any) -> Any:
        look = Look(**{name: asked.pop(name) for name in ("style", "size", "dpi", "title")})
        look.check()
        return command(*passed, look=look, **asked)

    drawn: Any = gathered
    for option in reversed(options):
        drawn = option(drawn)
    return drawn


def jobs(command: Command) -> Command:
    """Add the option ``--jobs``."""
    return click.option(
        "--jobs", type=click.IntRange(1, 1024), default=1, show_default=True, help="Number of processes."
    )(command)


def reading(command: Command) -> Command:
    """Add how data are read: ``--threshold``, ``--key`` and ``--drop-column``."""
    threshold = click.option(
        "--threshold", type=float, metavar="X", help="Bits are 1 (spins +1) above it; 0.5 for pixels."
    )
    key = click.option("--key", metavar="NAME", help="Array of an .npz file of data.")
    drop = click.option(
        "--drop-column",
        "drop",
        metavar="NAME",
        multiple=True,
        help="A column of a table to leave out, such as label; once for each.",
    )
    return threshold(key(drop(command)))


def against(command: Command) -> Command:
    """Add ``--data``."""
    data = click.option(
        "--data", metavar="DATA", type=DATA, help="digits, or a file: IDX, .npy, .npz or .csv."
    )
    return data(reading(command))
