"""A site, opened, and how to build it: what use cases take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from regpress.digest import compact_json, recipe
from regpress.model.config import Config
from regpress.model.config_packing import packed
from regpress.model.created import NOTHING_CREATED, Created
from regpress.record import record

if TYPE_CHECKING:
    from regpress.hosts.base import HostProfile
    from regpress.html.render import HtmlRenderer
    from regpress.html.site import ContentPage
    from regpress.iconstore import Renewed
    from regpress.model.entry import Snapshot
    from regpress.model.issue import Issue
    from regpress.output.keeping import Inherited
    from regpress.resolve import PreviousVersion, VersionKey


class SourceLike(Protocol):
    """Anything that can be fetched: see `regpress.sources.base.Source`."""

    def fetch(self) -> Snapshot:
        """Return what the source holds now."""


class IconsLike(Protocol):
    """Pictures of entries that become files of the site: see `regpress.iconstore.IconStore`."""

    def load(self) -> tuple[Mapping[str, bytes], tuple[Issue, ...]]:
        """Return pictures by the address that they come from, and what is missing."""

    def renew(self, urls: Iterable[str], *, again: bool = False) -> Renewed:
        """Lock the pictures at these addresses."""


class Progress(Protocol):
    """Told what is going on, for people who wait."""

    def __call__(self, message: str, /) -> None:
        """Take one line without a full stop."""


@record(kw_only=True)
class Site:
    """A site, opened: everything that a build needs from outside.

    Attributes:
        root: its folder.
        base: the configuration of the file alone.
        created: what was created through the admin API beside it.
        config: the configuration, with what was created.
        sources: a fetcher for each source of the configuration.
        renderer: makes the HTML catalog, given pictures by their address; None where it is switched off.
        icons: pictures of entries, None where the site wants none.
        pages: the Markdown pages.
        fingerprint: digest of configuration, templates and pages.
        cache: folder for what can be made anew: fetched repositories, the state of outputs.
        keep: keeps what it took long to find out when the site was opened; called when a build has ended well.
    """

    root: Path
    base: Config
    created: Created = NOTHING_CREATED
    config: Config
    sources: Mapping[str, SourceLike]
    renderer: Callable[[Mapping[str, bytes]], HtmlRenderer] | None
    icons: IconsLike | None = None
    pages: tuple[ContentPage, ...]
    fingerprint: bytes
    cache: Path
    keep: Callable[[], None] = lambda: None


@record(kw_only=True)
class Options:
    """How to build, beside what to build.

    Attributes:
        profile: the host.
        now: RFC 3339 time for changes that nothing else dates.
        previous: what an earlier output says, by version.
        inherited: pages of lists in an earlier output, which stay readable for a while.
        jobs: number of processes.
        full: render and verify everything.
        strict: write nothing when there are warnings either.
        advice: whether a build lists its advice, or only counts it.
        folds_case: whether the output's disk folds case.
        purged: names of which no old page of a list may stay readable.
        without: names of sources that are taken to be empty.
        gated: whether registries are taken that only recognised callers may read; never for a tree of files.
    """

    profile: HostProfile
    now: str
    previous: Mapping[VersionKey, PreviousVersion] = field(default_factory=dict)
    inherited: Iterable[Inherited] = ()
    jobs: int = 1
    full: bool = False
    strict: bool = False
    advice: bool = True
    folds_case: bool = False
    purged: Sequence[str] = ()
    without: Sequence[str] = ()
    gated: bool = False


def config_fingerprint(config: Config, *others: bytes) -> bytes:
    """Return the digest of a configuration and whatever else decides about the output."""
    return recipe((compact_json(packed(config)), *others))
