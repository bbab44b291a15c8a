"""``regpress objects``: list what an object store needs, one object a line."""

from __future__ import annotations

import json
from pathlib import Path

import click

from regpress.cli.help import HELP
from regpress.objects import list_objects
from regpress.preview import parse_base_path


@click.command(context_settings=HELP)
@click.option("--out", type=click.Path(path_type=Path), default=Path("dist"), show_default=True, help="Built folder.")
@click.option("--base-path", default="", help="Path below which the site will be served, e.g. /my-registry.")
def objects(out: Path, base_path: str) -> None:
    """List the objects that make the built folder a registry in an object store, one JSON document a line."""
    listed = list_objects(out, base_path=parse_base_path(base_path))
    for one in listed:
        row = {
            "file": one.file,
            "key": one.key,
            "contentType": one.content_type,
            "cacheControl": one.cache_control,
            "sha256": one.sha256,
        }
        click.echo(json.dumps(row, ensure_ascii=False))
    click.echo(f"{len(listed):,} objects", err=True)
