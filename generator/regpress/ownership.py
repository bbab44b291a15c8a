"""Packages of a document to whether those who published them name its server: official registry specification 12.

Each type of package has its own place for that name: a member of the package's metadata, its README, a label of an
image. What is asked for is asked of the package's registry, without credentials.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

from regpress.errors import RefusedWriteError, RegistryError, SourceUnavailableError
from regpress.identity_fetch import Fetcher, Reply
from regpress.validate.policy_package import DEMANDS, image_host

#: Seconds for all requests about an image; other types have `regpress.identity_fetch.HTTP_SECONDS` for each.
_IMAGE_SECONDS: Final = 30.0
_INDEX_SECONDS: Final = 3600.0
_METADATA_BYTES: Final = 8 * 1024 * 1024
_README_BYTES: Final = 4 * 1024 * 1024
_MOST_REDIRECTS: Final = 5
_LABEL: Final = "io.modelcontextprotocol.server.name"
_HUB: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_MANIFESTS: Final = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_PARAMETER: Final = re.compile(r'(\w+)="([^"]*)"')


class NotProvenError(RegistryError):
    """A package does not name the server, or nobody can tell."""


@dataclass(slots=True, kw_only=True)
class Ownership:
    """Asks registries of packages.

    Attributes:
        fetcher: asks public ones.
        bases: other addresses for single types of package.
        base_fetcher: asks those.
        clock: seconds that never go back.
    """

    fetcher: Fetcher
    bases: Mapping[str, str] = field(default_factory=dict)
    base_fetcher: Fetcher = field(default_factory=Fetcher)
    clock: Callable[[], float] = time.monotonic
    _index: tuple[float, Mapping[str, str]] | None = None

    async def check(self, document: Mapping[str, Any], detail: str) -> None:
        """Hold that every package of a valid document names its server.

        Args:
            document: it.
            detail: what a refusal is called.

        Raises:
            RefusedWriteError: one does not; the first such counts.
        """
        if reason := await self.problem(document):
            raise RefusedWriteError(detail, reason)

    async def problem(self, document: Mapping[str, Any]) -> str:
        """Return why the first package of a valid document that does not name its server does not, or an empty text."""
        name = str(document["name"])
        for number, package in enumerate(document.get("packages") or ()):
            kind, identifier = str(package["registryType"]), str(package["identifier"])
            check = self._checks().get(kind)
            try:
                if check is None:
                    raise NotProvenError(f"unsupported registry type: {kind}")
                await check(name, identifier, str(package.get("version", "")))
            except (NotProvenError, SourceUnavailableError) as error:
                return f"registry validation failed for package {number} ({identifier}): {error}"
        return ""

    def _checks(self) -> Mapping[str, Callable[[str, str, str], Awaitable[None]]]:
        return {
            "npm": self._npm,
            "pypi": self._pypi,
            "nuget": self._nuget,
            "cargo": self._cargo,
            "oci": self._oci,
            "mcpb": self._mcpb,
        }

    # One function for each type: the server's name, the package's, its version.

    async def _npm(self, name: str, identifier: str, version: str) -> None:
        reply = await self._ask("npm", f"/{quote(identifier, safe='')}/{quote(version, safe='')}")
        found = _value(reply, f"npm package {identifier} {version}").get("mcpName")
        if found is None:
            raise NotProvenError(f"package.json has no mcpName (expected {name!r})")
        if found != name:
            raise NotProvenError(f"package.json has another mcpName (expected {name!r}, found {str(found)[:200]!r})")

    async def _pypi(self, name: str, identifier: str, version: str) -> None:
        reply = await self._ask("pypi", f"/pypi/{quote(identifier, safe='')}/{quote(version, safe='')}/json")
        info = _value(reply, f"PyPI package {identifier} {version}").get("info")
        _check_readme(name, str(info.get("description", "")) if isinstance(info, dict) else "")

    async def _nuget(self, name: str, identifier: str, version: str) -> None:
        resources = await self._nuget_resources()
        low, number = quote(identifier.lower(), safe=""), quote(version.lower().partition("+")[0], safe="")
        template = resources.get("ReadmeUriTemplate/6.13.0", "")
        if not template:
            raise NotProvenError("the service index has no ReadmeUriTemplate/6.13.0")
        readme = await self.get("nuget", template.replace("{lower_id}", low).replace("{lower_version}", number))
        if readme.status == 200:
            _check_readme(name, readme.body.decode("utf-8", "replace"))
            return
        if readme.status != 404:
            raise NotProvenError(f"the README of NuGet package {identifier} was answered with {readme.status}")
        versions = await self.get(
            "nuget", f"{resources.get('PackageBaseAddress/3.0.0', '').rstrip('/')}/{low}/index.json"
        )
        known = _value(versions, f"NuGet package {identifier}").get("versions")
        if not isinstance(known, list) or number not in known:
            raise NotProvenError(f"NuGet package {identifier} has no version {version}")
        raise NotProvenError(f"NuGet package {identifier} {version} has no README (expected one with mcp-name: {name})")

    async def _nuget_resources(self) -> Mapping[str, str]:
        """Return addresses by type, from the service index."""
        now = self.clock()
        if self._index is None or now - self._index[0] > _INDEX_SECONDS:
            value = _value(await self._ask("nuget", ""), "the service index of NuGet")
            listed = value.get("resources")
            found = {
                str(one.get("@type")): str(one.get("@id"))
                for one in (listed if isinstance(listed, list) else ())
                if isinstance(one, dict)
            }
            self._index = (now, found)
        return self._index[1]

    async def _cargo(self, name: str, identifier: str, version: str) -> None:
        path = f"/api/v1/crates/{quote(identifier, safe='')}/{quote(version, safe='')}/readme"
        reply = await self._ask("cargo", path)
        if reply.status != 200:
            raise NotProvenError(f"crate {identifier} {version} has no README, or is unknown ({reply.status})")
        _check_readme(name, _COMMENT.sub("", reply.body.decode("utf-8", "replace")))

    async def _oci(self, name: str, identifier: str, _: str) -> None:
        base, repository, reference = _image(identifier)
        image = _Image(self, self.bases.get("oci", base).rstrip("/"), repository)
        manifest = await image.document(f"manifests/{reference}", identifier)
        if manifest is None:
            return
        if isinstance(several := manifest.get("manifests"), list) and several:
            manifest = await image.document(f"manifests/{_chosen(several)}", identifier)
            if manifest is None:
                return
        described = manifest.get("config")
        digest = str(described.get("digest", "")) if isinstance(described, dict) else ""
        configuration = await image.document(f"blobs/{digest}", identifier)
        if configuration is None:
            return
        settings = configuration.get("config")
        labels = settings.get("Labels") if isinstance(settings, dict) else None
        found = labels.get(_LABEL) if isinstance(labels, dict) else None
        if found is None:
            raise NotProvenError(f"the image has no label {_LABEL} (expected {name!r})")
        if found != name:
            raise NotProvenError(
                f"the image has another label {_LABEL} (expected {name!r}, found {str(found)[:200]!r})"
            )

    async def _mcpb(self, _: str, identifier: str, __: str) -> None:
        parts = urlsplit(identifier)
        base = self.bases.get("mcpb", "").rstrip("/")
        url = base + parts.path if base else identifier
        if not base and parts.scheme != "https":
            raise NotProvenError("the bundle has no https address")
        if "mcp" not in identifier.lower():
            raise NotProvenError("the address of the bundle does not contain 'mcp'")
        reply = await self.get("mcpb", url, method="HEAD")
        if reply.status != 200:
            raise NotProvenError(f"the bundle was answered with {reply.status}")

    # Requests

    async def _ask(self, kind: str, path: str) -> Reply:
        return await self.get(kind, self.bases.get(kind, DEMANDS[kind].base_url).rstrip("/") + path)

    async def get(
        self,
        kind: str,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> Reply:
        """Return what is answered, after redirects; who sent them there learns nothing of *headers*."""
        for _ in range(_MOST_REDIRECTS):
            parts = urlsplit(url)
            # Whoever the configuration names may redirect to itself, and everybody to public addresses.
            is_base = url.startswith(tuple(f"{_origin(base)}/" for base in self.bases.values()))
            if parts.scheme not in ({"http", "https"} if is_base else {"https"}):
                raise NotProvenError("is redirected to an address that is not https")
            fetcher = self.base_fetcher if is_base else self.fetcher
            limit = _METADATA_BYTES if kind in {"npm", "pypi", "oci"} else _README_BYTES
            reply = await fetcher.ask(url, method=method, headers=headers, limit=limit, seconds=seconds)
            if reply.status not in {301, 302, 303, 307, 308}:
                return reply
            target = urljoin(url, reply.headers.get("location", ""))
            if _origin(target) != _origin(url):
                headers = {name: text for name, text in (headers or {}).items() if name != "authorization"}
            url = target
        raise NotProvenError("is redirected too often")


@dataclass(slots=True)
class _Image:
    """One repository of a container registry, read anonymously."""

    ownership: Ownership
    base: str
    repository: str
    _authorization: str = ""
    _deadline: float = 0.0

    async def document(self, path: str, identifier: str) -> dict[str, Any] | None:
        """Return a JSON document, None where the registry has been asked too much, which proves nothing.

        Raises:
            NotProvenError: there is none.
        """
        reply = await self._get(path)
        if reply.status == 401 and not self._authorization:
            self._authorization = f"Bearer {await self._token(reply.headers.get('www-authenticate', ''))}"
            reply = await self._get(path)
        if reply.status == 429:
            return None
        if reply.status in {401, 403}:
            raise NotProvenError(f"image {identifier} is not public ({reply.status})")
        return _value(reply, f"image {identifier}")

    async def _get(self, path: str) -> Reply:
        headers = {"accept": _MANIFESTS}
        if self._authorization:
            headers["authorization"] = self._authorization
        url = f"{self.base}/v2/{self.repository}/{path}"
        return await self.ownership.get("oci", url, headers=headers, seconds=self._left())

    async def _token(self, challenge: str) -> str:
        parameters = dict(_PARAMETER.findall(challenge))
        realm = parameters.get("realm", "")
        if not challenge.lower().startswith("bearer ") or not realm:
            raise NotProvenError("the registry of the image gives nobody a token")
        scope = parameters.get("scope") or f"repository:{self.repository}:pull"
        query = urlencode({"service": parameters.get("service", ""), "scope": scope})
        reply = await self.ownership.get("oci", f"{realm}?{query}", seconds=self._left())
        value = _value(reply, "the token for the image")
        return str(value.get("token") or value.get("access_token") or "")

    def _left(self) -> float:
        now = self.ownership.clock()
        if not self._deadline:
            self._deadline = now + _IMAGE_SECONDS
        return max(self._deadline - now, 0.001)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _value(reply: Reply, what: str) -> dict[str, Any]:
    if reply.status == 404:
        raise NotProvenError(f"{what} was not found")
    if reply.status != 200:
        raise NotProvenError(f"{what} was answered with {reply.status}")
    value = reply.json()
    if not isinstance(value, dict):
        raise NotProvenError(f"{what} was answered with something that is no JSON object")
    return value


def _check_readme(name: str, text: str) -> None:
    # A longer name with the same beginning is another name; a full stop behind it is none of it.
    if re.search(rf"mcp-name:\s*{re.escape(name)}(?![A-Za-z0-9_/-]|\.[A-Za-z0-9])", text) is None:
        raise NotProvenError(f"the README does not contain 'mcp-name: {name}'")


def _image(identifier: str) -> tuple[str, str, str]:
    """Return the address of the registry of an image, its repository, and a tag or digest."""
    host = image_host(identifier)
    rest = identifier.removeprefix(f"{host}/")
    rest, _, digest = rest.partition("@")
    head, slash, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    repository = f"{head}{slash}{last}"
    if host in _HUB:
        host = "registry-1.docker.io"
        repository = repository if "/" in repository else f"library/{repository}"
    return f"https://{host}", quote(repository, safe="/"), quote(digest or tag or "latest", safe=":")


def _chosen(manifests: list[Any]) -> str:
    """Return the digest of the manifest for the usual machine, else of the first."""
    usable = [one for one in manifests if isinstance(one, dict) and isinstance(one.get("digest"), str)]
    usual = [
        one
        for one in usable
        if (one.get("platform") or {}) | {"os": "linux", "architecture": "amd64"} == one.get("platform")
    ]
    chosen = (usual or usable or [{"digest": ""}])[0]
    return quote(str(chosen["digest"]), safe=":")


def open_ownership(bases: Mapping[str, str], *, allow_private: bool) -> Ownership:
    """Return what asks registries of packages.

    Args:
        bases: other addresses for single types; who names one may name a private one.
        allow_private: whether private addresses may be asked elsewhere, too.
    """
    return Ownership(
        fetcher=Fetcher(allow_private=allow_private), bases=bases, base_fetcher=Fetcher(allow_private=True)
    )
