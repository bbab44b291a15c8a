"""``regpress delete``: make versions of a server deleted, without a running service."""

from __future__ import annotations

import getpass
import uuid
from pathlib import Path
from typing import Any, Final

import click

from regpress import build as use_case
from regpress.cli import opening, options
from regpress.cli.help import HELP
from regpress.cli.report import counts_line, findings_exit_code, write_report
from regpress.desk import Job
from regpress.errors import ConfigError, UnknownEntryError
from regpress.principal import EVERYTHING, Principal
from regpress.service import Service, clock, open_service
from regpress.statuses import StatusChange

_METHOD: Final = "command"


@click.command(context_settings=HELP)
@click.argument("name")
@click.argument("version", required=False)
@click.option(
    "--site",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of the site, if not the current one.",
)
@options.config_option
@options.out_option
@options.host_option
@options.base_url_option
@click.option("--registry", help="Registry in which the server is looked for, if not the default one.")
@click.option("--message", help="Why, for those who look.")
@click.option("--purge", is_flag=True, help="Build, let no old page mention it, and print the paths to clear at a CDN.")
@click.option("--audit-log", type=click.Path(path_type=Path), help="Log of writes, if not audit.jsonl in the site.")
@click.option("--git/--no-git", default=None, help="Whether it is committed; where the site is in a repository.")
@options.jobs_option
def delete(
    name: str,
    version: str | None,
    site: Path,
    config_file: Path | None,
    out: Path | None,
    host: str | None,
    base_url: str | None,
    registry: str | None,
    message: str | None,
    purge: bool,
    audit_log: Path | None,
    git: bool | None,
    jobs: int | None,
) -> None:
    """Make VERSION of the server NAME deleted, or all of its versions.

    It is written, logged and committed as a service would. While a service runs on the site, ask that instead.
    """
    opened = opening.open_for(site, config_file, host=host, base_url=base_url)
    folder = (out or site / "dist").absolute()
    build_options = opening.options_for(opened, folder, jobs=jobs, purged=(name,) if purge else ())
    with open_service(opened, site, build_options, options.progress(), audit_file=audit_log, git=git) as service:
        chosen = registry or service.live.default.plan.name
        if chosen not in service.live.registries:
            raise ConfigError(f"--registry: there is no registry {chosen!r}")
        _delete(service, chosen, name, version, message)
    if not purge:
        return
    result = use_case.build(opened, folder, build_options, options.progress())
    write_report(result.report, "text", verbose=False, err=True)
    click.echo(counts_line(result.report), err=True)
    if not result.done:
        click.echo(f"{folder} was not touched", err=True)
    for path in use_case.paths_to_clear(result.outdated, opened.config.site.base_path):
        click.echo(path)
    raise SystemExit(findings_exit_code(result.report, strict=False))


def _delete(service: Service, registry: str, name: str, version: str | None, message: str | None) -> None:
    """Delete what is not deleted yet.

    Raises:
        RegistryError: there is nothing of this name, or it cannot be written.
    """
    standing = service.live.registries[registry].standing("server", name)
    named = [one for one in standing.versions if version in {None, one.version}]
    if not named:
        raise UnknownEntryError(f"{name}{f'@{version}' if version else ''}: registry {registry} has no such server")
    todo = [one for one in named if one.official.status != "deleted"]
    if not todo:
        click.echo(f"{name}: deleted already", err=True)
        return
    principal = Principal(subject=getpass.getuser(), method=_METHOD, permissions=EVERYTHING)
    change = StatusChange(status="deleted", message=message)
    publisher = service.publisher
    jobs = [
        Job(
            publisher.set_status(registry, name, one.version, change, principal),
            _event(principal, registry, name, one.version),
        )
        for one in todo
    ]
    outcomes, _ = publisher.run(jobs)
    for one, outcome in zip(todo, outcomes, strict=True):
        if isinstance(outcome, Exception):
            raise outcome
        click.echo(f"{name} {one.version}: deleted", err=True)


def _event(principal: Principal, registry: str, name: str, version: str) -> dict[str, Any]:
    now = clock()
    return {
        "time": now,
        "logged_at": now,
        "audit_id": str(uuid.uuid4()),
        "type": "entry.delete",
        "component": "regpress",
        "source": {"type": "local", "value": "this machine"},
        "subjects": {"sub": principal.subject, "method": principal.method},
        "target": {
            "resource_type": "server",
            "resource_name": name,
            "registry_name": registry,
            "entry_type": "server",
            "version": version,
        },
        "metadata": {"extra": {"request_id": str(uuid.uuid4())}},
    }
