"""What a reader can follow or see (website, repository, icons) to findings, official registry specification 10.2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from regpress.validate.findings import Check, Finding, Part, run, shown
from regpress.validate.urls import has_dangerous_scheme, is_plain_https, scheme_of, url_problem

_CLEAN_PATH = re.compile(r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._-]+(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._-]+)*")


def website_findings(server: Part) -> Sequence[Finding]:
    """Return what is wrong with the form of ``websiteUrl``."""
    url = server.get("websiteUrl")
    if not isinstance(url, str) or not url or is_plain_https(url):
        return ()
    return _url_findings("websiteUrl", url, "invalid-website-url", "website-url-must-be-absolute")


def icon_findings(icon: Part) -> Sequence[Finding]:
    """Return what is wrong with the form of a server icon's ``src``."""
    url = icon.get("src")
    if not isinstance(url, str) or is_plain_https(url):
        return ()
    return _url_findings("src", url, "icon-src-invalid-url", "icon-src-not-absolute")


def collection_icon_findings(icon: Part) -> Sequence[Finding]:
    """Return what is wrong with the ``src`` of a skill's or plugin's icon, which may be a path."""
    url = icon.get("src")
    if not isinstance(url, str) or is_plain_https(url):
        return ()
    return [found for found in icon_findings(icon) if found.reference != "icon-src-not-absolute"]


def repository_findings(repository: Part) -> Sequence[Finding]:
    """Return what is wrong with a repository wherever it may lie."""
    return run(_REPOSITORY_CHECKS, repository)


def subfolder_findings(part: Part) -> Sequence[Finding]:
    """Return whether a ``subfolder`` leads anywhere but down."""
    folder = part.get("subfolder")
    if not isinstance(folder, str) or not folder or _CLEAN_PATH.fullmatch(folder):
        return ()
    message = f"{shown(folder)} is not a clean relative path"
    expected = "folders of letters, digits, '-', '_' and '.', joined by single slashes"
    return [Finding("subfolder", "invalid-subfolder-path", message, expected)]


def _repository_url_is_harmless(repository: Part) -> Sequence[Finding]:
    url = repository.get("url")
    return _dangerous("url", url) if isinstance(url, str) else ()


def _url_findings(path: str, url: str, invalid: str, relative: str) -> Sequence[Finding]:
    found = list(_dangerous(path, url))
    if reason := url_problem(url):
        found.append(Finding(path, invalid, f"{shown(url)} {reason}", "an https URL"))
    if not scheme_of(url):
        found.append(Finding(path, relative, f"{shown(url)} has no scheme", "an https URL"))
    return found


def _dangerous(path: str, url: str) -> Sequence[Finding]:
    if url.startswith("https://") or not has_dangerous_scheme(url):
        return ()
    message = f"{shown(url)} is not an address to follow or load"
    return [Finding(path, "dangerous-url-scheme", message, "an https URL")]


_REPOSITORY_CHECKS: Final[tuple[Check, ...]] = (subfolder_findings, _repository_url_is_harmless)
