"""Small records that are made by the hundred thousand: frozen for who writes code, plain for who runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True)
def record(cls: type[_T]) -> type[_T]:
    """Make a slotted dataclass of a class, whose members only the type checker keeps from being assigned.

    A frozen dataclass takes five times as long to make and a named tuple nearly twice, and a tuple's members take
    twice as long to read: of the time that the page of an entry takes, that is a part worth saving.

    Examples:
        >>> @record
        ... class Place:
        ...     name: str
        ...     depth: int = 0
        >>> Place("pier")
        Place(name='pier', depth=0)
    """
    return dataclass(slots=True)(cls)
