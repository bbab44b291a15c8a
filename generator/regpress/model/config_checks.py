"""Texts of the configuration to what is wrong with them; nothing here knows about files, lines or records."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

#: Go's time.ParseDuration: signed numbers with units, strung together; a bare zero needs no unit.
DURATION_PATTERN: Final = r"[+-]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)"
_DURATION_PART: Final = r"([0-9.]+)(ns|us|µs|μs|ms|s|m|h)"
_UNITS: Final = {"ns": "1e-9", "us": "1e-6", "µs": "1e-6", "μs": "1e-6", "ms": "1e-3", "s": "1", "m": "60", "h": "3600"}
#: Go counts nanoseconds in a signed 64-bit integer.
_MOST_NANOSECONDS: Final = 2**63 - 1

# Patterns are texts that `re` compiles when it first needs them: most configurations were checked before.

#: What `regpress.names` takes as the name of a source or registry, for JSON Schema.
CONFIG_NAME_PATTERN: Final = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"

_BLANK_OR_CONTROL: Final = r"[\s\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]"
#: Readers of addresses disagree about these, so that a check would see another host than the request.
_NOT_IN_URLS: Final = r"[\s\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff\\\"<>^`{|}]"
_CONTROL: Final = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_REMOTE_HELPER: Final = r"[A-Za-z0-9][A-Za-z0-9+.-]*::"
_HEX: Final = r"[0-9a-fA-F]{7,64}"
_HOST: Final = r"(?i)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
_COLOUR: Final = r"#[0-9a-fA-F]{6}"
_SLUG: Final = r"[a-z0-9]+([._-][a-z0-9]+)*"
MAX_TEXT: Final = 4096


def parse_duration(text: str) -> float:
    """Return the seconds of a Go duration such as ``30s``, ``1m30s``, ``1.5h`` or ``500ms``.

    Raises:
        ValueError: the text is none.
    """
    from decimal import Decimal  # noqa: PLC0415 - most configurations were checked before, and few name one

    if len(text) > 100 or not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(f"{shorten(text)!r} is not a duration")
    total = sum(
        (Decimal(number) * Decimal(_UNITS[unit]) for number, unit in re.findall(_DURATION_PART, text)), Decimal(0)
    )
    if total * 10**9 > _MOST_NANOSECONDS:
        raise ValueError(f"{shorten(text)!r} is longer than any duration")
    return float(-total if text.startswith("-") else total)


def shorten(text: str, limit: int = 80) -> str:
    """Return *text* cut to *limit* characters, for messages."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def text_problem(text: str) -> str | None:
    """Return why *text* is not one line of text, or None."""
    if not text.strip():
        return "is empty"
    if found := re.search(_CONTROL, text):
        return f"contains the control character U+{ord(found.group()):04X}"
    return f"is longer than {MAX_TEXT} characters" if len(text) > MAX_TEXT else None


def profile_problem(text: str) -> str | None:
    """Return why *text* cannot be the name of a host profile, or None."""
    return (
        None
        if re.fullmatch(_SLUG, text) and len(text) <= 63
        else f"{shorten(text)!r} is not the name of a host profile"
    )


def optional_text_problem(text: str) -> str | None:
    """Return why *text* is neither empty nor one line of text, or None."""
    return text_problem(text) if text else None


def absolute_path_problem(text: str) -> str | None:
    """Return why *text* is not the absolute path of a file, or None."""
    return text_problem(text) or (None if text.startswith("/") else "is not an absolute path")


def slug_problem(text: str) -> str | None:
    """Return why *text* is not the name of a page, or None."""
    return None if len(text) <= 100 and re.fullmatch(_SLUG, text) else f"{shorten(text)!r} is not the name of a page"


def colour_problem(text: str) -> str | None:
    """Return why *text* is not a colour, or None."""
    return None if re.fullmatch(_COLOUR, text) else f"{shorten(text)!r} is not a colour"


def url_problem(text: str) -> str | None:
    """Return why *text* is not an absolute http or https address without credentials, or None."""
    if found := re.search(_NOT_IN_URLS, text):
        return f"contains {found.group()!r}"
    parts = _split(text)
    if parts is None or not parts.hostname:
        return f"{shorten(_public(text))!r} is not an absolute address with a host"
    if parts.scheme.lower() not in {"http", "https"}:
        return f"has the scheme {parts.scheme!r}"
    if "@" in parts.netloc:
        return "contains a user name or password"
    return None


