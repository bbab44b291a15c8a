"""Options that several commands share. What they open is in `regpress.cli.opening`, which takes longer to import."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from regpress.site import Progress

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
