"""The command line: parse, call, print.

Importing this package costs click and the standard library; everything else is imported by the command that
needs it, when it runs. Numbers go to stdout, one sentence about a failure goes to stderr, and the exit code
says which kind it was: 0 done, 1 an error of ours (a damaged file, say), 2 usage, 3 computed but not
converged or no such solution, 130 interrupted.
"""

from __future__ import annotations

import click

from phase_diagrams.commands.shared.door import Door, Verbs

__all__ = ["main"]

VERBS = (
    *("list", "new", "show", "check", "solve", "capacity", "curve", "line", "diagram", "draw", "figure"),
    "explore",
    *("sweep", "export", "map", "place", "learn-theory"),
    *("simulate", "infer", "validate", "compare"),
    *("train", "likelihood", "diagnose", "sample"),
    *("verify", "audit", "cite", "reproduce", "completion"),
)
"""What can be asked for: each is a module of this package, and a command in it."""


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from replica import __version__

        click.echo(f"replica {__version__}")
        ctx.exit()


def _cite(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from phase_diagrams.commands.shared.citation import bibtex

        click.echo(bibtex())
        ctx.exit()


EXAMPLE = """\
$ replica capacity hopfield
alpha_c = 0.137905566494932: largest load with a retrieval solution
hopfield at T = 0

m  0.967417115685292  overlap with the retrieved pattern
C  0.179611796224550  susceptibility (1 - q)/T of a neuron
q  1.00000000000000   overlap of two replicas (Edwards-Anderson)
r  1.48580284574130   noise of the other patterns; alpha r is its variance

15 good digits, computed with mpmath at two precisions that agree
fold where the retrieval branch ends, by Newton's method on the augmented equations; residual 2.9e-42
replica symmetry is broken there (negative replicon): the value is an approximation
"""


@click.group(
    cls=Door,
    commands=Verbs(__name__, VERBS),
    invoke_without_command=True,
    epilog=EXAMPLE,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print it."
)
@click.option(
    "--cite", is_flag=True, is_eager=True, expose_value=False, callback=_cite, help="What to cite, in BibTeX."
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Phase diagrams of disordered systems from replica theory.

    Solves saddle-point equations, locates capacities and phase boundaries, draws phase diagrams. Every
    command has an example in its own help, such as `replica capacity -h`.

    THEORY is a name that `replica list` prints; a model file such as network.toml, which `replica new`
    writes; or a class of yours, my.py:Class. A unit may be yours, too: --hidden my.py:Unit.

    Exit codes: 0 done; 1 an error of ours, such as a damaged file; 2 usage; 3 computed but not converged, or
    no such solution.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