def base_url_problem(text: str) -> str | None:
    """Return why *text* cannot be the address of a site, or None; the empty text stands for none."""
    if not text:
        return None
    if problem := url_problem(text):
        return problem
    if "?" in text or "#" in text:
        return "contains a query or fragment"
    return base_path_problem(urlsplit(text).path.rstrip("/"))


def endpoint_problem(text: str) -> str | None:
    """Return why *text* cannot be the base address of another registry's API, or None."""
    if problem := url_problem(text):
        return problem
    if "?" in text or "#" in text:
        return "contains a query or fragment"
    version = next((part for part in urlsplit(text).path.split("/") if part in {"v0", "v0.1"}), "")
    return f"contains '/{version}', which is added to it" if version else None


def base_path_problem(text: str) -> str | None:
    """Return why *text* cannot be the path of a site below its host, or None; the empty path is fine."""
    if not text:
        return None
    if not text.startswith("/"):
        return "does not begin with '/'"
    if found := re.search(r"[^A-Za-z0-9/._~-]", text):
        return f"contains {found.group()!r}"
    if any(part in {"", ".", ".."} for part in text.strip("/").split("/")) and text != "/":
        return "contains an empty part, '.' or '..'"
    return None


def repository_problem(text: str) -> str | None:
    """Return why *text* is not a git repository that may be fetched, or None.

    Allowed are http and https addresses without credentials, ``file://`` addresses and local paths. Anything that
    git would take for an option, a remote helper or an ssh address is not: those run programs.
    """
    if not text:
        return "is empty"
    if text.startswith("-"):
        return "begins with '-', as an option does"
    if re.search(_CONTROL, text) or text != text.strip():
        return "contains a control character, or a space at an end"
    if re.match(_REMOTE_HELPER, text):
        return "names a git remote helper, which would run a program"
    scheme, separator, _ = text.partition("://")
    if not separator:
        return _scp_problem(text)
    if scheme.lower() == "file":
        return _file_url_problem(text)
    if scheme.lower() not in {"http", "https"}:
        return f"has the scheme {shorten(scheme)!r}"
    return url_problem(text)


def _scp_problem(text: str) -> str | None:
    # git reads "host:path" as an address for ssh when no slash comes before the colon.
    return "is an address for ssh" if ":" in text.partition("/")[0] else None


def _file_url_problem(text: str) -> str | None:
    parts = _split(text)
    if parts is None or parts.netloc not in {"", "localhost"} or not parts.path.strip("/"):
        return "is not the address of a local folder"
    return None


def ref_problem(text: str) -> str | None:
    """Return why *text* is not a branch or tag name, or None; the rules of ``git check-ref-format``."""
    if not text:
        return "is empty"
    if text.startswith("-"):
        return "begins with '-', as an option does"
    if re.search(_BLANK_OR_CONTROL, text):
        return "contains a space or control character"
    for part in ("..", "@{", "//", "~", "^", ":", "?", "*", "[", "\\"):
        if part in text:
            return f"contains {part!r}"
    if text == "@" or text.startswith("/") or text.endswith(("/", ".", ".lock")):
        return f"{shorten(text)!r} is not a name that git allows"
    return "is longer than 255 characters" if len(text) > 255 else None


def commit_problem(text: str) -> str | None:
    """Return why *text* is not the hash of a commit, full or shortened, or None."""
    return None if re.fullmatch(_HEX, text) else f"{shorten(text)!r} is not the hash of a commit"


def inner_path_problem(text: str) -> str | None:
    """Return why *text* is not a path inside a repository, or None."""
    if problem := text_problem(text):
        return problem
    if text.startswith(("/", "~", "-")) or "\\" in text or ":" in text:
        return f"{shorten(text)!r} is not a relative path"
    return "contains '..'" if ".." in text.split("/") else None


def pattern_problem(text: str) -> str | None:
    """Return why *text* is not a name pattern of ``*``, ``?`` and ``[classes]``, or None."""
    if problem := text_problem(text):
        return problem
    if re.search(r"\[(?![^\]]+\])", re.sub(r"\\.", "", text)):
        return f"{shorten(text)!r} has a '[' without its ']'"
    return None


def host_problem(text: str) -> str | None:
    """Return why *text* is not the name of a host, or None."""
    return None if len(text) <= 253 and re.fullmatch(_HOST, text) else f"{shorten(text)!r} is not the name of a host"


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # raises where it is no number
    except ValueError:
        return None
    return parts


def _public(text: str) -> str:
    # A message goes to logs and pull requests; a password in an address must not.
    return re.sub(r"//[^/]*@", "//…@", text)
