"""A folder to a `Site` that can be built; shared by the command line and the app."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from regpress import __version__
from regpress.created_files import read_created
from regpress.digest import recipe
from regpress.errors import ConfigError
from regpress.hosts.table import profile
from regpress.html.site import ContentPage, SiteView
from regpress.kept_config import ConfigCache, SoundConfig
from regpress.model.config import Config, default_config, load_config
from regpress.model.config_site import BASE_URL, SiteConfig
from regpress.model.config_source import SourceConfig
from regpress.model.created import ADMIN_FOLDER, CONTENT_FOLDER, Created, with_created
from regpress.model.flaws import Flaw, FlawsError
from regpress.model.manifest import MANIFEST_FILE
from regpress.site import Site, SourceLike, config_fingerprint
from regpress.sources.factory import open_source
from regpress.storage import CACHE_FOLDER, folds_case
from regpress.times import from_epoch

if TYPE_CHECKING:
    from regpress.compiled_templates import CompiledTemplates
    from regpress.html.render import HtmlRenderer
    from regpress.iconstore import IconStore

CONFIG_FILE: Final = "config.yaml"
#: Folder of a site whose files replace those of the package.
_TEMPLATES: Final = "templates"
_ASSETS: Final = "assets"
#: Templates of the app alone, which no build depends on.
_ADMIN: Final = "admin"


def open_site(
    root: Path,
    *,
    config_file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    host: str | None = None,
    base_url: str | None = None,
) -> tuple[Site, tuple[str, ...]]:
    """Return the site in the folder *root*, and notes about its configuration.

    Args:
        root: the site's folder.
        config_file: its configuration where it is not ``config.yaml`` in *root*.
        environ: for ``REGPRESS_SITE_…``.
        host: given on the command line, instead of the one of the configuration.
        base_url: the same.

    Raises:
        ConfigError: the folder is no site, or the configuration, a page or a template cannot be used.
    """
    cache = root.absolute() / CACHE_FOLDER
    config, notes, keep = _read_config(root, config_file, environ, cache)
    config = replace(config, site=_changed(config.site, host, base_url))
    # Programs that sources start have working folders of their own.
    root = root.absolute()
    base, created = config, read_created(root / CONTENT_FOLDER)
    config = with_created(base, created)
    templates = _templates(root)
    pages = _pages(root, config)
    fingerprint = config_fingerprint(
        config,
        *(part for name, data in sorted(templates.items()) for part in (name.encode(), data)),
        *(page.markdown.encode() for page in pages),
    )
    site = Site(
        root=root,
        base=base,
        created=created,
        config=config,
        sources={source.name: _opened(source, root, config) for source in config.sources},
        renderer=partial(_renderer, config, templates, frozenset(_files(root / _TEMPLATES)))
        if config.site.catalog.enabled
        else None,
        icons=_icons(root, config, cache) if config.site.catalog.enabled and config.site.trust.fetch_icons else None,
        pages=pages,
        fingerprint=fingerprint,
        cache=cache,
        keep=keep,
    )
    return site, notes


def reopened(site: Site, created: Created) -> Site:
    """Return a site with other sources and registries created beside those of its file.

    What a build needs besides, such as templates, stays as it was opened.

    Raises:
        ConfigError: they do not go together with the file, or a source cannot be opened.
    """
    config = with_created(site.base, created)
    known = {source.name: source for source in site.config.sources}
    sources = {
        source.name: site.sources[source.name]
        if known.get(source.name) == source
        else _opened(source, site.root, config)
        for source in config.sources
    }
    return replace(site, config=config, created=created, sources=sources)


def _opened(source: SourceConfig, root: Path, config: Config) -> SourceLike:
    trusted = config.site.trust.allow_private_addresses
    return open_source(source, site_root=root, cache=root / CACHE_FOLDER, allow_private_addresses=trusted)


def _icons(root: Path, config: Config, cache: Path) -> IconStore:
    # The network, which most builds do not need, takes long to import.
    from regpress.html.pictures import picture_type  # noqa: PLC0415
    from regpress.iconstore import LOCK_FILE, IconStore  # noqa: PLC0415
    from regpress.sources.http import public_only  # noqa: PLC0415

    rule = None if config.site.trust.allow_private_addresses else public_only
    return IconStore(lock_file=root / LOCK_FILE, folder=cache / "icons", kind_of=picture_type, address_rule=rule)


def _changed(site: SiteConfig, host: str | None, base_url: str | None) -> SiteConfig:
    """Return ``site`` with what options of the command line change."""
    if host is not None:
        site = replace(site, host=profile(host).name)
    if base_url is not None:
        try:
            site = replace(site, base_url=BASE_URL.check(base_url), base_path="")
        except FlawsError as error:
            raise ConfigError(*(f"--base-url: {flaw.words}" for flaw in error.flaws)) from error
    return site


def read_now(environ: Mapping[str, str] = os.environ) -> str:
    """Return the time of this run: ``SOURCE_DATE_EPOCH`` where it is set, else the clock's.

    Raises:
        ConfigError: the variable is not a number of seconds.
    """
    text = environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return from_epoch(int(time.time()))
    try:
        return from_epoch(int(text))
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"SOURCE_DATE_EPOCH: {text!r} is not a number of seconds since 1970") from error


def output_folds_case(out: Path) -> bool:
    """Return whether the disk that will hold *out* takes names that differ only in case for one."""
    manifest = out / MANIFEST_FILE
    if manifest.exists():
        return manifest.with_name(MANIFEST_FILE.upper()).exists()
    # Beside the output, never in it: nothing but the registry is to be found there.
    folder = out.resolve().parent
    while not folder.is_dir():
        folder = folder.parent
    return os.access(folder, os.W_OK) and folds_case(folder)


def _read_config(
    root: Path, config_file: Path | None, environ: Mapping[str, str], cache: Path
) -> tuple[Config, tuple[str, ...], Callable[[], None]]:
    """Return the configuration, notes about it, and what keeps that it is sound."""
    path = config_file or root / CONFIG_FILE
    if not root.is_dir():
        raise ConfigError(f"{root}: there is no such folder")
    if config_file is None and not path.exists():
        has_content, has_file = _has_entries(root / CONTENT_FOLDER), (root / "registry.json").is_file()
        config = default_config(
            has_content=has_content, has_registry_file=has_file, environ=environ, further=_unknown_names
        )
        return config, (f"no {CONFIG_FILE}: sources {', '.join(s.name for s in config.sources)}",), lambda: None
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8 (expected a YAML file in UTF-8)") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    kept = ConfigCache(cache, text, file=str(path), environ=environ)
    if (known := kept.load()) is not None:
        return *known, kept.leave
    sound = SoundConfig(*load_config(text, file=str(path), environ=environ, further=_unknown_names))
    return *sound, partial(kept.save, sound)


def _has_entries(content: Path) -> bool:
    """Return whether a content folder is one for entries by default: not where the admin API made all that is there."""
    if not content.is_dir() or read_created(content).managed:
        return False
    return not (content / ADMIN_FOLDER).is_dir() or any(path.name != ADMIN_FOLDER for path in content.iterdir())


def _unknown_names(config: Config) -> Iterator[Flaw]:
    """Yield what is wrong with names that the configuration's own records cannot know: of hosts and of rules."""
    try:
        profile(config.site.host)
    except ConfigError as error:
        yield Flaw(at=("site", "host"), what=str(error).removeprefix("host: "))
    if not config.site.policy.rules:
        return
    from regpress.validate.policy import override_problems  # noqa: PLC0415 - as in `_renderer`

    for rule, severity in config.site.policy.rules.items():
        for problem in override_problems({rule: severity}):
            yield Flaw(at=("site", "policy", "rules", rule), what=problem)


