"""Records: what one part hands to the next and nobody changes.

A run of the program defines some hundred kinds of them and makes up to millions, so both are cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import Field, dataclass, field, fields
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, TypeVar, dataclass_transform, overload

_T = TypeVar("_T")


@overload
def record(cls: type[_T], /) -> type[_T]: ...


@overload
def record(*, kw_only: bool = False, slots: bool = True) -> Callable[[type[_T]], type[_T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(
    cls: type[_T] | None = None, /, *, kw_only: bool = False, slots: bool = True
) -> type[_T] | Callable[[type[_T]], type[_T]]:
    """Make a dataclass of a class as ``@dataclass(frozen=True)`` does, but one that only the type checker freezes.

    ``dataclass`` compiles each method of each class while the program starts, and what it freezes takes five times
    as long to make. Here ``__init__`` alone is compiled; the other methods look at the fields.

    Args:
        cls: the class, whose annotations are the members; `dataclasses.field` may say more about one.
        kw_only: whether all members are given by name.
        slots: False for a class that keeps more than its members, as ``cached_property`` does.

    Examples:
        >>> @record
        ... class Place:
        ...     name: str
        ...     depth: int = 0
        >>> Place("pier")
        Place(name='pier', depth=0)
    """

    def made(cls: type[_T]) -> type[_T]:
        # Without a docstring, dataclass writes one, of a signature that it takes long to find.
        cls.__doc__ = cls.__doc__ or cls.__name__
        plain = dataclass(repr=False, eq=False, kw_only=kw_only, slots=slots)(cls)
        _add_methods(plain)
        return plain

    return made if cls is None else made(cls)


def _add_methods(cls: Any) -> None:
    """Give a class the methods of a frozen dataclass, but for those that it has itself."""
    members = fields(cls)
    methods = {
        "__repr__": _text,
        "__eq__": _equality(_reader(each.name for each in members if each.compare)),
        "__hash__": _hash(_reader(each.name for each in members if _is_hashed(each))),
    }
    for name, method in methods.items():
        # Python itself writes None for the hash of a class that has its own __eq__.
        if vars(cls).get(name) is None:
            setattr(cls, name, method)


def _is_hashed(member: Field[Any]) -> bool:
    return member.compare if member.hash is None else member.hash


def _reader(names: Iterable[str]) -> Callable[[object], object]:
    """What reads the members of these names at once."""
    few = tuple(names)
    return attrgetter(*few) if few else lambda _: ()


def _equality(values: Callable[[object], object]) -> Callable[[object, object], bool]:
    def __eq__(self: object, other: object) -> bool:  # noqa: N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(values: Callable[[object], object]) -> Callable[[object], int]:
    def __hash__(self: object) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


@recursive_repr()
def _text(self: Any) -> str:
    """The record as it would be written in code."""
    members = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({members})"
