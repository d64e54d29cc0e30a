"""Command lines made of a grammar, sound, odd and malformed: each has to end as the command line promises.

    python tests/fuzz_commands.py [COUNT [SEED]]

Every line ends with exit code 0, 1, 2 or 3, within `SECONDS`, without an error that nobody foresaw; a failure
is one sentence on stderr; and no file that was there before is changed but by a command that was to write it.
"""

import collections
import hashlib
import random
import shlex
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import chdir
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner

from phase_diagrams.commands import VERBS, main
from replica.machines import RBM, save_machine
from replica.theories import THEORIES
from replica.units import UNITS, Spin

COUNT, SEED = 600, 20261130
SECONDS = 60
NAMES = (
    *("in.toml", "my.py:Own"),
    *THEORIES,
    *(
        "nosuch.toml",
        "my.py",
        "in.tml",
        "sk",
        "AGS",
        "hopfeild",
        "",
        "hopfield ",
        "sk-at",
        "units",
        "../x",
        "\u0391",
        "0",
    ),
)
NUMBERS = (
    *("0", "1", "0.1", "0.5", "2", "0.05", "1e-3", "0.3", "1.5", "3", "10"),
    *(
        "-1",
        "1e-300",
        "1e308",
        "1e309",
        "nan",
        "inf",
        "-inf",
        "abc",
        "",
        "0x10",
        "1,5",
        "1e",
        "--",
        "0.1:0.2:3",
        "\u0663",
    ),
)
RANGES = (
    "0.1:0.5:3",
    "0.1:0.5",
    "0.5:0.1:2",
    "0.1:0.1:3",
    "0:1:1",
    "log:0.1:1:3",
    "0.1,0.2",
    "a:b:c",
    "0:1:1e9",
    ":",
    "1::2",
)
UNIT = (
    *UNITS,
    "relu:theta=1",
    "bernoulli:g=-0.2",
    "relu:theta=nan",
    "bernoulli:",
    "gaussian:gamma=0",
    "nothing",
    "spin:g=1:2",
)
WHOLE = ("1", "2", "3", "0", "-1", "1.5", "1e3", "99999999999999999999", "x")
WRITTEN = ("out.{}", "no/out.{}", "out.txt", "{}", "-", "", "taken", "in.{}")
SOUND = 0.9
"""Share of the choices that are made among the first half of a list, where what is sound stands."""


