"""The base of all configuration records, and what their annotations say to pydantic.

What a record says is checked where it is read (`regpress.model.config_validation`). Only there is pydantic imported: it
takes as long as a small change takes to build, and most builds have a configuration that was checked before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, dataclass_transform

from regpress.model.flaws import Flaw
from regpress.record import record

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

#: JSON Schema of lists that must not be empty.
AT_LEAST_ONE: Final[dict[str, Any]] = {"minItems": 1}


def camel(name: str) -> str:
    """Return the key in the file of what is called *name* here."""
    return re.sub("_(.)", lambda found: found[1].upper(), name)


def key(
    description: str, *, default: Any = MISSING, default_factory: Any = MISSING, spelt: str = "", **rules: Any
) -> Any:
    """Return the field of a record.

    Args:
        description: what it is, for people who write the file.
        default: its value where the file has none; it is required without one.
        default_factory: makes that value.
        spelt: its key in the file where that is not its name in camelCase.
        rules: what else `pydantic.Field` takes.
    """
    metadata = {"description": description, **({"alias": spelt} if spelt else {}), **rules}
    return field(default=default, default_factory=default_factory, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(key,))
class ConfigRecord:
    """A record of the configuration: snake_case here, camelCase in the file, unknown keys refused.

    An empty value (``key:`` with nothing after it) counts as a key that is not given. Records that are made in Python
    are taken as they are: what is not known to be right is made with `regpress.model.config_validation.validated`.
    """

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {
        "extra": "forbid",
        "alias_generator": camel,
        "populate_by_name": True,
        "hide_input_in_errors": True,
    }

    def __init_subclass__(cls) -> None:
        record(kw_only=True, slots=False)(cls)

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterable[Flaw]:  # noqa: ARG003  # for records that override it
        """Return problems that concern several keys.

        Args:
            given: values by key as in the file, unchecked: any of them may be of a wrong type.
        """
        return ()

    @classmethod
    def keys(cls) -> dict[str, str]:
        """Return the names of the members by their keys in the file."""
        return {each.metadata.get("alias", camel(each.name)): each.name for each in fields(cls)}  # type: ignore[arg-type]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic report all problems of a record at once."""
        from regpress.model.config_reporting import reporting  # noqa: PLC0415 - only where something is checked

        return reporting(cls, handler(source))


class Check(NamedTuple):
    """For ``Annotated``: what is looked at in a value beside its type.

    Attributes:
        check: returns the value, or another in its place.

    Raises:
        FlawsError: *check* does where the value is not right.
    """

    check: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic call it with values of the type."""
        from regpress.model.config_reporting import checking  # noqa: PLC0415 - as above

        return checking(self.check, handler(source))


class CheckFirst(NamedTuple):
    """For ``Annotated``: what is looked at in a value before its type is.

    Attributes:
        check: as that of `Check`; called with whatever is there, and with whether people wrote it, who have to write
            keys in camelCase and durations with units.
    """

    check: Callable[[Any, bool], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic call it before anything else."""
        from regpress.model.config_reporting import checking_first  # noqa: PLC0415 - as above

        return checking_first(self.check, handler(source))


class Shown:
    """For ``Annotated``: the JSON Schema of a value, where that of its type says less."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> dict[str, Any]:
        """Let pydantic show it."""
        return dict(self._schema)


class Strict:
    """For ``Annotated``: nothing but the type itself will do, no text that could be read as one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic be strict."""
        schema: Any = handler(source)
        strict: CoreSchema = {**schema, "strict": True}
        return strict
