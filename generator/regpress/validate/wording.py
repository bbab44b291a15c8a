"""A failure that the schema validator found to an issue in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from regpress.model.issue import Issue, Severity
from regpress.validate.findings import key_path, shown

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
#: RFC 3986 section 2: the characters of a URI, and ``%`` only before two hexadecimal digits.
_NOT_IN_URI = re.compile(r"[^A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]|%(?![0-9A-Fa-f]{2})")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

_TYPES: Final = {
    "array": "an array",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}

#: What the patterns of our schemas ask for; a test holds the two together.
PATTERNS: Final = {
    "^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$": "'namespace/name' of letters, digits, '.', '-' and, after the slash, '_'",
    "^[a-z0-9][a-z0-9-]*[a-z0-9]$": "at least two lower-case letters, digits and, between them, '-'",
    "^[0-9]+\\.[0-9]+\\.[0-9]+$": "three numbers such as '1.0.0'",
    "^[a-f0-9]{64}$": "64 digits and lower-case letters 'a' to 'f'",
    "^([0-9]+x[0-9]+|any)$": "a size such as '48x48', or 'any'",
    "^https?://[^\\s]+$": "an address that begins with 'http://' or 'https://' and has no spaces",
    "^(https?://[^\\s]+|\\{[a-zA-Z_][a-zA-Z0-9_]*\\}[^\\s]*)$": (
        "an address that begins with 'http://', 'https://' or a variable such as '{base_url}' and has no spaces"
    ),
    "^[0-9A-Za-z_-]+$": "letters, digits, '_' and '-'",
    "^[a-z0-9][a-z0-9_-]*[a-z0-9]$": "at least two lower-case letters, digits and, between them, '-' and '_'",
    "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": "lower-case letters, digits and, between them, '-'",
    "^(/[^/\\x00]+)+/?$": "an absolute path such as '/var/lib/data'",
    "^[A-Za-z_][A-Za-z0-9_]*$": "letters, digits and '_', not beginning with a digit",
}

_FORMATS: Final = {
    "date-time": ("an RFC 3339 date-time", "e.g. '2026-05-01T06:00:00Z'"),
    "hostname": ("a host name", "e.g. 'example.com'"),
    "uri": ("an absolute URI", "e.g. 'https://example.com/docs'"),
    "uuid": ("a UUID", "e.g. '123e4567-e89b-12d3-a456-426614174000'"),
}

#: What is wrong, and what would be right unless the first says it.
Words = tuple[str, str]


def place(parts: Iterable[str | int]) -> str:
    """Return a place in a document as issues spell it.

    Examples:
        >>> place(["packages", 0, "transport", "url"])
        'packages[0].transport.url'
        >>> place(["_meta", "com.example/build", "tags", 1])
        '_meta["com.example/build"].tags[1]'
    """
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _IDENTIFIER.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += key_path(part)
    return text


def issue_of(error: ValidationError, *, at: Sequence[str | int] = (), severity: Severity = "error") -> Issue:
    """Return the issue for one failure.

    Args:
        error: as the validator gave it.
        at: where the value that was checked stands in the document.
        severity: of the issue.
    """
    parts = [*at, *error.instance_path]
    keyword = str(error.schema_path[-1]) if error.schema_path else ""
    message, expected = _WORDS.get(keyword, _other)(error, _name(parts))
    return Issue(
        type="schema",
        severity=severity,
        path=place(parts),
        message=message,
        reference=f"schema:{keyword}",
        expected=expected,
    )


def _name(parts: Sequence[str | int]) -> str:
    """Return how a message calls the value at a place: its key, with the indexes that follow."""
    indexes = ""
    for part in reversed(parts):
        if isinstance(part, str):
            return (part if _IDENTIFIER.fullmatch(part) else shown(part)) + indexes
        indexes = f"[{part}]{indexes}"
    return f"item {indexes}" if indexes else "the document"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return "an array"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"the number {str(value)[:30]}"


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _type(error: ValidationError, name: str) -> Words:
    types: list[str] = _fact(error, "types")
    return f"{name} is {_value(error.instance)}", _either([_TYPES.get(one, one) for one in types])


def _required(error: ValidationError, name: str) -> Words:
    member: str = _fact(error, "property")
    given: Any = error.instance
    near = next((str(key) for key in given if _folded(str(key)) == _folded(member)), "")
    hint = f"the spelling {member!r}, not {shown(near)}" if near else ""
    return f"{name} lacks the required member {member!r}", hint


def _folded(key: str) -> str:
    return re.sub("[^a-z0-9]", "", key.lower())


def _max_length(error: ValidationError, name: str) -> Words:
    return f"{name} has {len(str(error.instance))} characters, at most {_fact(error, 'limit')} allowed", ""


def _min_length(error: ValidationError, name: str) -> Words:
    limit: int = _fact(error, "limit")
    if not error.instance:
        return f"{name} is empty", f"at least {limit} character{'s' if limit > 1 else ''}"
    return f"{name} {_value(error.instance)} is too short, at least {limit} characters needed", ""


def _pattern(error: ValidationError, name: str) -> Words:
    pattern: str = _fact(error, "pattern")
    expected = PATTERNS.get(pattern, f"text that matches {pattern}")
    return f"{name} {_value(error.instance)} is not of the right form", expected


def _format(error: ValidationError, name: str) -> Words:
    wanted: str = _fact(error, "format")
    what, example = _FORMATS.get(wanted, (f"of the format {wanted}", ""))
    reason = _uri_problem(str(error.instance)) if wanted == "uri" else ""
    return f"{name} {_value(error.instance)} is not {what}{reason}", example


def _uri_problem(text: str) -> str:
    if not text:
        return ": it is empty"
    if found := _NOT_IN_URI.search(text):
        return f": {found.group()!r} must be percent-encoded"
    return "" if _SCHEME.match(text) else ": it has no scheme such as 'https:'"


def _enum(error: ValidationError, name: str) -> Words:
    options: list[Any] = _fact(error, "options")
    return f"{name} {_value(error.instance)} is none of the known values", _either([_value(one) for one in options])


def _not(error: ValidationError, name: str) -> Words:
    return f"{name} is the reserved word {_value(error.instance)}", "an exact version, e.g. '1.2.3'"


def _closed(error: ValidationError, name: str) -> Words:
    unknown: list[str] = sorted(_fact(error, "unexpected"))
    more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
    listed = ", ".join(shown(key) for key in unknown[:5]) + more
    return f"{name} has members that this schema does not allow there: {listed}", ""


def _minimum(error: ValidationError, name: str) -> Words:
    return f"{name} is {_value(error.instance)}, at least {_fact(error, 'limit')} needed", ""


def _maximum(error: ValidationError, name: str) -> Words:
    return f"{name} is {_value(error.instance)}, at most {_fact(error, 'limit')} allowed", ""


def _unique(_error: ValidationError, name: str) -> Words:
    return f"{name} holds the same item twice", "each item once"


def _any_of(error: ValidationError, name: str) -> Words:
    """Word the two alternatives of our schemas: a positional argument's members, and a host that may be a suffix."""
    if isinstance(error.instance, dict):
        return f"{name} is a positional argument with neither 'value' nor 'valueHint'", "at least one of them"
    return f"{name} {_value(error.instance)} is not a host", "a host name, or a suffix such as '.example.com'"


def _other(error: ValidationError, name: str) -> Words:
    return f"{name}: {shown(error.message)}", ""


def _fact(error: ValidationError, name: str) -> Any:
    """Return what the schema says: each kind of error has one such attribute."""
    return getattr(error.kind, name)


_WORDS: Final[dict[str, Callable[[ValidationError, str], Words]]] = {
    "additionalProperties": _closed,
    "anyOf": _any_of,
    "enum": _enum,
    "format": _format,
    "maxLength": _max_length,
    "maximum": _maximum,
    "minLength": _min_length,
    "minimum": _minimum,
    "not": _not,
    "pattern": _pattern,
    "required": _required,
    "type": _type,
    "uniqueItems": _unique,
}
