"""The door: a verb is imported when it is asked for; errors become one sentence and an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
import warnings
from collections import UserDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click

__all__ = ["Door", "Verb", "Verbs"]


class Failure(click.ClickException):
    """An error of ours: one sentence for stderr and an exit code."""

    exit_code = 1

    def format_message(self) -> str:
        """The sentence, as a terminal may show it: it may quote a file."""
        from replica.errors import clean

        return clean(self.message)


class Misuse(Failure):
    """A command line that cannot be followed."""

    exit_code = 2


class Absence(Failure):
    """What was asked for was computed, but did not converge or does not exist."""

    exit_code = 3


class Verb(click.Command):
    """A command whose epilog is an example, shown as it stands."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example without rewrapping it."""
        if self.epilog:
            with formatter.section("Example"):
                for row in self.epilog.strip("\n").splitlines():
                    formatter.write(f"  {row}".rstrip() + "\n")

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, unless it would write over a file that it reads or writes; only --resume may."""
        outputs, inputs = list[Path](), list[str | Path]()
        for param in self.params:
            given = ctx.params.get(param.name or "")
            for value in given if isinstance(given, tuple) else [given]:
                if isinstance(value, Path) and getattr(param.type, "name", "") == "file":
                    outputs.append(value)
                elif isinstance(value, str | Path) and param.name != "resume":
                    inputs.append(value)
        if outputs:
            from phase_diagrams.storage.files import refuse_same, refuse_twice

            refuse_twice(*outputs)
            for output in outputs:
                refuse_same(output, *inputs)
        from replica.errors import ParameterError, ReplicaError, UnknownNameError

        try:
            return super().invoke(ctx)
        except ReplicaError as error:
            misused = isinstance(error, ParameterError | UnknownNameError)
            if sentence := self.neighbour(ctx, str(error)):
                raise (Misuse if misused else Failure)(sentence) from error
            raise

    def neighbour(self, ctx: click.Context, problem: str) -> str:
        """What an input that has a problem is, if not what is read here, and who takes it; or nothing."""
        from phase_diagrams.storage.kinds_of_files import instead, missing

        for param in self.params:
            value, read = ctx.params.get(param.name or ""), param.type
            kinds, others = getattr(read, "kinds", ()), getattr(read, "others", ())
            if kinds and value is not None and str(value) in problem and str(value) not in ("-", *others):
                told = instead if os.path.lexists(value) else missing
                if sentence := told(value, kinds):
                    return sentence
        return ""


class Verbs(UserDict[str, Any]):
    """The verbs by name; each is imported from the module of its name when it is asked for."""

    def __init__(self, package: str, names: Iterable[str]) -> None:
        self.package = package
        super().__init__(dict.fromkeys(names))

    def __getitem__(self, name: str) -> Any:
        """Import the verb."""
        if self.data[name] is None:
            word = name.replace("-", "_")
            self.data[name] = getattr(import_module(f"{self.package}.{word}"), word)
        return self.data[name]


class Door(Verb, click.Group):
    """The group of all commands."""

    command_class = Verb

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line of this process."""
        with _readable(sys.stdout):
            try:
                return super().__call__(*args, **kwargs)
            except KeyboardInterrupt:
                sys.exit(130)
            except Exception as error:
                if "REPLICA_TRACEBACK" in os.environ:
                    raise
                _last_words(error)
                sys.exit(1)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options of the group; the command line is kept for the provenance of results."""
        ctx.obj = ["replica", *args]
        with _usage():
            return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest the nearest one."""
        if args[0] not in self.commands:
            from replica.errors import UnknownNameError

            raise UnknownNameError(what="command", name=args[0], known=self.commands)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what goes wrong ends as a `Failure`."""
        from replica.errors import (
            ConvergenceError,
            ParameterError,
            ReplicaError,
            ReplicaWarning,
            UnknownNameError,
        )
        from replica.interrupts import heard

        try:
            with heard(), _usage(), _doubts(ReplicaWarning):
                return super().invoke(ctx)
        except (ParameterError, UnknownNameError) as error:
            raise Misuse(str(error)) from error
        except ConvergenceError as error:
            raise Absence(str(error)) from error
        except ReplicaError as error:
            raise Failure(str(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output has gone: nothing to say
                raise
            sentence = f"cannot write the output: {error.strerror or error}"
            raise Failure(sentence) from error
        except ModuleNotFoundError as error:
            from replica._face import lacks

            if not (sentence := lacks(error)):
                raise
            raise Failure(sentence) from error
        except MemoryError as error:
            sentence = f"there is not enough memory ({_short(error)}); take smaller sizes"
            raise Failure(sentence) from error
        except OverflowError as error:
            sentence = f"a number is too large to compute with ({_short(error)}); take smaller ones"
            raise Failure(sentence) from error
        except KeyboardInterrupt:
            raise click.exceptions.Exit(130) from None
        except Exception as error:  # a file of the user may raise anything; what is ours goes on
            from phase_diagrams.commands.shared.own import blamed

            if sentence := blamed(error):
                raise Failure(sentence) from error
            raise


def _short(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def _doubts(kind: type[Warning]) -> Iterator[None]:
    """Print our own warnings as sentences on stderr; others go where they went before."""

    def show(
        message: Warning | str, category: type[Warning], *where: Any, **more: Any
    ) -> None:  # the signature of warnings.showwarning
        if issubclass(category, kind):
            click.echo(f"Warning: {message}", err=True)  # shown by `clean`
        else:
            before(message, category, *where, **more)

    with warnings.catch_warnings():
        before = warnings.showwarning
        warnings.simplefilter("always", kind)
        warnings.showwarning = show
        yield


@contextmanager
def _usage() -> Iterator[None]:
    """Turn click's usage errors into one sentence that names the help to read."""
    try:
        yield
    except click.UsageError as error:
        sentence = " ".join(error.format_message().split()).rstrip(".")
        path = error.ctx.command_path if error.ctx else "replica"
        message = f"{sentence}; see {path} -h"
        raise Misuse(message) from error


@contextmanager
def _readable(stream: Any) -> Iterator[None]:
    """A terminal that cannot show a symbol shows ? instead; afterwards it is as it was."""
    if not isinstance(stream, io.TextIOWrapper):
        yield
        return
    before = stream.errors
    stream.reconfigure(errors="replace")
    try:
        yield
    finally:
        if not stream.closed:
            stream.reconfigure(errors=before)


def _last_words(error: Exception) -> None:
    """Stand in for the traceback of an error that nobody foresaw."""
    from replica.errors import clean

    click.echo(
        f"Error: this should not have happened ({type(error).__name__}: {clean(error)}); please report it "
        "with the traceback that is shown when REPLICA_TRACEBACK=1 is set",
        err=True,
    )
