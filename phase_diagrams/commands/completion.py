"""``completion``: a script that completes commands and options in a shell."""

from __future__ import annotations

import click

from phase_diagrams.commands.shared.door import Verb

__all__ = ["completion"]

EXAMPLE = """\
$ eval "$(replica completion bash)"
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script with which a shell completes commands.

    Names of commands, options and files are completed after it was read: with `source` in bash and zsh, from
    ~/.config/fish/completions/replica.fish in fish.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(ctx.find_root().command, {}, "replica", "_REPLICA_COMPLETE").source())