class Grammar:
    """Makes command lines of one stream of random numbers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self, items: Any) -> Any:
        """One of some items, rather of the first half."""
        items = list(items)
        return self.random.choice(items[: max(1, len(items) // 2)] if self.chance(SOUND) else items)

    def chance(self, p: float) -> bool:
        """True with this probability."""
        return self.random.random() < p

    def parameters(self, name: str) -> list[str]:
        """Values of the parameters of a theory: most of them, and sometimes a wrong one."""
        known = list(THEORIES[name].parameters()) if name in THEORIES else ["T", "alpha"]
        words = []
        for key in known:
            about = THEORIES[name].parameters()[key] if name in THEORIES else None
            if about is not None and about.kind in ("unit", "sites"):
                if self.chance(0.9 if about.required else 0.1):
                    words += [f"--{key}", self.one(UNIT)]
            elif self.chance(0.85 if about is None or about.required else 0.2):
                words += ["-p", f"{key}={self.one(NUMBERS)}"]
        if self.chance(0.15):
            words += [
                "-p",
                f"{self.one(['beta', 'temperature', 'm', 'J', '', 'x=y', 'T'])}={self.one(NUMBERS)}",
            ]
        return words

    def maybe(self, p: float, *words: str) -> list[str]:
        """The words, with this probability."""
        return list(words) if self.chance(p) else []

    def output(self, *suffixes: str) -> list[str]:
        """Where something goes."""
        return self.maybe(0.9, "-o", self.one(WRITTEN).format(self.one(suffixes)))

    def file(self) -> str:
        """One of the files that are there, or none of them."""
        return str(self.one([*FILES, "missing", ".", "", "-", "digits"]))

    def line(self) -> list[str]:
        """A command line."""
        verb = self.random.choice(VERBS)
        words: Callable[[], list[str]] = getattr(self, f"for_{verb.replace('-', '_')}")
        return [
            verb,
            *words(),
            *self.maybe(0.1, "--json"),
            *self.maybe(0.03, "--nothing"),
            *self.maybe(0.02, "-h"),
        ]

    def for_list(self) -> list[str]:
        """Arguments of ``list``; those of the others below."""
        return self.maybe(0.2, "x")

    def for_show(self) -> list[str]:
        return [self.one(NAMES), *self.maybe(0.2, "--latex")]

    def for_solve(self) -> list[str]:
        name = self.one(NAMES)
        branches = list(THEORIES[name].branches) if name in THEORIES else ["glass"]
        words = [
            name,
            *self.parameters(name),
            *self.maybe(0.3, "--branch", self.one([*branches, "all", "none"])),
        ]
        words += self.maybe(0.1, "-x", f"{self.one(['m', 'q', 'C', 'y'])}={self.one(NUMBERS)}")
        words += self.maybe(0.1, "--solver", self.one(["newton", "fixed-point", "other"]))
        words += self.maybe(0.1, "--damping", self.one(NUMBERS)) + self.maybe(0.1, "--tol", self.one(NUMBERS))
        words += self.maybe(0.1, "--max-iter", self.one(WHOLE)) + self.maybe(0.1, "--digits", self.one(WHOLE))
        words += self.maybe(0.05, "--certify", self.one(["8", *WHOLE]))
        return words + self.maybe(0.1, "--unscaled") + self.maybe(0.1, "--rsb", self.one(WHOLE))

    def for_capacity(self) -> list[str]:
        name = self.one(NAMES)
        critical = THEORIES[name].critical if name in THEORIES else None
        words = self.parameters(name)
        if critical is not None and self.chance(0.9):
            kept = [
                w
                for w in zip(words[::2], words[1::2], strict=True)
                if not w[1].startswith(f"{critical.parameter}=")
            ]
            words = [word for pair in kept for word in pair]
        return [name, *words, *self.maybe(0.1, "--unscaled"), *self.maybe(0.05, "--rsb", "1")]

    def for_line(self) -> list[str]:
        name = self.one(NAMES)
        kind = THEORIES.get(name)
        lines = [*(kind.lines if kind else ()), "T_M", "none"]
        known = [*(kind.parameters() if kind else ("T",)), "y"]
        plane = [f"{self.one(known)}={self.one(['0.1:0.5:2', '0.1:0.5:3', *RANGES])}" for _ in "xy"]
        return [
            name,
            self.one(lines),
            "-x",
            plane[0],
            "-y",
            plane[1].rpartition(":")[0],
            *self.parameters(name),
        ]

    def for_diagram(self) -> list[str]:
        words = [
            self.one(
                ["mixtures", "activation-functions", "my.py:Own", "curie-weiss", "nothing", "in.toml", ""]
            )
        ]
        if words[0] not in ("mixtures", "activation-functions"):
            words += ["-x", self.one(["T", "T=0.5:1.5", "y", "h"]), "-y", self.one(["h", "h=-0.5:0.5", "T"])]
        return [*words, *self.output("json", "csv")]

    def for_curve(self) -> list[str]:
        name = self.one(NAMES)
        kind = THEORIES.get(name)
        known = [*(kind.parameters() if kind else ("T",)), "y"]
        wanted = [*(kind.order if kind else ("m",)), "free_energy", "magnetisation", "y", "m,q"]
        words = [name, self.one(wanted), *self.maybe(0.3, self.one(wanted))]
        words += ["-x", self.one(known) + self.one(["", "=0.1:0.5", *(f"={span}" for span in RANGES)])]
        return [*words, *self.parameters(name), *self.output("csv", "json", "nc", "png", "txt")]

    def for_check(self) -> list[str]:
        name = self.one(["in.toml", "my.py:Own", "curie-weiss", "mixtures", *NAMES])
        words = [name, *self.parameters(name), *self.maybe(0.2, "--branch", self.one(["up", "all", "none"]))]
        return words + self.maybe(0.3, "--without", self.one(["digits", "validation", "x", ""]))

    def for_new(self) -> list[str]:
        return [self.one(["out.toml", "in.toml", "no/out.toml", "out.txt", "taken", ""])]

    def for_cite(self) -> list[str]:
        return [self.one([*NAMES, self.file(), "sk-at", ""]), *self.maybe(0.2, "x")]

    def for_reproduce(self) -> list[str]:
        return [self.one([self.file(), *NAMES, ""])]

    def for_completion(self) -> list[str]:
        return [self.one(["bash", "zsh", "fish", "x", ""]), *self.output("bash", "sh", "txt")]

    def for_draw(self) -> list[str]:
        return [self.file(), *self.output("png", "pdf", "svg", "gif"), *self.looks()]

    def looks(self) -> list[str]:
        """Options of a figure."""
        words = self.maybe(0.1, "--style", self.one(["paper", "slides", "nothing", ""]))
        words += self.maybe(0.1, "--size", self.one(["3x2", "8x6cm", "0x1", "x", "1e9x1"]))
        return (
            words
            + self.maybe(0.1, "--dpi", self.one(["50", *WHOLE]))
            + self.maybe(0.1, "--title", self.one(["a", "", "$x", "\\frac"]))
        )

    def for_figure(self) -> list[str]:
        words = [
            self.one(["activation-functions", "weights", "nothing"]),
            *self.maybe(0.6, "--machine", self.file()),
        ]
        return words + self.output("png", "svg", "json") + self.looks()

    def for_sweep(self) -> list[str]:
        name = self.one(["curie-weiss", "blume-capel", "mixtures", *NAMES])
        known = [*(THEORIES[name].parameters() if name in THEORIES else ("T",)), "y"]
        words = [
            name,
            *self.maybe(0.95, "--over", f"{self.one(known)}={self.one(RANGES)}"),
            *self.parameters(name),
        ]
        words += (
            self.output("nc", "zarr", "csv") + self.maybe(0.3, "--overwrite") + self.maybe(0.1, "--resume")
        )
        return (
            words
            + self.maybe(0.2, "--branch", self.one(["all", "up", "none"]))
            + self.maybe(0.1, "--chunk", self.one(WHOLE))
        )

    def for_export(self) -> list[str]:
        return [self.file(), *self.output("csv", "nc", "parquet", "png")]

    def for_map(self) -> list[str]:
        words = [
            self.file(),
            *self.output("json", "png"),
            *self.maybe(0.2, "--heat", self.one(["m", "free_energy", "y"])),
        ]
        return (
            words
            + self.maybe(0.1, "--contours", self.one(WHOLE))
            + self.maybe(0.1, "-p", f"T={self.one(NUMBERS)}")
        )

    def for_place(self) -> list[str]:
        words = [self.file(), *self.maybe(0.2, "--law", self.one(["gaussian", "laplace", "bernoulli", "x"]))]
        words += self.maybe(0.1, "--key", self.one(["W", "weights", "x", ""])) + self.maybe(
            0.1, "-p", self.one(NUMBERS)
        )
        return words + self.maybe(0.1, "--zero-one")

    def for_diagnose(self) -> list[str]:
        return [
            self.file(),
            *self.maybe(0.3, "--data", self.file()),
            "--draws",
            self.one(["0", "1", *WHOLE[3:]]),
        ]

    def for_likelihood(self) -> list[str]:
        words = [
            self.file(),
            *self.maybe(0.3, "--data", self.file()),
            *self.maybe(0.3, "--method", self.one(["ais", "tap", "exact", "x"])),
        ]
        return [
            *words,
            "--runs",
            self.one(WHOLE),
            "--steps",
            self.one(WHOLE),
            *self.maybe(0.1, "--threshold", self.one(NUMBERS)),
        ]

    def for_sample(self) -> list[str]:
        words = [
            self.file(),
            "-n",
            self.one(WHOLE),
            "--sweeps",
            self.one(WHOLE),
            *self.output("npy", "csv", "png", "nc"),
        ]
        return (
            words
            + self.maybe(0.1, "--temper", self.one(WHOLE))
            + self.maybe(0.1, "--hottest", self.one(NUMBERS))
        )

    def for_train(self) -> list[str]:
        words = [
            self.file(),
            "--units",
            self.one(WHOLE),
            "--epochs",
            self.one(("1", "1", *WHOLE)),
            *self.output("npz", "h5"),
        ]
        words += self.maybe(0.3, "--visible", self.one(UNIT)) + self.maybe(0.3, "--hidden", self.one(UNIT))
        words += self.maybe(0.1, "--rate", self.one(NUMBERS)) + self.maybe(0.1, "--resume", self.file())
        return (
            words
            + self.maybe(0.1, "--batch", self.one(WHOLE))
            + self.maybe(0.1, "--threshold", self.one(NUMBERS))
        )

    def for_infer(self) -> list[str]:
        return [
            self.file(),
            *self.maybe(0.3, "--beta", self.one(NUMBERS)),
            *self.maybe(0.3, "--method", self.one(["amp", "bp", "x"])),
        ]

    def for_simulate(self) -> list[str]:
        name = self.one(["hopfield", "random-energy", "sk", "ea", "compositional", *NAMES])
        words = [
            name,
            "--N",
            self.one(["16", "12", *WHOLE]),
            "--samples",
            self.one(WHOLE),
            "--sweeps",
            self.one(WHOLE),
        ]
        return words + self.parameters(name) + self.maybe(0.2, *self.output("nc", "zarr", "csv"))

    def for_validate(self) -> list[str]:
        name = self.one(["hopfield", "random-energy", *NAMES])
        words = [
            name,
            "--N",
            self.one(["16,24", "12", *WHOLE]),
            "--samples",
            self.one(["2", *WHOLE]),
            "--sweeps",
            self.one(["5", *WHOLE]),
        ]
        return words + self.parameters(name)

    def for_explore(self) -> list[str]:
        """All of them are refused: a server would not end."""
        plane = [word for axis in "xy" for word in self.maybe(0.7, f"-{axis}", self.one(RANGES))]
        name = self.one(NAMES)
        return [name, *plane, *self.parameters(name), "-o", self.one(["out.txt", "no/out.html", ""])]

    def for_verify(self) -> list[str]:
        return [self.file()]

    def for_audit(self) -> list[str]:
        return [self.one(["curie-weiss", "random-energy", "none"]), *self.maybe(0.3, "--markdown")]

    def for_compare(self) -> list[str]:
        return [self.file(), "--theory", self.one(NAMES), *self.maybe(0.5, "-p", f"T={self.one(NUMBERS)}")]

    def for_learn_theory(self) -> list[str]:
        words = self.maybe(0.6, "--variances", self.one(["3,2", "1", "0", "x"])) + self.maybe(
            0.3, "--signal", self.one(NUMBERS)
        )
        return (
            words
            + self.maybe(0.3, "--sigma", self.one(NUMBERS))
            + self.maybe(0.5, "--time", self.one(["0:5:3", *RANGES]))
        )


FILES = (
    *("in.npz", "in.nc", "in.json", "in.csv", "in.npy", "W.npz", "in.zarr"),
    *("in.toml", "my.py", "empty", "noise", "in.png"),
)
"""Files that are there, which nothing but a command that was to write them may change."""


def prepare() -> None:
    """Write the files."""
    rng = np.random.default_rng(SEED)
    save_machine(RBM(rng.normal(size=(10, 9)), Spin(), Spin()), "in.npz")
    np.savez("W.npz", W=rng.normal(size=(12, 9)))
    np.save("in.npy", rng.choice([-1.0, 1.0], size=(20, 10)))
    np.savetxt("in.csv", rng.integers(0, 2, (20, 6)), delimiter=",", fmt="%d")
    Path("my.py").write_text(
        'from replica.theories import CurieWeiss\nclass Own(CurieWeiss):\n    name = "own"\n'
    )
    Path("empty").touch()
    Path("noise").write_bytes(rng.bytes(500))
    grid = "sweep curie-weiss --over T=0.5:1.5:3 --over h=-0.5:0.5:3 --branch all -o"
    for line in (
        "new in.toml",
        f"{grid} in.nc",
        f"{grid} in.zarr",
        "map in.nc -o in.json",
        "draw in.json -o in.png",
    ):
        result = CliRunner().invoke(main, shlex.split(line))
        assert result.exit_code == 0, result.output


def digests() -> dict[str, str]:
    """What the files hold."""
    found = {}
    for name in FILES:
        parts = sorted(Path(name).rglob("*")) if Path(name).is_dir() else [Path(name)]
        content = b"".join(part.read_bytes() for part in parts if part.is_file())
        found[name] = hashlib.sha256(content).hexdigest()
    return found


class TooLongError(BaseException):
    """A command took longer than it may. No `Exception`: a solver makes a status of those."""


def too_long(*_: object) -> None:
    """Stop a command."""
    raise TooLongError


def run(words: list[str]) -> tuple[int | str, str, str]:
    """Run a command line; how it ended, what it printed on stderr, and what is wrong with that."""
    before = digests()
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings(record=True) as loud:
            warnings.simplefilter("always")
            result = CliRunner().invoke(main, words, prog_name="replica", input="")
    except TooLongError:
        return "time", "", f"not finished in {SECONDS} s"
    finally:
        signal.alarm(0)
    error, told = result.exception, result.stderr
    if error is not None and not isinstance(error, SystemExit):
        return "unforeseen", told, f"{type(error).__name__}: {error}"
    wrong = []
    if result.exit_code not in (0, 1, 2, 3):
        wrong.append(f"exit code {result.exit_code}")
    sentences = [row for row in told.splitlines() if row.startswith("Error: ")]
    # a comparison, a likelihood or a training that ends with 3 has its verdict behind what else it says
    if result.exit_code and (len(sentences) != 1 or (result.exit_code != 3 and told.count("\n") != 1)):
        wrong.append("not one sentence")
    if not result.exit_code and sentences:
        wrong.append("an error, and exit code 0")
    if "Traceback" in told or "should not have happened" in told:
        wrong.append("a traceback")
    wrong += [f"warns: {one.message}" for one in loud if one.category is RuntimeWarning]
    written = {word for option, word in pairwise(words) if option in ("-o", "--resume")}
    after = digests()
    wrong += [f"{name} changed" for name in FILES if before[name] != after[name] and name not in written]
    if result.exit_code:
        wrong += [f"{name} damaged" for name in FILES if before[name] != after[name]]
    return result.exit_code, told, "; ".join(wrong)


def fuzz(count: int, seed: int) -> int:
    """Run so many command lines; print those that end as they should not, and how many did how."""
    signal.signal(signal.SIGALRM, too_long)
    grammar, ends, bad, began = Grammar(seed), collections.Counter[Any](), 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        prepare()
        for _ in range(count):
            words = grammar.line()
            end, told, wrong = run(words)
            ends[end] += 1
            if wrong:
                bad += 1
                print(f"{shlex.join(words)}\n    {end}: {wrong}\n    {told.strip()[:300]}", flush=True)
    how = ", ".join(f"{n} with {end}" for end, n in sorted(ends.items(), key=str))
    print(f"{count} command lines, seed {seed}: {how}; {bad} wrong; {time.monotonic() - began:.0f} s")
    return bad


if __name__ == "__main__":
    sys.exit(fuzz(*(int(word) for word in (sys.argv[1:] + [str(COUNT), str(SEED)][len(sys.argv) - 1 :]))) > 0)
