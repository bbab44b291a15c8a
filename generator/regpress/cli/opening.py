"""What the shared options name: a site, an earlier output, how to build."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from regpress.hosts.limits import with_most_files
from regpress.hosts.table import profile
from regpress.site import Options, Site
from regpress.wiring import open_site, output_folds_case, read_now
from regpress.workers import default_jobs

if TYPE_CHECKING:
    from regpress.previous import Previous


def open_for(
    site_root: Path, config_file: Path | None, *, host: str | None = None, base_url: str | None = None
) -> Site:
    """Return the site that the shared options name, its notes printed.

    Raises:
        ConfigError: it cannot be opened.
    """
    site, notes = open_site(site_root, config_file=config_file, host=host, base_url=base_url)
    profile(site.config.site.host)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    return site


def earlier_output(location: str | None, site: Site) -> Previous | None:
    """Return the output that ``--previous`` names, or None where it names none.

    Raises:
        SourceError: it cannot be read, or is not an output of regpress.
    """
    if not location:
        return None
    # Few builds need it, and the network takes long to import.
    from regpress.cli.earlier import open_previous  # noqa: PLC0415

    return open_previous(location, site)


def options_for(
    site: Site,
    out: Path,
    *,
    previous: Previous | None = None,
    jobs: int | None = None,
    full: bool = False,
    strict: bool = False,
    advice: bool = True,
    purged: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Options:
    """Return the build options that belong to a site and an output folder."""
    return Options(
        profile=with_most_files(profile(site.config.site.host), site.config.site.max_files),
        now=read_now(),
        previous=previous.versions if previous else {},
        inherited=previous.list_pages() if previous else (),
        jobs=jobs or default_jobs(),
        full=full,
        strict=strict,
        advice=advice,
        folds_case=output_folds_case(out),
        purged=purged,
        without=without,
    )
