"""Packages to findings: what the official service accepts, by type (official registry specification 9.5 and 12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from regpress.validate.findings import Finding, Part, shown, text_of
from regpress.validate.rules_package import is_blank
from regpress.validate.urls import host_of, scheme_of

Demand = Literal["required", "optional", "forbidden"]


class Demands(NamedTuple):
    """What the official service demands of one type of package.

    Attributes:
        registry: the name of the type in messages.
        base_url: the only ``registryBaseUrl`` that is accepted; empty where there may be none.
        version: whether there is a ``version``.
        file_hash: whether there is a ``fileSha256``.
    """

    registry: str
    base_url: str
    version: Demand
    file_hash: Demand


DEMANDS: Final[Mapping[str, Demands]] = {
    "npm": Demands("npm", "https://registry.npmjs.org", "required", "forbidden"),
    "pypi": Demands("pypi", "https://pypi.org", "required", "forbidden"),
    "nuget": Demands("nuget", "https://api.nuget.org/v3/index.json", "required", "forbidden"),
    "cargo": Demands("cargo", "https://crates.io", "required", "forbidden"),
    "oci": Demands("oci", "", "forbidden", "forbidden"),
    "mcpb": Demands("mcpb", "", "optional", "required"),
}

_IMAGE_HOSTS: Final = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "ghcr.io", "mcr.microsoft.com"}
)
_IMAGE_DOMAINS: Final = (".pkg.dev", ".azurecr.io")
_BUNDLE_HOSTS: Final = frozenset({"github.com", "www.github.com", "gitlab.com", "www.gitlab.com"})
_GITHUB_ASSET = re.compile(r"https?://[^/]+/[^/]+/[^/]+/releases/download/[^/]+/[^/]+")
_GITLAB_ASSET = re.compile(
    r"https?://[^/]+(?:/[^/]+){2,20}/-/(?:releases/[^/]+/downloads/.+|package_files/[0-9]+/download)"
)


def package_policy_findings(package: Part) -> Sequence[Finding]:
    """Return what the official service would not accept about one package."""
    kind = package.get("registryType")
    if not isinstance(kind, str):
        return ()
    demands = DEMANDS.get(kind)
    if demands is None:
        return _unsupported_type(kind)
    found: list[Finding] | None = None
    for check in _CHECKS_OF.get(kind, _CHECKS):
        if (finding := check(package, demands)) is not None:
            found = [*found, finding] if found else [finding]
    return found or ()


def image_host(identifier: str) -> str:
    """Return the host of an image reference; Docker Hub where it names none.

    Examples:
        >>> image_host("ghcr.io/acme/tides:1.2.0")
        'ghcr.io'
        >>> image_host("acme/tides")
        'docker.io'
    """
    first, slash, _ = identifier.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def _unsupported_type(kind: str) -> Sequence[Finding]:
    lower = kind.lower()
    expected = f"'{lower}'" if lower in DEMANDS else ", ".join(DEMANDS)
    message = f"{shown(kind)} is not a type that the official service knows"
    return [Finding("registryType", "unsupported-registry-type", message, expected)]


def _version(package: Part, demands: Demands) -> Finding | None:
    missing = is_blank(package.get("version"))
    if demands.version == "required" and missing:
        message = f"{_a(demands)} package has no version"
        return Finding("version", "package-version-required", message, "an exact version such as '1.2.3'")
    if demands.version == "forbidden" and not missing:
        message = f"{_a(demands)} package has a version beside its identifier"
        return Finding("version", "package-version-not-allowed", message, "the version as tag of the identifier")
    return None


def _file_hash(package: Part, demands: Demands) -> Finding | None:
    missing = is_blank(package.get("fileSha256"))
    if demands.file_hash == "required" and missing:
        message = f"{_a(demands)} package has no fileSha256"
        return Finding("fileSha256", "package-hash-required", message, "the SHA-256 of the file")
    if demands.file_hash == "forbidden" and not missing:
        message = f"{_a(demands)} package has a fileSha256"
        return Finding("fileSha256", "package-hash-not-allowed", message, "none")
    return None


def _base_url(package: Part, demands: Demands) -> Finding | None:
    url = text_of(package, "registryBaseUrl")
    if not url or url == demands.base_url:
        return None
    message = f"{shown(url)} is not the public {demands.registry} registry"
    if not demands.base_url:
        message = f"{_a(demands)} package has a registryBaseUrl"
    expected = f"none, or '{demands.base_url}'" if demands.base_url else "none"
    return Finding("registryBaseUrl", "unsupported-registry-base-url", message, expected)


def _image(package: Part, _: Demands) -> Finding | None:
    identifier = text_of(package, "identifier")
    if not identifier:
        return None
    host = image_host(identifier)
    if host in _IMAGE_HOSTS or host.endswith(_IMAGE_DOMAINS):
        return None
    message = f"the official service does not accept images from {shown(host)}"
    expected = "Docker Hub, ghcr.io, mcr.microsoft.com, *.pkg.dev or *.azurecr.io"
    return Finding("identifier", "unsupported-package-host", message, expected)


def _bundle(package: Part, _: Demands) -> Finding | None:
    identifier = text_of(package, "identifier")
    if not identifier:
        return None
    host = host_of(identifier)
    if host not in _BUNDLE_HOSTS:
        message = f"the official service does not accept bundles from {shown(host or identifier)}"
        return Finding("identifier", "unsupported-package-host", message, "a release at github.com or gitlab.com")
    shape = _GITHUB_ASSET if "github" in host else _GITLAB_ASSET
    if scheme_of(identifier) == "https" and shape.fullmatch(identifier) and "mcp" in identifier.lower():
        return None
    message = f"{shown(identifier)} is not the https address of a release asset with 'mcp' in it"
    expected = "such as 'https://github.com/owner/repo/releases/download/v1.2.3/name.mcpb'"
    return Finding("identifier", "invalid-mcpb-url", message, expected)


def _a(demands: Demands) -> str:
    """Return the type with the article that fits how it is said."""
    return f"{'an' if demands.registry in {'npm', 'oci', 'mcpb'} else 'a'} {demands.registry}"


PackageCheck = Callable[[Part, Demands], Finding | None]

_CHECKS: Final[tuple[PackageCheck, ...]] = (_version, _file_hash, _base_url)
#: Types whose identifier is an address of its own.
_CHECKS_OF: Final[Mapping[str, tuple[PackageCheck, ...]]] = {"oci": (*_CHECKS, _image), "mcpb": (*_CHECKS, _bundle)}
