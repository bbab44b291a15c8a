"""``regpress icons``: fetch the icons of the entries and lock their bytes."""

from __future__ import annotations

from pathlib import Path

import click

from regpress.build import icon_urls
from regpress.cli import opening, options
from regpress.cli.help import HELP
from regpress.cli.report import printable
from regpress.errors import ConfigError


@click.command(context_settings=HELP)
@options.site_argument
@options.config_option
@options.jobs_option
@click.option("--renew", is_flag=True, help="Fetch those that are locked again, too.")
@options.verbose_option
def icons(site: Path, config_file: Path | None, jobs: int | None, renew: bool, verbose: bool) -> None:  # noqa: ARG001 (`-v` shows causes)
    """Fetch the icons that entries of the site in folder SITE name, and lock their bytes in icons.lock.json.

    Builds use nothing else, if site.trust.fetchIcons allows it.
    """
    opened = opening.open_for(site, config_file)
    if opened.icons is None:
        raise ConfigError("site.trust.fetchIcons is not set, so that no icon would be used (expected true)")
    urls = icon_urls(opened, opening.options_for(opened, site / "dist", jobs=jobs), options.progress())
    done = opened.icons.renew(urls, again=renew)
    for url, why in done.refused:
        click.echo(f"warning: {printable(url)}: {printable(why)}", err=True)
    click.echo(f"{done.kept + done.added} icons are locked: {done.added} new, {done.removed} removed", err=True)
