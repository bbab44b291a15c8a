"""Documents to advice: the third tier of validation, what a curator may want to know about a valid document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from regpress.model.issue import Issue
from regpress.names import Kind
from regpress.validate.findings import Check, Finding, Part, run, run_each, shown, text_of, within
from regpress.validate.lint_inputs import argument_findings, environment_findings, header_findings, variable_findings
from regpress.validate.rulebook import issues_of
from regpress.validate.rules_package import ARGUMENT_LISTS, is_blank

#: Official registry specification 11.1; simpler and quicker for most.
_THREE_NUMBERS = re.compile(r"v?(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)")
_SEMANTIC = re.compile(
    _THREE_NUMBERS.pattern + r"(?:-(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
    r"(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
#: Official registry specification 9.2; a description that was cut has exactly this length.
_MAX_DESCRIPTION: Final = 100
_MAX_NAME: Final = 200


def lint_issues(kind: Kind, value: Any) -> tuple[Issue, ...]:
    """Return advice about a server, skill or plugin, in the order of the rules.

    Args:
        kind: what the document should be.
        value: plain JSON values; anything but an object gets no advice.
    """
    if not isinstance(value, dict):
        return ()
    found = run(_SERVER_CHECKS if kind == "server" else _COLLECTION_CHECKS, value)
    return issues_of(found) if found else ()


def something_to_run(server: Part) -> Sequence[Finding]:
    """Return advice about a server that nobody can run or connect to."""
    if server.get("packages") or server.get("remotes"):
        return ()
    return [Finding("", "nothing-to-run", "the server has neither packages nor remotes")]


def version_is_semantic(server: Part) -> Sequence[Finding]:
    """Return advice about a version whose order is not known."""
    version = server.get("version")
    if not isinstance(version, str) or is_semantic(version):
        return ()
    return [Finding("version", "version-not-semantic", f"{shown(version)} is not semantic", "such as '1.2.3'")]


def is_semantic(version: str) -> bool:
    """Return whether a version is semantic, perhaps with a ``v`` in front."""
    return bool(_THREE_NUMBERS.fullmatch(version) or _SEMANTIC.fullmatch(version))


def description_says_more(entry: Part) -> Sequence[Finding]:
    """Return advice about a description that repeats the title or the name."""
    description = entry.get("description")
    if not isinstance(description, str) or not description:
        return ()
    for key in ("title", "name"):
        other = entry.get(key)
        # Names are shorter than most descriptions, which need no second look then.
        if not isinstance(other, str) or not len(description) <= len(other) + 1 <= _MAX_NAME + 1:
            continue
        if _plain(description) in {_plain(other), _plain(other.rpartition("/")[2])}:
            return [Finding("description", "description-repeats-name", f"the description repeats the {key}")]
    return ()


def _plain(text: str) -> str:
    return text.strip(" .").casefold()


def description_is_whole(server: Part) -> Sequence[Finding]:
    """Return advice about a description that seems to have been longer."""
    description = server.get("description")
    if not isinstance(description, str) or not is_cut_off(description):
        return ()
    message = f"the description seems cut off after {shown(description.split()[-1])}"
    return [Finding("description", "description-cut-off", message, "a shorter one")]


def is_cut_off(description: str) -> bool:
    """Return whether a description seems to have been longer."""
    return len(description) == _MAX_DESCRIPTION and description[-1].isalnum()


def _packages_are_wise(server: Part) -> Sequence[Finding]:
    return run_each(_PACKAGE_CHECKS, server["packages"], "packages") if "packages" in server else ()


def _remotes_are_wise(server: Part) -> Sequence[Finding]:
    remotes = server.get("remotes")
    if not remotes or not isinstance(remotes, list):
        return ()
    found = run_each(_REMOTE_CHECKS, remotes, "remotes")
    return [*found, *repeated_urls(remotes)] if len(remotes) > 1 else found


def repeated_urls(remotes: list[Any]) -> list[Finding]:
    """Return advice about remotes of which an earlier one has the address already."""
    found: list[Finding] = []
    first: dict[tuple[str, str], int] = {}
    for index, remote in enumerate(remotes):
        if isinstance(remote, dict) and (url := text_of(remote, "url")):
            # The same address may speak both transports.
            before = first.setdefault((url, text_of(remote, "type")), index)
            if before != index:
                message = f"{shown(url)} is already remotes[{before}]"
                found.append(Finding(f"remotes[{index}].url", "repeated-remote", message))
    return found


def transport_is_current(part: Part) -> Sequence[Finding]:
    """Return advice about a transport that the protocol has deprecated."""
    if part.get("type") != "sse":
        return ()
    return [Finding("type", "sse-transport", "the protocol has deprecated sse", "streamable-http where possible")]


def package_transport_is_wise(package: Part) -> Sequence[Finding]:
    """Return advice about the transport of a package."""
    transport = package.get("transport")
    # Most packages speak stdio, about which there is nothing to say.
    if not isinstance(transport, dict) or len(transport) < 2:
        return ()
    found = run(_TRANSPORT_CHECKS, transport)
    return within("transport", found) if found else ()


def runtime_is_named(package: Part) -> Sequence[Finding]:
    """Return advice about runtime arguments without a runtime."""
    if not package.get("runtimeArguments") or not is_blank(package.get("runtimeHint")):
        return ()
    message = "there are runtime arguments without a runtime to take them"
    return [Finding("runtimeHint", "runtime-hint-missing", message, "such as 'npx', 'uvx' or 'docker'")]


def image_is_pinned(package: Part) -> Sequence[Finding]:
    """Return advice about an image that is not pinned."""
    if package.get("registryType") != "oci":
        return ()
    identifier = text_of(package, "identifier")
    # Older entries have the tag in a member of its own, skills a digest.
    if not identifier or "@" in identifier or text_of(package, "version") or text_of(package, "digest"):
        return ()
    _, colon, tag = identifier.rpartition("/")[2].partition(":")
    if colon and tag != "latest":
        return ()
    message = f"{shown(identifier)} changes with each release" if colon else f"{shown(identifier)} has no tag"
    return [Finding("identifier", "image-not-pinned", message, "a tag of this version, or a digest")]


def _git_is_pinned(package: Part) -> Sequence[Finding]:
    if package.get("registryType") != "git" or text_of(package, "commit") or text_of(package, "ref"):
        return ()
    return [Finding("", "git-package-not-pinned", "a git package follows the default branch", "a commit or a ref")]


def _arguments_are_wise(package: Part) -> Sequence[Finding]:
    found: list[Finding] = []
    for key in ARGUMENT_LISTS:
        if key in package:
            found += argument_findings(package[key], key)
    return found or ()


def _collection_packages_are_wise(entry: Part) -> Sequence[Finding]:
    return run_each((image_is_pinned, _git_is_pinned), entry.get("packages"), "packages")


_TRANSPORT_CHECKS: Final[tuple[Check, ...]] = (transport_is_current, header_findings)
_REMOTE_CHECKS: Final[tuple[Check, ...]] = (transport_is_current, header_findings, variable_findings)
_PACKAGE_CHECKS: Final[tuple[Check, ...]] = (
    package_transport_is_wise,
    runtime_is_named,
    image_is_pinned,
    _arguments_are_wise,
    environment_findings,
)
_SERVER_CHECKS: Final[tuple[Check, ...]] = (
    something_to_run,
    version_is_semantic,
    description_says_more,
    description_is_whole,
    _packages_are_wise,
    _remotes_are_wise,
)
_COLLECTION_CHECKS: Final[tuple[Check, ...]] = (description_says_more, _collection_packages_are_wise)
