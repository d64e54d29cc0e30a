"""What ``simulate`` and ``infer`` print, and the arrays that they read and write."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phase_diagrams.commands.printing import number, print_json, print_table
from replica.errors import ConvergenceError, UnknownNameError

if TYPE_CHECKING:
    import xarray as xr

    from replica.machines.inference.message_passing import Inference

__all__ = ["inferred", "read_array", "report", "with_error", "write_array"]

RUN = ("machine", "N", "sweeps", "seed")
FEW = 10
"""Independent measurements in a run below which there is a warning."""


def report(data: xr.Dataset, as_json: bool) -> None:
    """Print means and errors of a simulation, and how its runs went."""
    from phase_diagrams.samples import averages

    found = averages(data)
    runs = {name: mean for name, (mean, _, good) in averages(data, "run").items() if good}
    count = data.sizes["sample"]
    machine, N, sweeps, seed = (data.attrs[name] for name in RUN)
    parameters = {
        name: value if isinstance(value, str) else float(value)
        for name, value in data.attrs.items()
        if name not in (*RUN, "about")
    }
    if as_json:
        told = {
            name: {"mean": mean, "error": error, "samples": good}
            for name, (mean, error, good) in found.items()
        }
        run = {"N": int(N), "samples": count, "sweeps": int(sweeps), "seed": int(seed)}
        print_json({"machine": str(machine), "parameters": parameters, **run, "measured": told, "runs": runs})
    else:
        point = ", ".join(
            f"{name}={value if isinstance(value, str) else number(value)}"
            for name, value in parameters.items()
        )
        samples = f"{count} sample" + "s" * (count != 1)
        click.echo(f"{machine}, N = {N}, {point}: {samples} of {sweeps} sweeps, seed {seed}\n")
        rows = [(name, with_error(mean, error)) for name, (mean, error, _) in found.items()]
        rows += [(name, number(mean, 3)) for name, mean in runs.items()]
        print_table([(*row, str(data[row[0]].attrs["long_name"])) for row in rows])
    lost = count - min(good for *_, good in found.values())
    if lost == count:
        msg = f"{machine}: none of {count} samples came to rest in {sweeps} sweeps; try more --sweeps"
        if runs.get("left"):
            msg = f"{machine}: all of {count} samples left the state; take a smaller alpha, or fewer L"
        raise ConvergenceError(msg)
    if lost:
        why = "left the state" if runs.get("left") else f"did not converge in {sweeps} sweeps"
        click.echo(f"{lost} of {count} samples {why}; they are not in the means", err=True)
    if runs.get("effective", FEW) < FEW:
        click.echo(
            f"runs of {sweeps} sweeps hold only {runs['effective']:.1f} independent measurements, so that "
            "the start may still be felt; take more --sweeps",
            err=True,
        )
    if runs.get("trips") == 0:
        click.echo("no replica went through the whole ladder and back; take more --sweeps", err=True)


def with_error(mean: float, error: float) -> str:
    """Write a mean with as many digits as its error has meaning, the error with two.

    Examples
    --------
    >>> with_error(0.97561, 0.00123), with_error(-0.5, math.nan), with_error(1.0, 0.0)
    ('0.9756 +- 0.0012', '-0.5', '1')
    """
    if not error > 0:
        return number(mean, 6)
    digits = max(1 - math.floor(math.log10(float(f"{error:.1e}"))), 0)
    return f"{mean:.{digits}f} +- {error:.{digits}f}"


def inferred(
    data: Any, method: str, beta: float | None, damping: float | None, seed: int, as_json: bool
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


def read_array(source: str) -> Any:
    """Read an array from a .npy file, without ever running what is in it."""
    import numpy as np

    from phase_diagrams.storage.files import StorageError

    problem = "it is not a .npy file, or damaged; write one with numpy.save"
    try:
        data = np.load(source, allow_pickle=False)
    except OSError as error:
        problem = f"{error.strerror}; give the name of a .npy file" if error.strerror else problem
    except (ValueError, EOFError):
        pass
    else:
        if isinstance(data, np.ndarray):
            return data
        problem = "it is an archive of several arrays; give a .npy file with one"
    message = f"cannot read {source}: {problem}"
    raise StorageError(message)


def write_array(path: Path, values: Any) -> None:
    """Write an array to a .npy file, whole or not at all."""
    import numpy as np

    from phase_diagrams.storage.files import write_atomic

    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    write_atomic(path, file.getvalue())