def package_templates() -> Path:
    """Return the folder of the default templates: inside an installed package, or beside its sources.

    Raises:
        ConfigError: this installation has none.
    """
    inside = Path(__file__).parent / "templates"
    for folder in (inside, inside.parents[2] / "templates"):
        if folder.is_dir():
            return folder
    raise ConfigError(f"{inside}: this installation of regpress has no templates; install it anew")


def admin_templates(root: Path) -> dict[str, bytes]:
    """Return what the admin page is made of, by name: its own files, and the stylesheets and icon of the catalog.

    Raises:
        ConfigError: this installation has no templates.
    """
    names = (f"{_ADMIN}/", f"{_ASSETS}/style", f"{_ASSETS}/icon.svg")
    return {name: data for name, data in _all_templates(root).items() if name.startswith(names)}


def _templates(root: Path) -> dict[str, bytes]:
    """Return the templates and assets of the tree by name."""
    return {name: data for name, data in _all_templates(root).items() if not name.startswith(f"{_ADMIN}/")}


def _all_templates(root: Path) -> dict[str, bytes]:
    """Return the templates and assets by name; a site's own replace single files of the defaults."""
    found = _files(package_templates()) | _files(root / _TEMPLATES)
    return {name: path.read_bytes() for name, path in found.items()}


