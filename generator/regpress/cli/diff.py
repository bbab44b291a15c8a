"""``regpress diff``: what a build would change, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click
import orjson

from regpress.api import response
from regpress.catalog import Catalog
from regpress.changes import Change, changed_fields, find_changes
from regpress.cli import opening, options
from regpress.cli.earlier import open_previous
from regpress.cli.help import HELP
from regpress.cli.report import append_summary, counts_line, findings_exit_code, printable, write_report
from regpress.errors import SourceMalformedError
from regpress.fetching import fetch
from regpress.gathering import gather
from regpress.model.document import DocumentError, compact_text, parse_json
from regpress.model.entry import OFFICIAL_META, EntryVersion
from regpress.previous import Previous
from regpress.resolve import VersionKey

_SIGNS = {"added": "+", "changed": "~", "status": "!", "latest": "*", "removed": "-"}


@click.command(context_settings=HELP)
@options.site_argument
@options.config_option
@click.option(
    "--previous", metavar="DIR|URL", help="The earlier output to compare with; dist in the site's folder by default."
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How changes are listed.",
)
@click.option("--summary", is_flag=True, help="Also append Markdown to the job summary of GitHub Actions.")
@options.jobs_option
@options.verbose_option
def diff(
    site: Path,
    config_file: Path | None,
    previous: str | None,
    output_format: str,
    summary: bool,
    jobs: int | None,
    verbose: bool,
) -> None:
    """Show what a build of the site in folder SITE would change, entry by entry, and write nothing.

    Exit code 1 only when the sources have errors.
    """
    opened = opening.open_for(site, config_file)
    default = site / "dist"
    location = previous or (str(default) if default.is_dir() else None)
    earlier = open_previous(location, opened) or Previous()
    build_options = opening.options_for(opened, default, previous=earlier, jobs=jobs)
    progress = options.progress()
    gathered = gather(opened, fetch(opened, progress), build_options, progress)
    changes = [change for catalog in gathered.catalogs for change in _detailed(catalog, earlier)]
    changes += [
        Change(what="removed", registry=name, kind="registry", name=name, version="")
        for name in earlier.registries
        if name not in {catalog.registry for catalog in gathered.catalogs}
    ]
    if gathered.report.has_errors:
        write_report(gathered.report, "text", verbose=verbose, err=True)
        click.echo(counts_line(gathered.report), err=True)
    click.echo(_FORMATTERS[output_format](changes), nl=False)
    if summary:
        append_summary(_markdown(changes))
    raise SystemExit(findings_exit_code(gathered.report, strict=False))


def _detailed(catalog: Catalog, earlier: Previous) -> Iterator[Change]:
    """Yield the changes of a registry; changed documents with the members that differ, where the old one is at hand."""
    current: dict[VersionKey, EntryVersion] = {
        (version.kind, str(version.name), version.version): version
        for entry in catalog
        for version in (*entry.versions, *entry.deleted)
    }
    for change in find_changes(catalog, earlier.registries.get(catalog.registry, {})):
        if change.what == "changed":
            version = current[change.kind, change.name, change.version]
            before = earlier.document(catalog.registry, version)
            if before is not None:
                fields = changed_fields(_content(change.kind, before), _content(change.kind, response(version)))
                yield replace(change, fields=fields)
                continue
        yield change


def _content(kind: str, body: bytes) -> dict[str, bytes]:
    """Return the members of a response that publishers write, each as its text, so that the spelling counts too.

    Raises:
        SourceMalformedError: it is no response of a registry.
    """
    try:
        value = parse_json(body)
        members = value["server"] if kind == "server" else value
        beside = {f"_meta.{key}": item for key, item in value["_meta"].items() if key != OFFICIAL_META}
        own = {key: item for key, item in members.items() if kind == "server" or key != "_meta"}
        return {key: compact_text(item) for key, item in {**own, **beside}.items()}
    except (DocumentError, KeyError, TypeError, AttributeError) as error:
        raise SourceMalformedError("previous output", "a document of it is not one of regpress") from error


def _text(changes: Sequence[Change]) -> str:
    lines = [f"{_SIGNS[change.what]} {_line(change)}" for change in changes]
    return "\n".join([*lines, _total(changes), ""])


def _line(change: Change) -> str:
    registry = "" if change.registry == "default" else f" [{change.registry}]"
    detail = f": {change.detail}" if change.detail else ""
    fields = f": {', '.join(change.fields)}" if change.fields else ""
    return printable(f"{change.label}{registry} {change.what}{detail}{fields}")


def _total(changes: Sequence[Change]) -> str:
    if not changes:
        return "nothing would change"
    counts = {what: sum(1 for change in changes if change.what == what) for what in _SIGNS}
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


def _markdown(changes: Sequence[Change]) -> str:
    head = f"### What this changes in the registry\n\n{_total(changes)}\n"
    if not changes:
        return head
    rows = [
        f"| {_SIGNS[change.what]} {change.what} | {_cell(change.label)} | {_cell(change.registry)} "
        f"| {_cell(change.detail or ', '.join(change.fields))} |"
        for change in changes[:500]
    ]
    more = [f"\n… and {len(changes) - 500:,} more"] if len(changes) > 500 else []
    return "\n".join([head, "| | entry | registry | what |", "|---|---|---|---|", *rows, *more, ""])


def _cell(text: str) -> str:
    """Return *text* so that Markdown and HTML in it stay text."""
    if not text:
        return ""
    plain = " ".join(text.replace("`", "'").replace("|", "\\|").split())
    return f"`{plain}`"


def _json(changes: Sequence[Change]) -> str:
    return orjson.dumps({"changes": [asdict(change) for change in changes]}, option=orjson.OPT_INDENT_2).decode() + "\n"


_FORMATTERS = {"text": _text, "json": _json, "markdown": _markdown}
