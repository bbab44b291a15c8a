"""Records of the ``registries`` and ``site`` sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from regpress.model import config_checks as checks
from regpress.model.config_fields import Claims, Count, Flag, Name, checked
from regpress.model.config_types import AT_LEAST_ONE, ConfigRecord, key
from regpress.model.flaws import Flaw, empty_lists

RuleSeverity = Literal["error", "warning", "info", "off"]
Alias = Literal["v0", "registry"]
EntryFile = Literal["markdown", "feed", "badge"]
Encoding = Literal["br", "gzip"]


Label = Annotated[str, checked(checks.text_problem, "one line of text")]
BASE_URL = checked(checks.base_url_problem, "e.g. 'https://example.org/registry'")


class RegistryConfig(ConfigRecord):
    """One registry: an ordered list of sources published as one view."""

    name: Name = key("Unique name: 1 to 63 lower-case letters, digits and inner hyphens.")
    sources: tuple[Name, ...] = key(
        "Names of sources; the first that has a name supplies all versions of it.", json_schema_extra=AT_LEAST_ONE
    )
    claims: Claims = key(
        "Who may see the registry: per key a text or a list of texts; empty is public.", default_factory=dict
    )
    visibility: Literal["public"] | None = key(
        "'public' writes a registry to the static tree although claims or auth make it private.", default=None
    )

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterable[Flaw]:
        """Hold that there is a source."""
        return empty_lists(given, "sources")


class PolicyConfig(ConfigRecord):
    """How strict validation is beyond what the format demands."""

    level: Literal["default", "official"] = key(
        "'official' makes the demands of the official registry service errors.", default="default"
    )
    rules: Mapping[str, RuleSeverity] = key("Severity per rule: error, warning, info or off.", default_factory=dict)
    max_meta_size: Count = key("Most bytes of publisher metadata that `/v1/entries` takes.", default=262144, ge=0)


class CatalogConfig(ConfigRecord):
    """The HTML catalog."""

    enabled: Flag = key("Whether HTML pages are written.", default=True)
    theme: Literal["auto", "light", "dark"] = key("Colours: the reader's choice, or fixed.", default="auto")
    accent: Annotated[str, checked(checks.colour_problem, "e.g. '#2563eb'")] | None = key(
        "Accent colour as '#rrggbb'.", default=None
    )
    pages: tuple[Annotated[str, checked(checks.slug_problem, "e.g. 'about'")], ...] | None = key(
        "Which files of 'content/pages' are published, in menu order; all where absent.", default=None
    )
    entry_files: tuple[EntryFile, ...] = key(
        "What is written beside the page of each entry: markdown, feed (needs baseUrl), badge.", default=()
    )
    namespace_pages: Literal["several", "all"] = key(
        "Which namespaces have a page: those with several entries, or all.", default="several"
    )


class TrustConfig(ConfigRecord):
    """What hostile documents may make the generator or a reader's browser do."""

    allow_private_addresses: Flag = key(
        "Whether sources may be fetched from private and loopback addresses.", default=False
    )
    icon_hosts: tuple[Annotated[str, checked(checks.host_problem, "e.g. 'cdn.example.org'")], ...] = key(
        "Hosts whose icons pages may show.", default=()
    )
    fetch_icons: Flag = key("Whether icons that 'regpress icons' has locked become files of the site.", default=False)


class SiteConfig(ConfigRecord):
    """The site: what it is called, where it lives, and how it is written."""

    title: Label = key("Name of the site.", default="MCP Registry")
    description: Annotated[str, checked(checks.optional_text_problem, "one line of text")] = key(
        "One line about the site.", default=""
    )
    base_url: Annotated[str, BASE_URL] = key(
        "Address at which the site is served; without it absolute links are left out.", default=""
    )
    base_path: Annotated[str, checked(checks.base_path_problem, "e.g. '/registry'")] = key(
        "Path below the host; taken from baseUrl where that is given.", default=""
    )
    default_registry: Name | None = key(
        "The registry at the root; else the one named 'default', else the first.", default=None
    )
    host: Annotated[str, checked(checks.profile_problem, "e.g. 'generic' or 'github-pages'")] = key(
        "Host profile, such as generic or github-pages.", default="generic"
    )
    max_files: Count | None = key(
        "Most files that the host accepts, where your plan has another limit than most.", default=None, ge=1
    )
    precompress: tuple[Encoding, ...] = key(
        "Compressed siblings of files, for hosts that serve them: br, gzip.", default=()
    )
    aliases: tuple[Alias, ...] = key(
        "Further prefixes of the default registry as copies of the files: v0, registry.", default=()
    )
    catalog: CatalogConfig = key("How the HTML pages look.", default_factory=CatalogConfig)
    policy: PolicyConfig = key("How strict validation is.", default_factory=PolicyConfig)
    trust: TrustConfig = key("What documents may cause.", default_factory=TrustConfig)

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterator[Flaw]:
        """Hold that the path is that of the address, where both are given."""
        address, path = given.get("baseUrl"), given.get("basePath")
        if not (isinstance(address, str) and isinstance(path, str)) or checks.base_url_problem(address):
            return
        expected = _path_of(address)
        if address and path.rstrip("/") not in {"", expected} and not checks.base_path_problem(path):
            what = f"{path.rstrip('/')!r} is not the path of baseUrl, {expected or '/'!r}"
            yield Flaw(at=("basePath",), what=what, expected="one of the two")

    def __post_init__(self) -> None:
        """Leave out final slashes, and take the path from the address."""
        path = self.base_path.rstrip("/") or _path_of(self.base_url)
        self.__dict__.update(base_url=self.base_url.rstrip("/"), base_path=path)


def _path_of(address: str) -> str:
    return urlsplit(address.rstrip("/")).path