def _files(folder: Path) -> dict[str, Path]:
    """Return the files of a folder by their names in it, hidden ones left out; nothing where there is no folder."""
    found = ((path, path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file())
    hidden = (".", "__pycache__")
    return {name.as_posix(): path for path, name in found if not any(part.startswith(hidden) for part in name.parts)}


def _renderer(
    config: Config, templates: Mapping[str, bytes], own: Collection[str], pictures: Mapping[str, bytes]
) -> HtmlRenderer:
    # Most builds have nothing to do and need no templates: imported here, they cost nothing then.

    import jinja2  # noqa: PLC0415

    from regpress.html.environment import make_environment  # noqa: PLC0415
    from regpress.html.render import HtmlRenderer  # noqa: PLC0415

    site = config.site
    assets = {
        name.removeprefix(f"{_ASSETS}/"): data for name, data in templates.items() if name.startswith(f"{_ASSETS}/")
    }
    try:
        sources = {name: data.decode() for name, data in templates.items() if not name.startswith(f"{_ASSETS}/")}
    except UnicodeDecodeError as error:
        raise ConfigError(f"templates: a template is not UTF-8: {error}") from error
    environment = make_environment(jinja2.DictLoader(sources), compiled=None if own else _compiled(sources))
    view = SiteView(
        title=site.title,
        description=site.description,
        base_url=site.base_url,
        base_path=f"{site.base_path}/",
        theme=site.catalog.theme,
        accent=site.catalog.accent or "",
        icon_hosts=tuple(sorted({host.lower() for host in site.trust.icon_hosts})),
        entry_files=tuple(dict.fromkeys(site.catalog.entry_files)),
        namespace_pages_from=1 if site.catalog.namespace_pages == "all" else 2,
        legacy_api="v0" in site.aliases or profile(site.host).rewrites_aliases,
    )
    parts = (part for name, data in sorted(templates.items()) for part in (name.encode(), data))
    shown = (site.host, *(registry.name for registry in config.registries))
    fingerprint = recipe((__version__.encode(), repr((view, shown)).encode(), *parts))
    return HtmlRenderer(environment, view, fingerprint=fingerprint, assets=assets, pictures=pictures, own=own)


def _compiled(sources: Mapping[str, str]) -> CompiledTemplates | None:
    """Return where the default templates are kept compiled; None where it cannot be said what compiles them."""
    from jinja2 import compiler  # noqa: PLC0415

    from regpress.compiled_templates import CompiledTemplates  # noqa: PLC0415
    from regpress.html import environment  # noqa: PLC0415

    try:
        compilers = [Path(module.__file__ or "").read_bytes() for module in (compiler, environment)]
    except OSError:
        return None
    # Of all, since a template holds those that it includes.
    parts = (part.encode() for name, source in sorted(sources.items()) for part in (name, source))
    return CompiledTemplates(package_templates(), recipe((*compilers, *parts)))


def _pages(root: Path, config: Config) -> tuple[ContentPage, ...]:
    """Return the Markdown pages of ``content/pages`` in menu order."""
    folder = root / CONTENT_FOLDER / "pages"
    wanted = config.site.catalog.pages
    slugs = wanted if wanted is not None else sorted(path.stem for path in folder.glob("*.md"))
    pages = []
    for order, slug in enumerate(slugs):
        path = folder / f"{slug}.md"
        try:
            pages.append(ContentPage.of(slug, path.read_bytes().decode("utf-8-sig"), order=order))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be used as a page: {error}") from error
    return tuple(pages)
