"""Options that several commands share, and what they open."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from regpress.hosts.limits import with_most_files
from regpress.hosts.table import profile
from regpress.site import Options, Progress, Site
from regpress.wiring import open_site, output_folds_case, read_now
from regpress.workers import default_jobs

if TYPE_CHECKING:
    from regpress.previous import Previous

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("text", "json", "github")


def site_argument(command: F) -> F:
    """Add the folder of the site, the current one by default."""
    kind = click.Path(file_okay=False, path_type=Path)
    return click.argument("site", type=kind, default=Path())(command)


def config_option(command: F) -> F:
    """Add ``--config``."""
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option(
        "-c",
        "--config",
        "config_file",
        type=kind,
        envvar="REGPRESS_CONFIG",
        help="Configuration, if not config.yaml in the site's folder.",
    )(command)


def out_option(command: F) -> F:
    """Add ``--out``."""
    kind = click.Path(file_okay=False, path_type=Path)
    return click.option("-o", "--out", type=kind, help="Output folder, if not dist in the site's folder.")(command)


def host_option(command: F) -> F:
    """Add ``--host``."""
    return click.option("--host", help="Host profile, instead of site.host.")(command)


def base_url_option(command: F) -> F:
    """Add ``--base-url``."""
    return click.option("--base-url", help="Address at which the site will be served, instead of site.baseUrl.")(
        command
    )


def previous_option(command: F) -> F:
    """Add ``--previous``."""
    return click.option(
        "--previous", metavar="DIR|URL", help="An earlier output, in a folder or deployed, to take times from."
    )(command)


def jobs_option(command: F) -> F:
    """Add ``--jobs``."""
    return click.option(
        "-j", "--jobs", type=click.IntRange(min=1), help="Number of processes; as many as processors by default."
    )(command)


def format_option(command: F) -> F:
    """Add ``--format``."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        envvar="REGPRESS_FORMAT",
        help="How findings are reported.",
    )(command)


def strict_option(command: F) -> F:
    """Add ``--strict``."""
    return click.option("--strict/--no-strict", help="Treat warnings as errors.")(command)


def verbose_option(command: F) -> F:
    """Add ``--verbose``."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
        ctx.meta["verbose"] = value
        return value

    return click.option(
        "-v",
        "--verbose",
        is_flag=True,
        callback=remember,
        help="Also show advice, hidden names, and causes of errors.",
    )(command)


def progress() -> Progress:
    """Return a reporter that writes to standard error where a person is looking, and nowhere else."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda message: click.echo(click.style(f"  {message} …", dim=True), err=True)


def open_for(
    site_root: Path, config_file: Path | None, *, host: str | None = None, base_url: str | None = None
) -> Site:
    """Return the site that the shared options name, its notes printed.

    Raises:
        ConfigError: it cannot be opened.
    """
    changes: dict[str, object] = {}
    if host is not None:
        changes["host"] = profile(host).name
    if base_url is not None:
        changes |= {"baseUrl": base_url, "basePath": ""}
    site, notes = open_site(site_root, config_file=config_file, changes=changes)
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
        folds_case=output_folds_case(out),
        purged=purged,
        without=without,
    )
