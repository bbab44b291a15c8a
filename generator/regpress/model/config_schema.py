"""Configuration records to the JSON Schema that editors read."""

from __future__ import annotations

from typing import Any, Final

from regpress.model.config_types import ConfigRecord
from regpress.model.config_validation import json_schema

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Final = ("git", "api", "file", "managed")
_IGNORED: Final = "Read by ToolHive's server only; ignored here."


def editor_schema(record: type[ConfigRecord], *, ignored: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON Schema of *record* as people write it in the file.

    It says what concerns one place. That names are unique and stand for something, and what a text must look like
    beyond a pattern, is for `regpress.model.config.load_config`.

    Args:
        record: the record of the whole file.
        ignored: keys of the file that are allowed and do not count.
    """
    schema = json_schema(record)
    definitions = schema.get("$defs", {})
    for model in (schema, *definitions.values()):
        _allow_empty(model)
    for key in ignored:
        schema["properties"][key] = {"description": _IGNORED, "deprecated": True}
    _source_rules(definitions["SourceConfig"])
    _file_rules(definitions["FileSettings"])
    _auth_rules(definitions["AuthConfig"])
    definitions.pop("KubernetesSettings", None)
    return {"$schema": _DIALECT, **schema, "title": "regpress configuration"}


def _allow_empty(model: dict[str, Any]) -> None:
    """Let an optional key be there without a value, as the file reader does; drop titles that repeat the keys."""
    required = model.get("required", ())
    for key, part in model.get("properties", {}).items():
        part.pop("title", None)
        default = part.get("default")
        if default is None or isinstance(default, float):
            part.pop("default", None)
        if key not in required and {"type": "null"} not in part.get("anyOf", ()):
            about = {name: part.pop(name) for name in ("description", "default", "deprecated") if name in part}
            model["properties"][key] = {"anyOf": [part, {"type": "null"}], **about}


def _source_rules(source: dict[str, Any]) -> None:
    properties = source["properties"]
    properties["kubernetes"] = False
    properties["format"] = {
        "description": "Formerly the file format, which is recognised now; ignored.",
        "deprecated": True,
    }
    source["oneOf"] = [_given(key) for key in _TYPES]


def _file_rules(file: dict[str, Any]) -> None:
    file["oneOf"] = [_given(key) for key in ("path", "url", "data")]
    file["if"], file["then"] = _given("timeout"), _given("url")


def _auth_rules(auth: dict[str, Any]) -> None:
    modes = {"anyOf": [{"const": "oauth"}, {"type": "array", "contains": {"const": "oauth"}}]}
    keys = [key for key in auth["properties"] if key != "mode"]
    others = [{"required": [key], "properties": {key: {"not": {"enum": [None, [], {}]}}}} for key in keys]
    auth["allOf"] = [
        {"if": {"properties": {"mode": modes}, "required": ["mode"]}, "then": _given("oauth")},
        {"if": {"anyOf": others}, "then": _given("mode")},
    ]


def _given(key: str) -> dict[str, Any]:
    return {"required": [key], "properties": {key: {"not": {"type": "null"}}}}
