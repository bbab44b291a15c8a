"""All host profiles by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from regpress.errors import ConfigError
from regpress.hosts.base import HostProfile

#: Names, in the order of messages and documentation, and where the profiles are: a module here, and a name in it.
_PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "generic": ("generic", "PROFILE"),
    "github-pages": ("github_pages", "PROFILE"),
    "github-pages-page": ("github_pages", "PAGE"),
    "github-pages-folder": ("github_pages", "FOLDER"),
    "github-pages-index": ("github_pages", "INDEX_PAGE"),
    "cloudflare-pages": ("cloudflare", "PAGES"),
    "cloudflare-workers": ("cloudflare", "WORKERS"),
    "nginx": ("nginx", "PROFILE"),
    "apache": ("apache", "PROFILE"),
    "caddy": ("caddy", "PROFILE"),
    "gitlab-pages": ("gitlab_pages", "PROFILE"),
    "netlify": ("netlify", "PROFILE"),
    "vercel": ("vercel", "PROFILE"),
    "s3-cloudfront": ("s3_cloudfront", "PROFILE"),
    "object-store": ("object_store", "PROFILE"),
    "azure-swa": ("azure_swa", "PROFILE"),
    "firebase": ("firebase", "PROFILE"),
}
DEFAULT: Final = "generic"


class _Profiles(Mapping[str, HostProfile]):
    """Each profile is imported when somebody asks for it: a build needs one, and starts a tenth faster for that."""

    def __getitem__(self, name: str) -> HostProfile:
        module, attribute = _PLACES[name]
        found: HostProfile = getattr(import_module(f"regpress.hosts.{module}"), attribute)
        return found

    def __contains__(self, name: object) -> bool:
        return name in _PLACES

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


PROFILES: Final[Mapping[str, HostProfile]] = _Profiles()


def profile(name: str) -> HostProfile:
    """Return the profile of a name, as ``--host`` and ``site.host`` give it.

    Raises:
        ConfigError: there is none; the message lists the names and the nearest one.
    """
    if name not in PROFILES:
        from difflib import get_close_matches  # noqa: PLC0415 - only for what is wrong

        near = get_close_matches(name.lower().replace("_", "-"), PROFILES, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"host: {name[:80]!r} is not a host profile: {hint}known are {', '.join(PROFILES)}")
    return PROFILES[name]
