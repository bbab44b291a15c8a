"""``regpress build``: sources in, a registry made of files out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regpress import paths
from regpress.cli import options
from regpress.cli.ending import collect_no_more
from regpress.cli.help import HELP
from regpress.cli.report import counts_line, findings_exit_code, write_report
from regpress.errors import ConfigError
from regpress.output.tree import OutputTree
from regpress.storage import CACHE_FOLDER
from regpress.workers import default_jobs

if TYPE_CHECKING:
    from regpress.build import BuildResult


@click.command(context_settings=HELP)
@options.site_argument
@options.config_option
@options.out_option
@options.host_option
@options.base_url_option
@options.previous_option
@options.jobs_option
@click.option("--full", is_flag=True, help="Trust nothing from the last build: render everything, read every file.")
@click.option(
    "--purge",
    "purged",
    multiple=True,
    metavar="NAME",
    help="Let no old page of a list mention this entry, and print the paths to clear at a CDN.",
)
@click.option(
    "--without",
    multiple=True,
    metavar="SOURCE",
    help="Take a source to be empty, such as one that cannot be reached for now.",
)
@options.format_option
@options.strict_option
@options.verbose_option
def build(
    site: Path,
    config_file: Path | None,
    out: Path | None,
    host: str | None,
    base_url: str | None,
    previous: str | None,
    jobs: int | None,
    full: bool,
    purged: tuple[str, ...],
    without: tuple[str, ...],
    output_format: str,
    strict: bool,
    verbose: bool,
) -> None:
    """Build the registry of the site in folder SITE.

    When a document is invalid (with --strict also when there are warnings) nothing is written: the last good output
    stays as it is.
    """
    collect_no_more()
    started = time.monotonic()
    folder = out or site / "dist"
    tree = OutputTree.of(folder, cache=site.absolute() / CACHE_FOLDER, jobs=jobs or default_jobs())
    with _looked_at(tree, hashed=full):
        # Others look at tens of thousands of files while this process imports what opens and builds a site.
        from regpress import build as use_case  # noqa: PLC0415
        from regpress.cli import opening  # noqa: PLC0415

        opened = opening.open_for(site, config_file, host=host, base_url=base_url)
        if unknown := set(without) - {source.name for source in opened.config.sources}:
            raise ConfigError(f"--without: there is no source {min(unknown)!r}")
        earlier = opening.earlier_output(previous, opened)
        build_options = opening.options_for(
            opened,
            folder,
            previous=earlier,
            jobs=jobs,
            full=full,
            strict=strict,
            advice=verbose or output_format != "text",
            purged=purged,
            without=without,
        )
        result = use_case.build(opened, folder, build_options, options.progress(), tree=tree)
    clear = use_case.paths_to_clear(result.outdated, opened.config.site.base_path) if purged else ()
    extra = {
        "result": {
            "out": str(folder),
            "done": result.done,
            "unchanged": result.unchanged,
            "registries": result.counts,
            "written": result.written,
            "removed": result.removed,
            **({"clear": list(clear)} if purged else {}),
        }
    }
    write_report(result.report, output_format, verbose=verbose, err=bool(purged), extra=extra)
    for path in clear if output_format == "text" else ():
        click.echo(path)
    click.echo(counts_line(result.report), err=True)
    if result.done:
        _print_summary(result, folder, time.monotonic() - started, quiet=output_format == "json")
    else:
        click.echo(f"{folder} was not touched", err=True)
    raise SystemExit(findings_exit_code(result.report, strict=strict))


@contextmanager
def _looked_at(tree: OutputTree, *, hashed: bool) -> Iterator[None]:
    """Hold an output that was built before, and begin to look whether its files are still as they were left."""
    if not tree.was_built:
        yield
        return
    with tree.locked():
        tree.begin(hashed=hashed)
        yield


def _print_summary(result: BuildResult, folder: Path, seconds: float, *, quiet: bool) -> None:
    for registry, counts in result.counts.items():
        parts = [_counted(counts[plural], plural) for plural in paths.ENTRY_PLURAL.values() if counts[plural]]
        versions = sum(count for key, count in counts.items() if key.endswith("Versions"))
        entries = ", ".join(parts) or "no entries"
        click.echo(f"registry {registry}: {entries}; {_counted(versions, 'versions')}", err=True)
    click.echo(result.summary, err=True)
    written = f"{_counted(result.written, 'files')} written, {result.removed:,} removed"
    done = "nothing to do" if result.unchanged else written
    click.echo(f"{folder}: {done} in {seconds:.1f} s", err=True)
    if not quiet:
        click.echo(f"look at it: regpress preview --out {folder}", err=True)


def _counted(number: int, plural: str) -> str:
    return f"{number:,} {plural.removesuffix('s') if number == 1 else plural}"
