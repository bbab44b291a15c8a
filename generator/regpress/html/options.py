"""Packages and remotes of a document to views: server.json specification 9.5 to 9.7, ToolHive specification 15.4."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from regpress.html.inputs import argument_name, inputs_of, plain_name, variables_of
from regpress.html.text import exact, mapping, web_address
from regpress.html.views import FactView, InputsView, OptionView


class _PackageType(NamedTuple):
    """A package registry.

    Attributes:
        label: as people call it.
        page: what the address of a package's page begins with; empty where it has no such pages.
        end: what stands behind the identifier there.
        base: the ``registryBaseUrl`` that means this registry.
    """

    label: str
    page: str = ""
    end: str = ""
    base: str = ""


_TYPES: Final = {
    "npm": _PackageType("npm", "https://www.npmjs.com/package/", "", "https://registry.npmjs.org"),
    "pypi": _PackageType("PyPI", "https://pypi.org/project/", "/", "https://pypi.org"),
    "nuget": _PackageType("NuGet", "https://www.nuget.org/packages/", "", "https://api.nuget.org/v3/index.json"),
    "cargo": _PackageType("Cargo", "https://crates.io/crates/", "", "https://crates.io"),
    "oci": _PackageType("OCI image"),
    "mcpb": _PackageType("MCPB bundle"),
    "git": _PackageType("Git"),
}
#: Identifiers of which a page's address has nothing to encode.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~@/-]*")
#: Members of a package that are shown as they are: those of which many packages have the same, and the others, of
#: which the last four are those of skills and plugins.
_SHARED_FACTS: Final = (("runtimeHint", "Runtime"), ("registryBaseUrl", "Registry"))
_OWN_FACTS: Final = (
    ("fileSha256", "SHA-256"),
    ("digest", "Digest"),
    ("mediaType", "Media type"),
    ("ref", "Ref"),
    ("commit", "Commit"),
    ("subfolder", "Folder"),
)
_WITH_OWN_FACTS: Final = frozenset(member for member, _ in _OWN_FACTS)
#: Members of a package that hold inputs.
_INPUTS: Final = (
    ("Environment variables", "environmentVariables", plain_name),
    ("Package arguments", "packageArguments", argument_name),
    ("Runtime arguments", "runtimeArguments", argument_name),
)


def packages_of(value: Any) -> tuple[OptionView, ...]:
    """Return the views of ``packages``."""
    return tuple([_package(each) for each in value if type(each) is dict]) if type(value) is list else ()


def remotes_of(value: Any) -> tuple[OptionView, ...]:
    """Return the views of ``remotes``."""
    return tuple([_remote(each) for each in value if type(each) is dict]) if type(value) is list else ()


def _package(package: dict[str, Any]) -> OptionView:
    registry_type = exact(package.get("registryType"))
    known = _TYPES.get(registry_type)
    identifier = package.get("identifier") or package.get("url")
    transport = mapping(package.get("transport"))
    return OptionView(
        known.label if known else registry_type,
        exact(identifier),
        web_address(identifier) or (_package_page(known, package) if known and known.page else ""),
        exact(package.get("version")),
        _package_facts(package, transport),
        _package_inputs(package, transport),
    )


def _package_page(known: _PackageType, package: dict[str, Any]) -> str:
    identifier = package.get("identifier")
    base = package.get("registryBaseUrl")
    # A path step in an identifier would lead out of the registry's package pages.
    if type(identifier) is not str or (base and base != known.base) or ".." in identifier:
        return ""
    # Nearly all identifiers are plain, and `quote` costs several times the look.
    if not _PLAIN.fullmatch(identifier):
        if not identifier.isprintable():
            return ""
        identifier = quote(identifier, safe="@/")
    return f"{known.page}{identifier}{known.end}"


def _package_facts(package: dict[str, Any], transport: dict[str, Any]) -> tuple[FactView, ...]:
    facts = []
    if kind := transport.get("type"):
        facts.append(_shared_fact("Transport", kind) if type(kind) is str else _fact("Transport", kind))
    if url := transport.get("url"):
        facts.append(_fact("Address", url))
    for member, label in _SHARED_FACTS:
        if given := package.get(member):
            facts.append(_shared_fact(label, given) if type(given) is str else _fact(label, given))
    if not _WITH_OWN_FACTS.isdisjoint(package):
        facts += [_fact(label, given) for member, label in _OWN_FACTS if (given := package.get(member))]
    return tuple(facts)


def _fact(label: str, given: Any) -> FactView:
    return FactView(label, (exact(given),))


@lru_cache(maxsize=256)
def _shared_fact(label: str, given: str) -> FactView:
    return _fact(label, given)


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
    inputs: tuple[InputsView, ...] = ()
    if given := remote.get("headers"):
        inputs += inputs_of("Headers", given, plain_name)
    if given := remote.get("variables"):
        inputs += variables_of("Variables", given)
    # An endpoint answers clients, not readers, so that no link leads there.
    return OptionView(exact(remote.get("type")), exact(remote.get("url")), "", "", (), inputs)
