"""``infer``: one binary feature and its strength, from data."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import InputFile, OutputFile, as_json
from phase_diagrams.commands.shared.printing import number, print_json, print_table
from replica.errors import ConvergenceError, UnknownNameError

if TYPE_CHECKING:
    from replica.machines.inference.message_passing import Inference
    from replica.typing import Array, Numbers, Spins

__all__ = ["infer"]

EXAMPLE = """\
$ replica infer data.npy --method amp
one feature in 800 data of 200 spins, by amp

beta    1.23426   strength of the feature, inferred
Q       0.944101  mean square of its posterior means: 0 nothing known, 1 certain
ln Z/N  4.41383   logarithm of the normalisation of its posterior, per spin

converged: residual 2.7e-10, 105 steps
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("source", metavar="DATA", type=InputFile("array"))
@click.option(
    "--method",
    default="amp",
    show_default=True,
    help="amp, or bp for belief propagation (slower, all edges).",
)
@click.option("--beta", type=float, help="Take the strength as given; without it, it is inferred.")
@click.option("--damping", type=float, help="Share of the new messages; by default 1 for amp, 0.7 for bp.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the random start."
)
@click.option("-o", "output", metavar="FILE", type=OutputFile(".npy"), help="Keep the means in a .npy file.")
@as_json
def infer(
    source: str,
    method: str,
    beta: float | None,
    damping: float | None,
    seed: int,
    output: Path | None,
    as_json: bool,
) -> None:
    """Infer one binary feature from data, and its strength beta.

    DATA is a .npy file with an array (data, spins) of -1 and +1. The model has one hidden spin with weights
    beta xi_i/sqrt(N). The sign of the feature is not determined.
    """
    data = read_array(source)
    found = inferred(data, method, beta, damping, seed, as_json)
    if output is not None:
        write_array(output, found.mean)
        click.echo(f"wrote {output}", err=True)


def inferred(
    data: Spins, method: str, beta: float | None, damping: float | None, seed: int, as_json: bool
) -> Inference:
    """Infer a feature and print what was found."""
    from replica.machines.inference.message_passing import amp, belief_propagation, infer_beta

    functions = {"amp": amp, "bp": belief_propagation}
    if method not in functions:
        raise UnknownNameError(what="method", name=method, known=functions)
    if beta is None:
        found = infer_beta(data, method, damping=damping, seed=seed)
    else:
        found = functions[method](data, beta, damping=damping, seed=seed)
        if not found.converged:
            msg = (
                f"{method}: no convergence in {found.steps} steps, the means still move by "
                f"{found.residual:.1e}; try --method bp or another beta"
            )
            raise ConvergenceError(msg, found)
    M, N = data.shape
    values: dict[str, Any] = {
        "beta": found.beta,
        "Q": found.Q,
        "log_Z_per_spin": found.log_Z / N,
    }
    if as_json:
        more = {"steps": found.steps, "residual": found.residual, "status": "converged"}
        print_json({"method": method, "N": N, "M": M, "inferred": beta is None, **values, **more})
        return found
    click.echo(f"one feature in {M} data of {N} spins, by {method}\n")
    words = (
        "strength of the feature, " + ("inferred" if beta is None else "given"),
        "mean square of its posterior means: 0 nothing known, 1 certain",
        "logarithm of the normalisation of its posterior, per spin",
    )
    rows = zip(("beta", "Q", "ln Z/N"), values.values(), words, strict=True)
    print_table([(name, number(value, 6), word) for name, value, word in rows])
    click.echo(f"\nconverged: residual {found.residual:.1e}, {found.steps} steps")
    return found


def read_array(source: str) -> Numbers:
    """Read an array from a .npy file, without ever running what is in it."""
    from phase_diagrams.storage.files import StorageError
    from replica.machines.data.arrays import NotNumbersError, read_numpy

    try:
        data = read_numpy(Path(source))
    except OSError as error:
        problem = f"{error.strerror}; give the name of a .npy file"
    except NotNumbersError as error:
        problem = f"it is not a .npy file, or damaged ({error.problem}); write one with numpy.save"
    else:
        if not isinstance(data, dict):
            return data
        problem = "it is an archive of several arrays; give a .npy file with one"
    message = f"cannot read {source}: {problem}"
    raise StorageError(message)


def write_array(path: Path, values: Array) -> None:
    """Write an array to a .npy file, whole or not at all."""
    import numpy as np

    from phase_diagrams.storage.files import write_atomic

    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    write_atomic(path, file.getvalue())
