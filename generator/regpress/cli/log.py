"""``regpress log``: what was written through the app, by whom, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import orjson

from regpress.audit_log import AUDIT_FILE, AuditLog
from regpress.cli.help import HELP
from regpress.cli.report import printable
from regpress.errors import ConfigError
from regpress.times import time_key

_OUTCOMES = ("success", "denied", "failure", "error", "unknown")


@click.command(context_settings=HELP)
@click.argument("site", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--audit-log", type=click.Path(path_type=Path), help="The log, if not audit.jsonl in the site.")
@click.option("--name", help="Only events about the entry of this name.")
@click.option("--since", metavar="TIME", help="Only events from this time on, RFC 3339.")
@click.option("--outcome", type=click.Choice(_OUTCOMES), help="Only events that ended so.")
@click.option(
    "--format", "output_format", type=click.Choice(("text", "json")), default="text", show_default=True,
    help="A line for each event, for people or for programs.",
)  # fmt: skip
def log(
    site: Path, audit_log: Path | None, name: str | None, since: str | None, outcome: str | None, output_format: str
) -> None:
    """Print the writes that the site in folder SITE was asked for, oldest first."""
    try:
        start = time_key(since) if since else ""
    except ValueError as error:
        raise ConfigError(f"--since: {error}") from error
    for event in AuditLog(audit_log or site / AUDIT_FILE).events():
        if name and _part(event, "target").get("resource_name") != name:
            continue
        if (outcome and event.get("outcome") != outcome) or (start and _moment(event) < start):
            continue
        click.echo(orjson.dumps(event) if output_format == "json" else _line(event))


def _line(event: Mapping[str, Any]) -> str:
    target, subjects = _part(event, "target"), _part(event, "subjects")
    what = f"{target.get('resource_name', '')}@{target.get('version', '')}".strip("@")
    who = subjects.get("sub") or subjects.get("identity") or "unknown"
    where = _part(event, "source").get("value", "")
    parts = [event.get("time", ""), event.get("type", ""), what, event.get("outcome", ""), f"by {who} from {where}"]
    if reason := event.get("reason"):
        parts.append(f"({reason})")
    return printable(" ".join(str(part) for part in parts if part))


def _part(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = event.get(name)
    return found if isinstance(found, dict) else {}


def _moment(event: Mapping[str, Any]) -> str:
    try:
        return time_key(str(event.get("time", "")))
    except ValueError:
        return ""
