"""Skills and plugins to findings that their schemas cannot express, ToolHive specification 15.4 and 15.5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regpress.validate.findings import Check, Finding, Part, run, run_each, within
from regpress.validate.rules_identity import collection_name_findings, entry_version_findings
from regpress.validate.rules_links import collection_icon_findings, repository_findings, subfolder_findings
from regpress.validate.rules_package import is_blank


def collection_findings(entry: Part) -> Sequence[Finding]:
    """Return what is wrong with a skill or plugin."""
    return run(_CHECKS, entry)


def _has_packages(entry: Part) -> Sequence[Finding]:
    if entry.get("packages"):
        return ()
    message = "there is no package to install"
    return [Finding("packages", "skill-package-required", message, "at least one of type oci or git")]


def _packages_are_sound(entry: Part) -> Sequence[Finding]:
    return run_each(_PACKAGE_CHECKS, entry.get("packages"), "packages")


def _oci_has_identifier(package: Part) -> Sequence[Finding]:
    if package.get("registryType") != "oci" or not is_blank(package.get("identifier")):
        return ()
    message = "an oci package has no identifier"
    return [Finding("identifier", "oci-package-identifier-required", message, "an image reference")]


def _git_has_url(package: Part) -> Sequence[Finding]:
    if package.get("registryType") != "git" or not is_blank(package.get("url")):
        return ()
    return [Finding("url", "git-package-url-required", "a git package has no URL", "the repository's address")]


def _icons_are_sound(entry: Part) -> Sequence[Finding]:
    return run_each((collection_icon_findings,), entry.get("icons"), "icons")


def _repository_is_sound(entry: Part) -> Sequence[Finding]:
    repository = entry.get("repository")
    found = repository_findings(repository) if isinstance(repository, dict) else ()
    return within("repository", found) if found else ()


_PACKAGE_CHECKS: Final[tuple[Check, ...]] = (_oci_has_identifier, _git_has_url, subfolder_findings)
_CHECKS: Final[tuple[Check, ...]] = (
    collection_name_findings,
    entry_version_findings,
    _repository_is_sound,
    _icons_are_sound,
    _has_packages,
    _packages_are_sound,
)
