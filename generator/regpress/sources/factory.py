"""A source's configuration to the source that reads it."""

from __future__ import annotations

from pathlib import Path

from regpress.errors import ConfigError
from regpress.model.config_source import SourceConfig
from regpress.names import SourceName
from regpress.sources.base import Source
from regpress.sources.dating import History, local_history
from regpress.sources.file import FileSource, InlineSource


def open_source(
    config: SourceConfig,
    *,
    site_root: Path,
    cache: Path,
    allow_private_addresses: bool = False,
    history: History = local_history,
) -> Source:
    """Return the source that *config* describes, not yet fetched.

    Args:
        config: one entry of ``sources``.
        site_root: the site's folder, to which paths are relative.
        cache: folder for what was fetched before.
        allow_private_addresses: whether addresses in private networks may be asked, ``site.trust``.
        history: the times of local files from version control.

    Raises:
        ConfigError: sources of this type cannot be read.
    """
    name = SourceName(config.name)
    if config.git is not None:
        # GitPython can fail at import where there is no git program.
        from regpress.sources.git import open_git_source  # noqa: PLC0415

        return open_git_source(
            config, cache=cache, site_root=site_root, allow_private_addresses=allow_private_addresses
        )
    if config.file is not None and config.file.url is not None:
        # The network, which most sites do not need, takes long to import.
        from regpress.sources.http import public_only  # noqa: PLC0415
        from regpress.sources.url import UrlSource  # noqa: PLC0415

        return UrlSource(
            name=name,
            url=config.file.url,
            cache=cache,
            timeout=config.file.timeout,
            claims=config.claims,
            address_rule=None if allow_private_addresses else public_only,
        )
    if config.api is not None:
        from regpress.sources.api import ApiSource  # noqa: PLC0415
        from regpress.sources.http import public_only  # noqa: PLC0415

        return ApiSource(
            name=name,
            endpoint=config.api.endpoint,
            cache=cache,
            timeout=config.api.timeout,
            claims=config.claims,
            address_rule=None if allow_private_addresses else public_only,
        )
    if config.file is not None and config.file.path is not None:
        return FileSource(
            name=name,
            path=config.file.path,
            site_root=site_root,
            claims=config.claims,
            history=history,
            cache=cache / "entries",
        )
    if config.file is not None:
        return InlineSource(name=name, data=config.file.data, claims=config.claims)
    if config.managed is not None:
        from regpress.sources.managed import ManagedSource  # noqa: PLC0415

        return ManagedSource(name=name, site_root=site_root, claims=config.claims, history=history)
    raise ConfigError(
        f"sources: {config.name}: a static registry cannot watch a cluster, so 'kubernetes' is no source here "
        "(expected e.g. 'file: {path: …}' with a registry file that a job in the cluster writes, or "
        "'api: {endpoint: …}' with a registry server in it)"
    )
