"""``verify``: check a certificate by a program that shares no code with what wrote it."""

from __future__ import annotations

import click

from phase_diagrams.commands.shared.door import Verb

__all__ = ["verify"]

EXAMPLE = """\
$ replica verify alpha_c.cert.json
hopfield at T = 0: fold
m = 0.96741711568529159198408029665859407080915380950649 +/- 5.6e-52
C = 0.17961179622455011872856377571032229823179629307472 +/- 3.4e-52
alpha = 0.13790556649493173784363612321812435611970142185374 +/- 8.9e-52
q = 1.0000000000000000000000000000000000000000000000000 +/- 0
r = 1.4858028457412967075198278356540130610494894805185 +/- 4.0e-50
free energy = -0.50144539618382615694409945725039433521629677140533 +/- 2.3e-51
confirmed: these equations have exactly one solution in this box
"""


@click.command(cls=Verb, epilog=EXAMPLE)
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False))
def verify(file: str) -> None:
    """Check a certificate by a program of its own.

    The equations of what capacity or solve wrote with --certify are typed again, from papers; derivatives,
    averages and the test are computed by a file of its own, replica/verify.py, that runs alone wherever
    python-flint is: `python verify.py FILE`. One altered digit is refused, with exit code 1.
    """
    from replica.errors import ReplicaError
    from replica.verify import Refusal, confirmed

    try:
        told = confirmed(file)
    except Refusal as error:
        raise ReplicaError(str(error)) from error
    click.echo(told)
