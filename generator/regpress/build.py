"""A site to its output: the one place that knows the order of the stages.

``check`` stops before anything is rendered; ``build`` renders and writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import field, replace
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from regpress import __version__, paths
from regpress.digest import recipe
from regpress.fetching import fetch
from regpress.hosts.limits import limit_summary
from regpress.model.artifact import TreeSize
from regpress.model.entry import Snapshot
from regpress.model.issue import Report
from regpress.model.kept_report import lists_advice, pack_report, unpack_report
from regpress.output.keeping import Inherited, Keeps, names_any
from regpress.output.rows import Row
from regpress.output.state import State
from regpress.output.tree import OutputTree
from regpress.record import record
from regpress.site import Options, Progress, Site
from regpress.workers import without_collector

if TYPE_CHECKING:
    from regpress.gathering import Gathered

# Most builds have nothing to do: what reads and renders is imported where it is needed.

_SAME: Final = "nothing changed"


@record(kw_only=True)
class BuildResult:
    """What a build did.

    Attributes:
        report: all findings.
        done: whether the output was written, or was right already.
        unchanged: whether there was nothing to do.
        counts: entries and versions of each registry.
        summary: one line about files, sizes and the host's limits.
        written, removed: numbers of files.
        gathered: what the output was made of, None where that was not looked at.
        outdated: files that were there before and hold something else now, or are gone.
        rest: what else came into being; a program that ends now need not take the time to free it.
    """

    report: Report
    done: bool
    unchanged: bool = False
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    summary: str = ""
    written: int = 0
    removed: int = 0
    gathered: Gathered | None = None
    outdated: tuple[Row, ...] = ()
    rest: object = field(default=None, repr=False, compare=False)


def paths_to_clear(outdated: Iterable[Row], base_path: str = "") -> tuple[str, ...]:
    """Return the paths by which a shared cache may still have what files held before a build, sorted.

    Args:
        outdated: the files.
        base_path: the path below which the site lies, ``/my-registry`` or empty.
    """
    found: set[str] = set()
    for row in outdated:
        if not row.file.startswith(f"{paths.CONFIGURATION}/"):
            found |= {paths.encoded(row.file), *paths.requests_for(row.address)}
    return tuple(sorted(f"{base_path}/{path}" for path in found))


def check(site: Site, options: Options, progress: Progress) -> Report:
    """Validate and merge every source, look at templates and sizes, and write nothing.

    Raises:
        ConfigError: a template cannot be used.
        SourceError: a source gave nothing usable.
    """
    from regpress.gathering import gather  # noqa: PLC0415
    from regpress.rendering import complete_lists  # noqa: PLC0415

    if site.renderer is not None:
        site.renderer({})
    with without_collector():
        gathered = gather(site, fetch(site, progress), options, progress)
        _, list_issues = complete_lists(gathered.catalogs, options.profile)
    return gathered.report.with_issues(list_issues)


def build(
    site: Site, out: Path, options: Options, progress: Progress, *, tree: OutputTree | None = None
) -> BuildResult:
    """Fetch, validate, merge, render and write every public registry of *site* to the folder *out*.

    Args:
        site: the site.
        out: the output folder.
        options: how to build.
        progress: told what is going on.
        tree: the output folder, where it is held and looked at already (`OutputTree.begin`).

    Returns:
        A result that is not ``done`` when a document is invalid; the output is as before.

    Raises:
        SourceError: a source gave nothing usable.
        BuildRefusedError: the output must not be written.
        StorageError: it cannot be.
    """
    tree = tree or OutputTree.of(out, cache=site.cache, jobs=options.jobs)
    with without_collector(), tree.locked():
        state = tree.begin(hashed=options.full)
        snapshots = fetch(site, progress, without=options.without)
        pictures, missing = site.icons.load() if site.icons is not None else ({}, ())
        inputs = _inputs(site, snapshots, options, pictures)
        is_same = not options.full and not options.purged and state.inputs == inputs and tree.is_intact()
        if is_same and (lists_advice(state.summary["report"]) or not options.advice):
            site.keep()
            return _unchanged(state, options)
        from regpress.gathering import Memory, gather  # noqa: PLC0415

        with closing(Memory(site, options)) as memory:
            gathered = gather(site, snapshots, options, progress, memory)
            # The bytes of all sources, which nothing needs from here on.
            del snapshots
            if _fails(gathered.report, options):
                return BuildResult(report=gathered.report, done=False)
            progress(f"writing {out}")
            gathered = replace(gathered, report=gathered.report.with_issues(missing))
            result = _write(site, tree, gathered, options, pictures, inputs=inputs, planned=memory.save)
            if result.done:
                site.keep()
            # What the last build said may have been too little for this one, though there was nothing to do.
            said: dict[str, Any] = {"unchanged": True, "summary": _SAME} if is_same and result.done else {}
            return replace(result, rest=(result.rest, memory), **said)


def icon_urls(site: Site, options: Options, progress: Progress) -> tuple[str, ...]:
    """Return the addresses of the icons that the public entries of *site* name, the first usable one of each.

    Raises:
        SourceError: a source gave nothing usable.
        BuildRefusedError: every registry is private.
    """
    from regpress.gathering import gather  # noqa: PLC0415
    from regpress.html.icons import icon_addresses  # noqa: PLC0415

    with without_collector():
        catalogs = gather(site, fetch(site, progress), options, progress).catalogs
    latest = (entry.latest for catalog in catalogs for entry in catalog)
    return tuple(url for version in latest for url in icon_addresses(version.value.get("icons"))[:1])


def _write(
    site: Site,
    tree: OutputTree,
    gathered: Gathered,
    options: Options,
    pictures: Mapping[str, bytes],
    *,
    inputs: str,
    planned: Callable[[], None],
) -> BuildResult:
    from regpress.rendering import all_parts, complete_lists, refuse_tree  # noqa: PLC0415

    catalogs = gathered.catalogs
    complete, list_issues = complete_lists(catalogs, options.profile)
    report = gathered.report.with_issues(list_issues)
    if _fails(report, options):
        return BuildResult(report=report, done=False)
    counts = {catalog.registry: catalog.counts() for catalog in catalogs}
    sizes: list[TreeSize] = []

    def accept(size: TreeSize, files: Iterable[str]) -> None:
        sizes.append(size)
        refuse_tree(size, files, options.profile)

    documents, catalog = all_parts(site, gathered, options, complete, pictures)
    result = tree.replace(
        documents,
        options.profile.files,
        others=catalog,
        accept=accept,
        keeps=_keeps(tree.root, options.purged, {catalog.registry for catalog in catalogs}),
        inherited=_without(options.purged, options.inherited),
        inputs=inputs,
        summary={"report": pack_report(report), "counts": counts},
        full=options.full,
        planned=planned,
    )
    return BuildResult(
        report=report,
        done=True,
        counts=counts,
        summary=limit_summary(options.profile, sizes[0]),
        written=result.written,
        removed=result.removed,
        gathered=gathered,
        outdated=result.outdated,
        rest=result.rest,
    )


def _keeps(root: Path, purged: Sequence[str], registries: Collection[str]) -> Keeps:
    """Return which files stay readable although nothing makes them any more: pages of lists, without *purged* names.

    Those of a registry that is not written any more are not among them: it may be private now.
    """
    mentions = names_any(purged)

    def keeps(row: Row) -> bool:
        if not paths.is_list_page(row.address) or paths.other_registry(row.address) not in {"", *registries}:
            return False
        page = root / row.file
        return not (purged and page.is_file() and mentions(page.read_bytes()))

    return keeps


def _without(purged: Sequence[str], inherited: Iterable[Inherited]) -> Iterable[Inherited]:
    if not purged:
        return inherited
    mentions = names_any(purged)

    def checked(read: Callable[[], bytes | None]) -> bytes | None:
        body = read()
        return None if body is None or mentions(body) else body

    return [one._replace(read=partial(checked, one.read)) for one in inherited]


def _fails(report: Report, options: Options) -> bool:
    return report.has_errors or (options.strict and report.counts()["warning"] > 0)


def _inputs(site: Site, snapshots: Mapping[str, Snapshot], options: Options, pictures: Mapping[str, bytes]) -> str:
    """Return a fingerprint of everything that the output depends on."""

    def parts() -> Iterator[bytes]:
        yield __version__.encode()
        yield site.fingerprint
        yield options.profile.name.encode()
        yield bytes([options.folds_case, options.strict])
        if options.previous:
            yield options.now.encode()
            yield repr(sorted(options.previous.items())).encode()
        for url, data in sorted(pictures.items()):
            yield url.encode()
            yield data
        for name, snapshot in snapshots.items():
            yield name.encode()
            yield snapshot.revision.encode()
            yield repr((snapshot.claims, snapshot.issues)).encode()
            # Sources make these in any order.
            for facts in (snapshot.statuses, snapshot.entry_times):
                yield repr(sorted(facts.items(), key=itemgetter(0))).encode()
            for raw in (*snapshot.files, *snapshot.readmes.values()):  # their bytes are those of the revision
                yield raw.path.encode()
                yield repr((raw.times, raw.modified)).encode()

    return recipe(parts()).hex()


def _unchanged(state: State, options: Options) -> BuildResult:
    """Return the former result: neither inputs nor output changed since."""
    return BuildResult(
        report=unpack_report(state.summary["report"], advice=options.advice),
        done=True,
        unchanged=True,
        counts=state.summary["counts"],
        summary=_SAME,
    )
