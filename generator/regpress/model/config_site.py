"""Records of the ``registries`` and ``site`` sections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, StrictBool, StrictInt, ValidationInfo, field_validator

from regpress.model import config_checks as checks
from regpress.model.config_fields import Claims, Name, checked
from regpress.model.config_types import AT_LEAST_ONE, ConfigRecord, Flaw, empty_lists

RuleSeverity = Literal["error", "warning", "info", "off"]
Alias = Literal["v0", "registry"]
EntryFile = Literal["markdown", "feed", "badge"]
Encoding = Literal["br", "gzip"]


Label = Annotated[str, checked(checks.text_problem, "one line of text")]


class RegistryConfig(ConfigRecord):
    """One registry: an ordered list of sources published as one view."""

    name: Name = Field(description="Unique name: 1 to 63 lower-case letters, digits and inner hyphens.")
    sources: tuple[Name, ...] = Field(
        description="Names of sources; the first that has a name supplies all versions of it.",
        json_schema_extra=AT_LEAST_ONE,
    )
    claims: Claims = Field(
        default_factory=dict,
        description="Who may see the registry: per key a text or a list of texts; empty is public.",
    )
    visibility: Literal["public"] | None = Field(
        default=None,
        description="'public' writes a registry to the static tree although claims or auth make it private.",
    )

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterable[Flaw]:
        """Hold that there is a source."""
        return empty_lists(given, "sources")


class PolicyConfig(ConfigRecord):
    """How strict validation is beyond what the format demands."""

    level: Literal["default", "official"] = Field(
        default="default", description="'official' makes the demands of the official registry service errors."
    )
    rules: Mapping[str, RuleSeverity] = Field(
        default_factory=dict, description="Severity per rule: error, warning, info or off."
    )
    max_meta_size: StrictInt = Field(
        default=262144, ge=0, description="Most bytes of publisher metadata that `/v1/entries` takes."
    )


class CatalogConfig(ConfigRecord):
    """The HTML catalog."""

    enabled: StrictBool = Field(default=True, description="Whether HTML pages are written.")
    theme: Literal["auto", "light", "dark"] = Field(
        default="auto", description="Colours: the reader's choice, or fixed."
    )
    accent: Annotated[str, checked(checks.colour_problem, "e.g. '#2563eb'")] | None = Field(
        default=None, description="Accent colour as '#rrggbb'."
    )
    pages: tuple[Annotated[str, checked(checks.slug_problem, "e.g. 'about'")], ...] | None = Field(
        default=None, description="Which files of 'content/pages' are published, in menu order; all where absent."
    )
    entry_files: tuple[EntryFile, ...] = Field(
        default=(),
        description="What is written beside the page of each entry: markdown, feed (needs baseUrl), badge.",
    )
    namespace_pages: Literal["several", "all"] = Field(
        default="several", description="Which namespaces have a page: those with several entries, or all."
    )


class TrustConfig(ConfigRecord):
    """What hostile documents may make the generator or a reader's browser do."""

    allow_private_addresses: StrictBool = Field(
        default=False, description="Whether sources may be fetched from private and loopback addresses."
    )
    icon_hosts: tuple[Annotated[str, checked(checks.host_problem, "e.g. 'cdn.example.org'")], ...] = Field(
        default=(), description="Hosts whose icons pages may show."
    )
    fetch_icons: StrictBool = Field(
        default=False, description="Whether icons that 'regpress icons' has locked become files of the site."
    )


class SiteConfig(ConfigRecord):
    """The site: what it is called, where it lives, and how it is written."""

    title: Label = Field(default="MCP Registry", description="Name of the site.")
    description: Annotated[str, checked(checks.optional_text_problem, "one line of text")] = Field(
        default="", description="One line about the site."
    )
    base_url: Annotated[str, checked(checks.base_url_problem, "e.g. 'https://example.org/registry'")] = Field(
        default="", description="Address at which the site is served; without it absolute links are left out."
    )
    base_path: Annotated[str, checked(checks.base_path_problem, "e.g. '/registry'")] = Field(
        default="", description="Path below the host; taken from baseUrl where that is given.", validate_default=True
    )
    default_registry: Name | None = Field(
        default=None, description="The registry at the root; else the one named 'default', else the first."
    )
    host: Annotated[str, checked(checks.profile_problem, "e.g. 'generic' or 'github-pages'")] = Field(
        default="generic", description="Host profile, such as generic or github-pages."
    )
    max_files: StrictInt | None = Field(
        default=None, ge=1, description="Most files that the host accepts, where your plan has another limit than most."
    )
    precompress: tuple[Encoding, ...] = Field(
        default=(), description="Compressed siblings of files, for hosts that serve them: br, gzip."
    )
    aliases: tuple[Alias, ...] = Field(
        default=(), description="Further prefixes of the default registry as copies of the files: v0, registry."
    )
    catalog: CatalogConfig = Field(default_factory=CatalogConfig, description="How the HTML pages look.")
    policy: PolicyConfig = Field(default_factory=PolicyConfig, description="How strict validation is.")
    trust: TrustConfig = Field(default_factory=TrustConfig, description="What documents may cause.")

    @field_validator("base_url", "base_path", mode="after")
    @classmethod
    def _without_final_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("base_path", mode="after")
    @classmethod
    def _of_base_url(cls, value: str, info: ValidationInfo) -> str:
        base_url = info.data.get("base_url", "")
        path = urlsplit(base_url).path
        if value and base_url and value != path:
            raise Flaw(what=f"{value!r} is not the path of baseUrl, {path or '/'!r}", expected="one of the two").error()
        return value or path
