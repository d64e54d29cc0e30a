"""What ``simulate`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from phase_diagrams.commands.shared.printing import number, print_json, print_table, with_error
from replica.errors import ConvergenceError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["report"]

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
