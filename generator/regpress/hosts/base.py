"""The seam between the tree and the hosts that serve it.

A profile is one decision: layout, configuration files, capabilities and limits belong together, since a tree
that is right for one host loops or breaks on another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Protocol

from regpress.model.artifact import Artifact, Form
from regpress.names import Kind
from regpress.record import record


@record(kw_only=True)
class Limits:
    """What a host accepts; None where it sets no limit. Sizes in bytes.

    Attributes:
        files, file_bytes, total_bytes: the most of each.
        larger_plan: what to do where more files are paid for, for people; empty where that is not possible.
    """

    files: int | None = None
    folder_files: int | None = None
    file_bytes: int | None = None
    total_bytes: int | None = None
    larger_plan: str = ""


@record(kw_only=True)
class SiteAddress:
    """Where the site will be served, and what is in it.

    Attributes:
        base_url: ``https://example.org/my-registry`` without a final slash; empty where it is not known.
        base_path: the path part of it, ``/my-registry``, or empty.
        registries: names of the registries below ``/registry/``; the default one is also at the root.
        default_registry: the one at the root.
        aliases: further prefixes that the files themselves carry (``v0``, ``registry/<default>``).
        precompress: encodings in which files have siblings: ``br``, ``gzip``.
        paged_only: registry and kind of each list that is written in pages only, because it is too large to be one
            document.
    """

    base_url: str = ""
    base_path: str = ""
    registries: tuple[str, ...] = ()
    default_registry: str = "default"
    aliases: tuple[str, ...] = ()
    precompress: tuple[str, ...] = ()
    paged_only: frozenset[tuple[str, Kind]] = frozenset()


@record(kw_only=True)
class Reply:
    """What the host answers to a request.

    Attributes:
        status: HTTP status.
        file: path of the served file below the output folder, None where the body is none.
        headers: header fields, names in lower case.
        body: what code at the host makes of files, where there is such code.
    """

    status: int
    file: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class HostProfile(Protocol):
    """One kind of static host."""

    @property
    def name(self) -> str:
        """The name given to ``--host`` and ``site.host``."""

    @property
    def title(self) -> str:
        """The name as people know the host."""

    @property
    def limits(self) -> Limits:
        """What the host accepts."""

    @property
    def guide(self) -> str:
        """Markdown for people: against what the profile was proven, how to deploy, what to mind."""

    @property
    def follows_cursors(self) -> bool:
        """Whether requests with a cursor reach the page that it names."""

    @property
    def stores_pages(self) -> bool:
        """Whether the pages of lists are written, for the host's rules or for an adapter in front of it."""

    @property
    def rewrites_aliases(self) -> bool:
        """Whether ``/v0`` and ``/registry/<default>`` are answered without copies of the files."""

    @property
    def runs_code(self) -> bool:
        """Whether code at the edge answers requests of the API (`regpress.hosts.edge`).

        Then entries share files, in which the code finds their versions, and the indexes for queries are written.
        """

    @property
    def serves_precompressed(self) -> bool:
        """Whether it answers with ``x.gz`` and ``x.br`` beside a file where the client takes them."""

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the paths, relative to the output folder, that hold the document at *address*."""

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:
        """Return the files that configure the host, such as ``.nojekyll``."""

    def answer(self, method: str, target: str, site: SiteAddress, exists: Callable[[str], bool]) -> Reply:
        """Return how the host answers a request, for ``regpress preview``.

        Args:
            method: the HTTP method in capitals.
            target: path and query as sent, percent-encoded.
            site: where the site is served.
            exists: whether the output folder has a file of that path; previews of hosts that run code give a
                `regpress.hosts.edge.answers.ReadableTree`.
        """
