"""``completion``: a script that completes commands and options in a shell."""

from __future__ import annotations

from pathlib import Path

import click

from phase_diagrams.commands.shared.door import Verb
from phase_diagrams.commands.shared.options import OutputFile

__all__ = ["completion"]

EXAMPLE = """\
$ replica completion fish -o replica.fish
wrote replica.fish
"""

GLUED = "[[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace"


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=OutputFile(".bash", ".zsh", ".fish", ".sh", stdout=True),
    default="-",
    help="A .bash, .zsh, .fish or .sh file; without it, stdout.",
)
@click.pass_context
def completion(ctx: click.Context, shell: str, output: Path | str) -> None:
    """Print a script with which a shell completes commands.

    Commands, options, theories, diagrams, parameters, branches, lines, units and files are completed once the
    shell has read it: by `source` in bash and zsh, or `eval "$(replica completion bash)"`; from
    ~/.config/fish/completions in fish.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:  # for the type checker: the choices are shells that click knows
        return
    script = kind(ctx.find_root().command, {}, "replica", "_REPLICA_COMPLETE").source()
    if shell == "bash":  # what ends in = goes on: no space behind it
        script = script.replace("\n    return 0\n", f"\n    {GLUED}\n\n    return 0\n", 1)
    if isinstance(output, str):
        click.echo(script)
        return
    from phase_diagrams.storage.files import write_atomic

    write_atomic(output, script)
    click.echo(f"wrote {output}", err=True)
