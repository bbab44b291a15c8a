"""Text of ``config.yaml`` to `Config`, or to all problems of it with file, line and key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from regpress.errors import ConfigError
from regpress.model import config_environment as environment
from regpress.model.config_auth import AuthConfig, OAuthSettings, ProviderSettings
from regpress.model.config_checks import shorten
from regpress.model.config_packing import written
from regpress.model.config_problems import Places, repetitions, surprises
from regpress.model.config_references import reference_flaws
from regpress.model.config_site import (
    CatalogConfig,
    PolicyConfig,
    RegistryConfig,
    SiteConfig,
    TrustConfig,
)
from regpress.model.config_source import (
    ApiSettings,
    FileSettings,
    FilterSettings,
    GitAuthSettings,
    GitSettings,
    KubernetesSettings,
    ManagedSettings,
    PatternSettings,
    SourceConfig,
    SyncSettings,
)
from regpress.model.config_tree import Keys, Loc, Scalar, tree_of, value_of, walk
from regpress.model.config_types import AT_LEAST_ONE, ConfigRecord, key
from regpress.model.flaws import Flaw, FlawsError

__all__ = [
    "ApiSettings",
    "AuthConfig",
    "CatalogConfig",
    "Config",
    "FileSettings",
    "FilterSettings",
    "GitAuthSettings",
    "GitSettings",
    "KubernetesSettings",
    "ManagedSettings",
    "OAuthSettings",
    "PatternSettings",
    "PolicyConfig",
    "ProviderSettings",
    "RegistryConfig",
    "SiteConfig",
    "SourceConfig",
    "SyncSettings",
    "TrustConfig",
    "config_json_schema",
    "default_config",
    "load_config",
    "site_variables",
]

#: Blocks of ToolHive's configuration that only a server with a database needs.
SERVER_ONLY: Final = ("audit", "database", "telemetry")


class Config(ConfigRecord):
    """A whole configuration: sources, registries made of them, who may use them, and the site."""

    sources: tuple[SourceConfig, ...] = key("Where entries come from; at least one.", json_schema_extra=AT_LEAST_ONE)
    registries: tuple[RegistryConfig, ...] = key(
        "Views of the sources that are published; at least one.", json_schema_extra=AT_LEAST_ONE
    )
    auth: AuthConfig = key("Who may read and write through the app.", default_factory=AuthConfig)
    site: SiteConfig = key("The site that is written.", default_factory=SiteConfig)

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterable[Flaw]:
        """Hold that names are unique and stand for something."""
        return reference_flaws(given)

    @property
    def default_registry(self) -> str:
        """Return the name of the registry at the root of the site."""
        names = [registry.name for registry in self.registries]
        if self.site.default_registry is not None:
            return self.site.default_registry
        return "default" if "default" in names else names[0]


#: Finds the flaws of a configuration that is sound in itself.
FurtherCheck = Callable[[Config], Iterable[Flaw]]


def _nothing(_: Config) -> Iterable[Flaw]:
    return ()


def load_config(
    text: str,
    *,
    file: str = "config.yaml",
    environ: Mapping[str, str] = MappingProxyType({}),
    further: FurtherCheck = _nothing,
) -> tuple[Config, tuple[str, ...]]:
    """Return the configuration that *text* spells, and notes: what was read and does not count.

    Args:
        text: YAML 1.1 of at most 1 MiB.
        file: the file as messages call it.
        environ: environment variables; those of `site_variables` win over the file.
        further: finds what only other parts of the program can tell, such as names that they do not know.

    Raises:
        ConfigError: with every problem, in the order of the file.
    """
    return _loaded(_tree(text, file), file, environ, further)


def _loaded(root: Keys, file: str, environ: Mapping[str, str], further: FurtherCheck) -> tuple[Config, tuple[str, ...]]:
    given = value_of(root)
    ignored = [*_without_server_blocks(given), *_without_formats(given)]
    known = site_variables() if environment.given_variables(environ) else ()
    places = Places(file=file, root=root, variables=environment.overlay(given, environ, known))
    config, flaws = _checked(given, root)
    flaws += further(config) if config is not None else ()
    flaws += [*repetitions(root), *_surprises(root, known={flaw.at for flaw in flaws} | set(places.variables))]
    if flaws or config is None:
        raise ConfigError(*places.lines(flaws))
    notes = places.lines([*ignored, *_several_refs(config)])
    return config, (*notes, *environment.unknown_variables(environ, known))


def site_variables() -> tuple[environment.Variable, ...]:
    """Return the environment variables that give values of the ``site`` section."""
    return tuple(environment.variables(SiteConfig, ("site",)))


def default_config(
    *,
    has_content: bool,
    has_registry_file: bool,
    environ: Mapping[str, str] = MappingProxyType({}),
    further: FurtherCheck = _nothing,
) -> Config:
    """Return the configuration of a site without ``config.yaml``: its content, then its registry file.

    Raises:
        ConfigError: there is neither, or a variable of *environ* has a wrong value.
    """
    sources: list[SourceConfig] = []
    if has_content:
        sources.append(SourceConfig(name="content", managed=ManagedSettings()))
    if has_registry_file:
        sources.append(SourceConfig(name="registry", file=FileSettings(path="registry.json")))
    if not sources:
        raise ConfigError("config.yaml: there is none, and neither a folder 'content' nor a file 'registry.json'")
    registry = RegistryConfig(name="default", sources=tuple(source.name for source in sources))
    config = Config(sources=tuple(sources), registries=(registry,))
    if not environment.given_variables(environ):
        return config
    given = written(config, defaults=False)
    members = {section: tree_of(value) for section, value in given.items()}
    root = Keys(line=1, members=members, key_lines=dict.fromkeys(given, 1))
    return _loaded(root, "config.yaml", environ, further)[0]


def config_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``config.yaml`` for editors, with a description of every key."""
    from regpress.model.config_schema import editor_schema  # noqa: PLC0415 - needs pydantic

    return editor_schema(Config, ignored=SERVER_ONLY)


