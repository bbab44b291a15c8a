"""Values to configuration records, checked by pydantic; and what editors are told of them."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from regpress.model.config_problems import flaws_of
from regpress.model.config_reporting import WRITTEN
from regpress.model.config_tree import Node
from regpress.model.config_types import ConfigRecord
from regpress.model.flaws import FlawsError

R = TypeVar("R", bound=ConfigRecord)


def validated(kind: type[R], value: Any, *, written: bool = False, root: Node | None = None) -> R:
    """Return the record that *value* spells.

    Args:
        kind: which record.
        value: its members by their keys in the file, or by their names.
        written: whether people wrote it: keys in camelCase only, durations only with units.
        root: the tree that the values come from, if there is one.

    Raises:
        FlawsError: it spells none; with everything that is wrong.
    """
    try:
        made: R = _adapter(kind).validate_python(value, context={WRITTEN: written})
    except ValidationError as error:
        raise FlawsError(*flaws_of(error.errors(include_url=False), root)) from error
    return made


def json_schema(kind: type[ConfigRecord]) -> dict[str, Any]:
    """Return the JSON Schema of a record as it is written."""
    return _adapter(kind).json_schema(by_alias=True, mode="validation")


def _adapter(kind: type[ConfigRecord]) -> TypeAdapter[Any]:
    known = _adapters.get(kind)
    if known is None:
        known = _adapters[kind] = TypeAdapter(kind)
    return known


#: What checks each kind of record; it takes long to make.
_adapters: Final[dict[type[ConfigRecord], TypeAdapter[Any]]] = {}
