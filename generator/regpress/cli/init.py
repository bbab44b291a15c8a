"""``regpress init``: a new site in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import click

from regpress.cli.help import HELP
from regpress.errors import ConfigError
from regpress.hosts.table import profile
from regpress.model.config_checks import text_problem
from regpress.scaffolding import write_site
from regpress.wiring import read_now


@click.command(context_settings=HELP)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--title", help="Title of the site; the folder's name by default.")
@click.option("--host", default="generic", show_default=True, help="Host profile.")
def init(folder: Path, title: str | None, host: str) -> None:
    """Write a new site to FOLDER: configuration, an example entry, a page and workflows."""
    name = " ".join((folder.resolve().name if title is None else title).split())
    if problem := text_problem(name):
        raise ConfigError(f"--title: {name[:80]!r} {problem} (expected one line of text)")
    written = write_site(folder, title=name, host=profile(host).name, today=read_now())
    for path in written:
        click.echo(path)
    click.echo(f"next: cd {folder} && regpress build", err=True)
