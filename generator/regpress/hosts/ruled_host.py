"""A host with rules as one record: what such profiles have alike, so that each module holds what is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field

from regpress.hosts import layouts, ruled, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.model.artifact import Artifact, Form
from regpress.record import record


@record(kw_only=True)
class RuledHost:
    """The flat layout, pages of lists, and rules that lead to them.

    Attributes:
        name, title, guide, limits, serves_precompressed: as `regpress.hosts.base.HostProfile`.
        configure: the files of configuration of a site.
        manners: in what it answers otherwise than others of its kind.
        layout: the paths of an address.
        follows_cursors, stores_pages, rewrites_aliases, runs_code: the same for all of them.
    """

    name: str
    title: str
    guide: str
    configure: Callable[[SiteAddress], Iterable[Artifact]]
    manners: ruled.Manners
    limits: Limits = field(default_factory=Limits)
    serves_precompressed: bool = False
    layout: Callable[[str, Form], tuple[str, ...]] = layouts.flat
    follows_cursors: bool = field(default=True, init=False)
    stores_pages: bool = field(default=True, init=False)
    rewrites_aliases: bool = field(default=True, init=False)
    runs_code: bool = field(default=False, init=False)

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the paths, relative to the output folder, that hold the document at *address*."""
        return self.layout(address, form)

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:
        """Return the files that configure the host.

        Raises:
            BuildRefusedError: the host does not take rules for such a site.
        """
        return self.configure(site)

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what the host answers by its rules."""
        return ruled.answer(method, target, site, exists, self.manners)
