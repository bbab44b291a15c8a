"""All host profiles by name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from regpress.errors import ConfigError
from regpress.hosts import (
    apache,
    azure_swa,
    caddy,
    cloudflare,
    firebase,
    generic,
    github_pages,
    gitlab_pages,
    netlify,
    nginx,
    object_store,
    s3_cloudfront,
    vercel,
)
from regpress.hosts.base import HostProfile

_ALL: Final[tuple[HostProfile, ...]] = (
    generic.PROFILE,
    github_pages.PROFILE,
    *github_pages.VARIANTS,
    cloudflare.PAGES,
    cloudflare.WORKERS,
    nginx.PROFILE,
    apache.PROFILE,
    caddy.PROFILE,
    gitlab_pages.PROFILE,
    netlify.PROFILE,
    vercel.PROFILE,
    s3_cloudfront.PROFILE,
    object_store.PROFILE,
    azure_swa.PROFILE,
    firebase.PROFILE,
)

PROFILES: Final[Mapping[str, HostProfile]] = MappingProxyType({profile.name: profile for profile in _ALL})
DEFAULT: Final = generic.PROFILE.name


def profile(name: str) -> HostProfile:
    """Return the profile of a name, as ``--host`` and ``site.host`` give it.

    Raises:
        ConfigError: there is none; the message lists the names and the nearest one.
    """
    found = PROFILES.get(name)
    if found is None:
        near = get_close_matches(name.lower().replace("_", "-"), PROFILES, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"host: {name[:80]!r} is not a host profile: {hint}known are {', '.join(PROFILES)}")
    return found
