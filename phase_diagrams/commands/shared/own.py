"""What is a user's own: a theory or a unit in a file of Python, a model in a file of TOML.

``network.toml`` is a model file: data, read and never run. ``my.py:Class`` is code, and is run since the
command line names it. No file of results can name one.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import os
import sys
import traceback
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from replica.errors import ParameterError, ReplicaError, UnknownNameError

if TYPE_CHECKING:
    from replica.theory import Theory
    from replica.units import Unit

__all__ = ["blamed", "is_own", "own_theory", "unit_called"]

_FILES: set[str] = set()
"""Files of Python that were loaded here."""


def is_own(name: str) -> bool:
    """Whether a name is that of a file: a model, or a class in a file of Python.

    Examples
    --------
    >>> is_own("network.toml"), is_own("my.py:Class"), is_own("hopfield")
    (True, True, False)
    """
    return name.endswith((".toml", ".py")) or ".py:" in name


def own_theory(name: str) -> type[Theory]:
    """The theory that a file describes, ``network.toml``, or holds, ``my.py:Class``.

    Raises
    ------
    ParameterError, UnknownNameError
        If there is no such file or class, or it is no theory.
    ReplicaError
        If the file raises an error.
    """
    from replica.theories import THEORIES
    from replica.theory import Theory

    if name.endswith(".toml"):
        found: Any = _model(name)
    else:
        found, settings = _in_python(name, "theory")
        if settings:
            message = f"{name}: parameters of a theory are given by -p, such as -p {settings.split(',')[0]}"
            raise ParameterError(message)
        found = _made_of_model(found)
        if not (isinstance(found, type) and issubclass(found, Theory)):
            message = f"{name} is {_kind(found)}, not a theory: a class derived from replica.Theory"
            raise ParameterError(message)
        _declared(name, found)
    if found.name in THEORIES:
        message = (
            f"{name}: {found.name} is the name of a theory of the package; give yours another one, "
            f'name = "my-{found.name}"'
        )
        raise ParameterError(message)
    return found


def unit_called(text: str) -> Unit:
    """The unit that is called so: by its name, or ``my.py:Class``, both with ``:PARAMETER=VALUE,...`` behind.

    Raises
    ------
    ParameterError, UnknownNameError
        If there is no such file, class or parameter, or it is no unit.

    Examples
    --------
    >>> unit_called("relu:theta=1.5")
    ReLU(theta=1.5, gamma=1.0)
    """
    from replica.units import Unit, parse

    if not is_own(text.partition("=")[0]):
        return parse(text)
    found, settings = _in_python(text, "unit")
    if isinstance(found, Unit) and not settings:
        return found
    if not (isinstance(found, type) and issubclass(found, Unit)):
        message = f"{text} is {_kind(found)}, not a unit: a class derived from replica.units.Unit"
        raise ParameterError(message)
    if settings and not dataclasses.is_dataclass(found):
        message = f"{text}: {found.__name__} is no dataclass, and so has no parameters"
        raise ParameterError(message)
    name = found.__name__
    return parse(f"{name}:{settings}", {name: found})


def blamed(error: BaseException) -> str:
    """The sentence about an error that a file of the user raised; empty for another one."""
    places = [one for one in traceback.extract_tb(error.__traceback__) if one.filename in _FILES]
    if not places:
        return ""
    place, words = places[-1], " ".join(str(error).split())
    return (
        f"{place.filename}, line {place.lineno}: {type(error).__name__}{f': {words}' if words else ''} "
        f"({place.line}); REPLICA_TRACEBACK=1 shows how it came there"
    )


# -- a class in a file of Python -------------------------------------------------------------------------


def _in_python(name: str, what: str) -> tuple[Any, str]:
    """What a file holds under a name, and the settings that stand behind it."""
    stem, sign, behind = name.partition(".py:")
    path = Path(f"{stem}.py" if sign else name)
    wanted, _, settings = behind.partition(":")
    module = _loaded(path)
    if wanted in vars(module):
        return vars(module)[wanted], settings
    known = [key for key, value in vars(module).items() if _made_in(module, value)]
    if not wanted:
        example = f"{path}:{known[0]}" if known else f"{path}:CLASS"
        message = f"{name}: which {what} in it? Write {example}"
        raise ParameterError(message)
    raise UnknownNameError(what=f"name in {path}", name=wanted, known=known)


def _made_in(module: ModuleType, value: Any) -> bool:
    """Whether something is a class, a unit or a model that a file made, not one that it imported."""
    kind = value if isinstance(value, type) else type(value)
    mine = not isinstance(value, type) and any(one.__name__ in ("Unit", "Model") for one in kind.__mro__)
    return mine or kind.__module__ == module.__name__


def _loaded(path: Path) -> ModuleType:
    """Run a file of Python, once, as the module of its name: so worker processes can load it, too."""
    from phase_diagrams.storage.kinds_of_files import missing

    if not path.is_file():
        raise ParameterError(missing(path, ["python"]))
    folder, name = path.resolve().parent, path.stem
    before = sys.modules.get(name)
    if before is not None and _is(before.__spec__, path):
        return before
    if not name.isidentifier():
        message = f"{path}: a file of Python is called like a name in Python; rename it {_as_name(name)}.py"
        raise ParameterError(message)
    taken = before is not None or name in sys.stdlib_module_names
    if taken or not _is(importlib.util.find_spec(name), path):
        message = f"{path}: Python has a module of the name {name} already; rename your file"
        raise ParameterError(message)
    if str(folder) not in map(os.path.abspath, sys.path):
        sys.path.append(str(folder))  # worker processes begin with the path of this one
    importlib.invalidate_caches()
    _FILES.add(str(folder / path.name))
    try:
        return importlib.import_module(name)
    except ReplicaError:
        raise
    except SyntaxError as error:
        message = f"{error.filename}, line {error.lineno}: {error.msg}"
        raise ReplicaError(message) from error
    except Exception as error:  # the file is not ours: it may raise anything
        message = blamed(error) or f"cannot load {path}: {type(error).__name__}: {error}"
        raise ReplicaError(message) from error


def _is(found: ModuleSpec | None, path: Path) -> bool:
    """Whether what Python finds under a name is that file, or nothing yet."""
    return found is None or (found.origin is not None and Path(found.origin).resolve() == path.resolve())


def _as_name(stem: str) -> str:
    word = "".join(sign if sign.isalnum() else "_" for sign in stem)
    return word if word.isidentifier() else f"my_{word}"


def _declared(name: str, kind: type[Theory]) -> None:
    """Refuse a class that is not written to its end."""
    from replica.theory import Theory

    own = [str(kind_of) for kind_of in vars(kind).get("__annotations__", {}).values()]
    fields = any(not one.removeprefix("typing.").startswith("ClassVar") for one in own)
    if not dataclasses.is_dataclass(kind) or ("__dataclass_fields__" not in vars(kind) and fields):
        message = f"{name}: write @dataclass(frozen=True) above the class"
        raise ParameterError(message)
    for declaration in ("name", "order", "branches"):
        if not hasattr(kind, declaration):
            message = f"{name} declares no {declaration}; docs/add_a_theory.md goes through one line by line"
            raise ParameterError(message)
    for formula in ("update", "free_energy"):
        if getattr(kind, formula) is getattr(Theory, formula):
            message = f"{name} has no formula {formula}; every theory must have it"
            raise ParameterError(message)
    kind.parameters()  # says which field was not declared by parameter(...)


def _kind(value: Any) -> str:
    from replica.theory import Theory
    from replica.units import Unit

    if isinstance(value, type):
        if issubclass(value, Theory):
            return "a theory"
        return "a unit" if issubclass(value, Unit) else "a class of another kind"
    return f"an object of the class {type(value).__name__}"


# -- a model ---------------------------------------------------------------------------------------------


def _model(name: str) -> type[Theory]:
    """The theory that a model file describes."""
    from phase_diagrams.storage.kinds_of_files import instead, missing
    from replica.functional.files import read
    from replica.functional.fully_connected import theory_of

    if not os.path.lexists(name):
        raise ParameterError(missing(name, ["model"]))
    if told := instead(name, ["model"]):
        raise ParameterError(told)
    return theory_of(read(name))


def _made_of_model(value: Any) -> Any:
    """The theory of a model that a file of Python makes; anything else as it is."""
    from replica.functional.fully_connected import theory_of
    from replica.functional.model import Model

    return theory_of(value) if isinstance(value, Model) else value
