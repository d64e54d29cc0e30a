"""``figure``: a published phase diagram, or the weights of a machine, computed and drawn."""

from __future__ import annotations

from pathlib import Path

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.drawing import Look, computed, paint, paint_images, write
from phase_diagrams.commands.shared.machines import image_shape
from phase_diagrams.commands.shared.options import (
    MACHINE,
    PICTURE,
    PICTURES,
    Argument,
    OutputFile,
    computing,
    looks,
    once,
)
from replica.errors import ParameterError

__all__ = ["figure"]

EXAMPLE = """\
$ replica figure hopfield -o hopfield.png
wrote hopfield.png
$ replica figure hopfield-error -p alpha_min=0.05 --data e.csv
wrote hopfield-error.png
wrote e.csv
$ replica figure weights --machine rbm.npz -o weights.png
wrote weights.png
"""

MOST = 100
"""Hidden units whose weights are shown."""


class Figure(Verb):
    """Help of a figure that is named lists its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what was asked, which help comes before."""
        ctx.meta["figure"] = args[:]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, and the arguments of the figure that was named."""
        super().format_options(ctx, formatter)
        names = [word for word in ctx.meta.get("figure", ()) if not word.startswith("-")]
        if not names:  # help alone costs click and nothing else
            return
        from phase_diagrams.catalogue import DIAGRAMS
        from phase_diagrams.commands.shared.arguments import texts

        for name in names:
            if name in DIAGRAMS:
                with formatter.section(f"Arguments of {name}, each as -p NAME=VALUE"):
                    formatter.write_dl(list(texts(DIAGRAMS[name].build).items()))


@click.command(cls=Figure, epilog=EXAMPLE)
@computing
@click.option(
    "-p",
    "given",
    metavar="NAME=VALUE",
    type=Argument(),
    multiple=True,
    callback=once,
    help="An argument of the figure; `replica figure DIAGRAM -h` lists them.",
)
@click.option("--machine", metavar="FILE", type=MACHINE, help="For the figure weights: the machine.")
@click.option(
    "-o", "output", metavar="FILE", type=PICTURE, help="A .png, .pdf, .svg or .pgf file; default DIAGRAM.png."
)
@click.option(
    "--format",
    "form",
    type=click.Choice([suffix.removeprefix(".") for suffix in PICTURES]),
    help="Of the file that is named after the diagram.",
)
@click.option(
    "--data", metavar="FILE", type=OutputFile(".csv", ".json"), help="What is drawn: .csv, or .json for draw."
)
@click.option("--caption", is_flag=True, help="Print a LaTeX float that cites the papers.")
@looks
@click.pass_context
def figure(
    ctx: click.Context,
    /,
    name: str,
    given: dict[str, str],
    jobs: int,
    machine: str | None,
    output: Path | None,
    form: str | None,
    data: Path | None,
    caption: bool,
    look: Look,
) -> None:
    """Compute a published phase diagram and draw it.

    The figure weights shows those of a machine, one image for each hidden unit.
    """
    if (name == "weights") != (machine is not None):
        sentence = "the figure weights, and no other, needs a machine: --machine FILE"
        raise ParameterError(sentence)
    if machine is not None and (given or data or caption):
        sentence = "-p, --data and --caption belong to diagrams; the figure weights has none of them"
        raise ParameterError(sentence)
    output = _output(name, output, form)
    if machine is not None:
        draw_weights(machine, output, look)
        return
    diagram = computed(name, jobs, ctx.find_root().obj, output, given)
    if data is not None and data.suffix.lower() == ".csv" and not diagram.columns["panel"]:
        sentence = f"{name} holds pictures and no lines; give --data FILE.json"
        raise ParameterError(sentence)
    paint(diagram, output, look)
    if data is not None:
        write(diagram, data)
    if caption:
        from phase_diagrams.commands.shared.citation import float_of

        click.echo(float_of(name, diagram, output))


def _output(name: str, output: Path | None, form: str | None) -> Path:
    """The file that was named, or one that is named after the diagram."""
    if output is None:
        return PICTURE.convert(f"{name}.{form or 'png'}", None, None)
    if form and output.suffix.lower() != f".{form}":
        sentence = f"--format {form} and -o {output} are two formats; leave one of them out"
        raise ParameterError(sentence)
    return output


def draw_weights(machine: str, output: Path, look: Look) -> None:
    """Draw the weights of each hidden unit as an image; those with the largest norms first."""
    import numpy as np

    from replica.machines.training.files import load_machine

    rbm = load_machine(machine)
    order = np.argsort(-np.sum(rbm.weights**2, axis=0), kind="stable")[:MOST]
    tiles = rbm.weights.T[order].reshape(len(order), *image_shape(machine, rbm.n_visible))
    paint_images(tiles, f"Weights of {Path(machine).name}", {"machine": machine}, output, look, signed=True)