def _tree(text: str, file: str) -> Keys:
    # A site without a configuration needs nothing that reads one.
    from regpress.model.config_text import YamlTextError, parse_yaml  # noqa: PLC0415

    try:
        root = parse_yaml(text)
    except YamlTextError as error:
        expected = f" (expected {error.expected})" if error.expected else ""
        raise ConfigError(f"{file}:{error.line}: {error.what}{expected}") from None
    if root is None or (isinstance(root, Scalar) and root.value is None):
        raise ConfigError(f"{file}:1: the file is empty (expected 'sources:' and 'registries:')")
    if not isinstance(root, Keys):
        raise ConfigError(
            f"{file}:{root.line}: the file is not keys and values (expected 'sources:' and 'registries:')"
        )
    return root


def _checked(given: Mapping[str, Any], root: Keys) -> tuple[Config | None, list[Flaw]]:
    from regpress.model.config_validation import validated  # noqa: PLC0415 - needs pydantic

    try:
        return validated(Config, given, written=True, root=root), []
    except FlawsError as error:
        return None, list(error.flaws)


def _without_server_blocks(given: dict[str, Any]) -> Iterator[Flaw]:
    for section in SERVER_ONLY:
        if section in given:
            del given[section]
            yield Flaw(at=(section,), what="belongs to a server with a database and is ignored")


def _without_formats(given: Mapping[str, Any]) -> Iterator[Flaw]:
    sources = given.get("sources")
    for index, source in enumerate(sources if isinstance(sources, list) else ()):
        if isinstance(source, dict) and "format" in source:
            del source["format"]
            yield Flaw(at=("sources", index, "format"), what="is ignored: formats are recognised by their content")


def _several_refs(config: Config) -> Iterator[Flaw]:
    for index, source in enumerate(config.sources):
        if source.git is None or source.git.ref is None:
            continue
        kinds = [kind for kind in ("commit", "branch", "tag") if getattr(source.git, kind) is not None]
        if len(kinds) > 1:
            kind, ref = source.git.ref
            what = f"has {' and '.join(kinds)}; the {kind} {shorten(ref)!r} is read"
            yield Flaw(at=("sources", index, "git"), what=what)


def _surprises(root: Keys, *, known: Collection[Loc]) -> Iterator[Flaw]:
    inline = [at for at, _ in walk(root) if len(at) == 4 and at[0] == "sources" and at[2:] == ("file", "data")]
    for flaw in surprises(root, data=inline):
        # 'off' is a severity, and nobody means false by it there.
        severity = flaw.at[:3] == ("site", "policy", "rules") and flaw.what.startswith("off ")
        if flaw.at not in known and flaw.at[0] not in SERVER_ONLY and not severity:
            yield flaw
