"""Configuration records to JSON: as people write them; and as they are kept, to come back the same without checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final

from regpress.model.config_types import ConfigRecord

_RECORD: Final = "record"
_MEMBERS: Final = "members"
_TUPLE: Final = "tuple"
_MAPPING: Final = "mapping"


def written(record: ConfigRecord, *, defaults: bool = True) -> dict[str, Any]:
    """Return a record by the keys of the file, without those that have no value.

    Args:
        record: the record.
        defaults: whether it has the keys whose value is what it is without them.
    """
    members = record.keys() if defaults else _unusual(record)
    values = {key: _as_written(getattr(record, name), defaults=defaults) for key, name in members.items()}
    return {key: value for key, value in values.items() if value is not None}


def _as_written(value: Any, *, defaults: bool) -> Any:
    if isinstance(value, ConfigRecord):
        return written(value, defaults=defaults)
    if isinstance(value, Mapping):
        return {key: _as_written(item, defaults=defaults) for key, item in value.items()}
    return [_as_written(item, defaults=defaults) for item in value] if isinstance(value, list | tuple) else value


def _unusual(record: ConfigRecord) -> dict[str, str]:
    usual = {each.name: each.default for each in fields(record)}  # type: ignore[arg-type]
    usual |= {
        each.name: each.default_factory()
        for each in fields(record)  # type: ignore[arg-type]
        if each.default_factory is not MISSING
    }
    return {key: name for key, name in record.keys().items() if getattr(record, name) != usual[name]}


def packed(value: Any) -> Any:
    """Return a record, or a value in one, as JSON that says what it was."""
    if isinstance(value, ConfigRecord):
        members = {name: packed(getattr(value, name)) for name in _unusual(value).values()}
        return {_RECORD: type(value).__name__, _MEMBERS: members}
    if isinstance(value, tuple):
        return {_TUPLE: [packed(item) for item in value]}
    if isinstance(value, Mapping):
        return {_MAPPING: {key: packed(item) for key, item in value.items()}}
    return [packed(item) for item in value] if isinstance(value, list) else value


def unpacked(value: Any) -> Any:
    """Return what `packed` made JSON of.

    Raises:
        LookupError, TypeError: it did not.
    """
    if isinstance(value, list):
        return [unpacked(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _TUPLE in value:
        return tuple(unpacked(value[_TUPLE]))
    if _MAPPING in value:
        return {key: unpacked(item) for key, item in value[_MAPPING].items()}
    kind = {each.__name__: each for each in ConfigRecord.__subclasses__()}[value[_RECORD]]
    return kind(**{name: unpacked(item) for name, item in value[_MEMBERS].items()})
