"""Packages and remotes of a document to views: server.json specification 9.5 to 9.7, ToolHive specification 15.4."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from regpress.html.inputs import argument_name, inputs_of, plain_name, variables_of
from regpress.html.text import exact, mapping, records, web_address
from regpress.html.views import FactView, InputsView, OptionView


class _PackageType(NamedTuple):
    """A package registry.

    Attributes:
        label: as people call it.
        page: where it shows a package, with ``{}`` for the identifier; empty where it has no such pages.
        base: the ``registryBaseUrl`` that means this registry.
    """

    label: str
    page: str = ""
    base: str = ""


_TYPES: Final = {
    "npm": _PackageType("npm", "https://www.npmjs.com/package/{}", "https://registry.npmjs.org"),
    "pypi": _PackageType("PyPI", "https://pypi.org/project/{}/", "https://pypi.org"),
    "nuget": _PackageType("NuGet", "https://www.nuget.org/packages/{}", "https://api.nuget.org/v3/index.json"),
    "cargo": _PackageType("Cargo", "https://crates.io/crates/{}", "https://crates.io"),
    "oci": _PackageType("OCI image"),
    "mcpb": _PackageType("MCPB bundle"),
    "git": _PackageType("Git"),
}
#: Identifiers of which a page's address has nothing to encode.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~@/-]*")
#: Members of a package that are shown as they are; the last four are those of skills and plugins.
_FACTS: Final = (
    ("runtimeHint", "Runtime"),
    ("registryBaseUrl", "Registry"),
    ("fileSha256", "SHA-256"),
    ("digest", "Digest"),
    ("mediaType", "Media type"),
    ("ref", "Ref"),
    ("commit", "Commit"),
    ("subfolder", "Folder"),
)
#: Members of a package that hold inputs.
_INPUTS: Final = (
    ("Environment variables", "environmentVariables", plain_name),
    ("Package arguments", "packageArguments", argument_name),
    ("Runtime arguments", "runtimeArguments", argument_name),
)


def packages_of(value: Any) -> tuple[OptionView, ...]:
    """Return the views of ``packages``."""
    return tuple([_package(package) for package in records(value)])


def remotes_of(value: Any) -> tuple[OptionView, ...]:
    """Return the views of ``remotes``."""
    return tuple([_remote(remote) for remote in records(value)])


def _package(package: dict[str, Any]) -> OptionView:
    registry_type = exact(package.get("registryType"))
    identifier = package.get("identifier") or package.get("url")
    transport = mapping(package.get("transport"))
    return OptionView(
        _TYPES[registry_type].label if registry_type in _TYPES else registry_type,
        exact(identifier),
        web_address(identifier) or _package_page(registry_type, package),
        exact(package.get("version")),
        _package_facts(package, transport),
        _package_inputs(package, transport),
    )


def _package_page(registry_type: str, package: dict[str, Any]) -> str:
    known = _TYPES.get(registry_type)
    identifier = package.get("identifier")
    if known is None or not known.page or type(identifier) is not str or not identifier.isprintable():
        return ""
    base = package.get("registryBaseUrl")
    if base and base != known.base:
        return ""
    # A path step in an identifier would lead out of the registry's package pages.
    if ".." in identifier:
        return ""
    # Nearly all identifiers are plain, and `quote` costs several times the look.
    return known.page.format(identifier if _PLAIN.fullmatch(identifier) else quote(identifier, safe="@/"))


def _package_facts(package: dict[str, Any], transport: dict[str, Any]) -> tuple[FactView, ...]:
    facts = []
    if kind := transport.get("type"):
        facts.append(FactView("Transport", (exact(kind),)))
    if url := transport.get("url"):
        facts.append(FactView("Address", (exact(url),)))
    for member, label in _FACTS:
        if given := package.get(member):
            facts.append(FactView(label, (exact(given),)))
    return tuple(facts)


def _package_inputs(package: dict[str, Any], transport: dict[str, Any]) -> tuple[InputsView, ...]:
    groups: list[InputsView] = []
    for title, member, naming in _INPUTS:
        if given := package.get(member):
            groups += inputs_of(title, given, naming)
    if given := transport.get("headers"):
        groups += inputs_of("Headers", given, plain_name)
    if given := transport.get("variables"):
        groups += variables_of("Variables", given)
    return tuple(groups)


def _remote(remote: dict[str, Any]) -> OptionView:
    return OptionView(
        exact(remote.get("type")),
        exact(remote.get("url")),
        "",  # an endpoint answers clients, not readers
        "",
        (),
        inputs_of("Headers", remote.get("headers"), plain_name) + variables_of("Variables", remote.get("variables")),
    )
