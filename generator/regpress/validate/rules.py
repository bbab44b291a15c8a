"""Documents to semantic issues: the second tier of validation, what the formats mean beyond their JSON Schemas.

Official registry specification sections 9 and 10, ToolHive specification 15 and 16. What only the official service
demands is in `regpress.validate.policy`. Documents may be malformed in any way: a rule looks at members of the type
that it knows and leaves the rest to the JSON Schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from regpress.model.issue import Issue
from regpress.names import Kind
from regpress.validate.findings import Check, Finding, Part, run, run_each, shown, within
from regpress.validate.rulebook import issues_of
from regpress.validate.rules_collection import collection_findings
from regpress.validate.rules_extension import extension_findings
from regpress.validate.rules_identity import entry_version_findings, server_name_findings
from regpress.validate.rules_links import icon_findings, repository_findings, website_findings
from regpress.validate.rules_package import PACKAGE_CHECKS, is_blank, template_findings
from regpress.validate.urls import is_plain_https

_REMOTE_TRANSPORTS: Final = ("streamable-http", "sse")


def semantic_issues(kind: Kind, value: Any) -> tuple[Issue, ...]:
    """Return the semantic issues of a server, skill or plugin, with default severities, in the order of the rules.

    Args:
        kind: what the document should be.
        value: plain JSON values; anything but an object has no issues here.
    """
    if not isinstance(value, dict):
        return ()
    found = run(SERVER_CHECKS, value) if kind == "server" else collection_findings(value)
    return issues_of(found) if found else ()


def _repository_is_sound(server: Part) -> Sequence[Finding]:
    repository = server.get("repository")
    if not isinstance(repository, dict):
        return ()
    found = repository_findings(repository)
    return within("repository", found) if found else ()


def _icons_are_sound(server: Part) -> Sequence[Finding]:
    return run_each(_ICON_CHECKS, server["icons"], "icons") if "icons" in server else ()


def _packages_are_sound(server: Part) -> Sequence[Finding]:
    return run_each(PACKAGE_CHECKS, server["packages"], "packages") if "packages" in server else ()


def _remotes_are_sound(server: Part) -> Sequence[Finding]:
    return run_each(_REMOTE_CHECKS, server["remotes"], "remotes") if "remotes" in server else ()


def _remote_type_is_known(remote: Part) -> Sequence[Finding]:
    kind = remote.get("type", "")
    if not isinstance(kind, str) or kind in _REMOTE_TRANSPORTS:
        return ()
    message = f"{shown(kind)} is not a transport of remotes"
    return [Finding("type", "unsupported-remote-transport-type", message, "streamable-http or sse")]


def _remote_has_url(remote: Part) -> Sequence[Finding]:
    if not is_blank(remote.get("url")):
        return ()
    # The official registry reports both.
    return [
        Finding("url", "remote-transport-url-required", "a remote has no URL", "its address"),
        Finding("url", "invalid-templated-url", "an empty text is not an http or https URL"),
    ]


def _remote_url_is_sound(remote: Part) -> Sequence[Finding]:
    url = remote.get("url")
    if not isinstance(url, str) or not url or is_plain_https(url):
        return ()
    variables = remote.get("variables")
    return template_findings("url", url, set(variables) if isinstance(variables, dict) else set())


_ICON_CHECKS: Final[tuple[Check, ...]] = (icon_findings,)
_REMOTE_CHECKS: Final[tuple[Check, ...]] = (_remote_type_is_known, _remote_has_url, _remote_url_is_sound)

#: The rules for servers, one check for each member that they are about.
SERVER_CHECKS: Final[tuple[Check, ...]] = (
    server_name_findings,
    entry_version_findings,
    website_findings,
    _repository_is_sound,
    _icons_are_sound,
    _packages_are_sound,
    _remotes_are_sound,
    extension_findings,
)
