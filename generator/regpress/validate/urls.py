"""URL texts to judgements: plain ones by one pattern, all others taken apart.

Nearly all URLs of real entries are plain, so that nothing is parsed for them. Templates (``https://{host}/mcp``) are
filled with stand-ins first, official registry specification section 10.2.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice
from typing import Final
from urllib.parse import SplitResult, urlsplit

from regpress.validate.findings import shown

_PLAIN_HTTPS = re.compile(
    r"https://(?![a-z0-9.-]*localhost)(?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]{1,4})?"
    r"(?:[/?#][A-Za-z0-9._~!$&'()*+,;=:@/?#-]*)?"
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NEVER_IN_URLS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff\\]")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
#: Most undefined variables that are reported of one URL.
_MOST: Final = 20
_STAND_INS: Final = {"host": "example.com", "port": "8080", "path": "mcp", "protocol": "http", "scheme": "http"}
#: Schemes that run or carry a document instead of leading to one.
_DANGEROUS_SCHEMES: Final = frozenset({"javascript", "vbscript", "data"})


def is_plain_https(text: str) -> bool:
    """Return whether *text* is an https URL with an ordinary domain, nothing templated and nothing to take apart.

    True answers every question of this module in the URL's favour; False says nothing.
    """
    return _PLAIN_HTTPS.fullmatch(text) is not None


def scheme_of(text: str) -> str:
    """Return the scheme of *text* in lower case, empty where it has none."""
    found = _SCHEME.match(text)
    return found.group(1).lower() if found else ""


def has_dangerous_scheme(text: str) -> bool:
    """Return whether following *text* as a link runs it or opens what it contains."""
    return scheme_of(text.strip()) in _DANGEROUS_SCHEMES


def url_problem(text: str) -> str | None:
    """Return why *text* cannot be read as a URL or relative reference (RFC 3986), or None."""
    if found := _NEVER_IN_URLS.search(text):
        return f"contains {shown(found.group())}"
    if _BROKEN_ESCAPE.search(text):
        return "has a '%' without two hexadecimal digits"
    parts = _split(text)
    if parts is None:
        return "cannot be taken apart"
    if parts.scheme in {"http", "https"} and not parts.hostname:
        return "has no host"
    return None


def host_of(text: str) -> str:
    """Return the host of the URL *text* in lower case, empty where it has none or cannot be taken apart."""
    parts = _split(text)
    return (parts.hostname or "") if parts else ""


def is_loopback(text: str) -> bool:
    """Return whether the host of the URL *text* is the reader's own machine."""
    host = host_of(text)
    return host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost")


def fill_template(text: str) -> str:
    """Return *text* with a fitting word in place of each ``{variable}``.

    A variable between ``:`` and the end or ``/`` is a port, whatever its name.
    """
    return _VARIABLE.sub(_stand_in, text)


def template_problems(text: str, defined: Collection[str]) -> list[str]:
    """Return what is wrong with a transport URL that may hold variables.

    Args:
        text: the URL as published.
        defined: names that may stand in braces.
    """
    undefined = (name for name in dict.fromkeys(_VARIABLE.findall(text)) if name not in defined)
    problems = [f"uses the undefined variable {shown('{' + name + '}')}" for name in islice(undefined, _MOST)]
    filled = fill_template(text)
    if "{" in filled or "}" in filled:
        problems.append("has a brace without its partner")
    elif reason := url_problem(filled):
        problems.append(reason)
    elif scheme_of(filled) not in {"http", "https"}:
        problems.append("is not an http or https URL")
    return problems


def _stand_in(found: re.Match[str]) -> str:
    name = found.group(1)
    if name in _STAND_INS:
        return _STAND_INS[name]
    text, start, end = found.string, found.start(), found.end()
    is_port = start > 0 and text[start - 1] == ":" and (end == len(text) or text[end] == "/")
    return _STAND_INS["port"] if is_port else "word"


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts
