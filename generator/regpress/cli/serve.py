"""``regpress serve``: answer queries and take writes over HTTP."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import click

from regpress.cli import opening, options
from regpress.cli.help import HELP
from regpress.errors import ConfigError
from regpress.service import open_service
from regpress.site import Site
from regpress.validate.policy_package import DEMANDS
from regpress.wiring import admin_templates

_BUILD = "from regpress.cli.main import main; main()"


@click.command(context_settings=HELP)
@options.site_argument
@options.config_option
@options.out_option
@options.host_option
@options.base_url_option
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--allow-anonymous-writes",
    is_flag=True,
    help="Let every program on this machine write without a token; only on a loopback address.",
)
@click.option(
    "--trusted-proxy", "proxies", multiple=True, metavar="NETWORK", help="Proxy whose X-Forwarded-For counts."
)
@click.option("--audit-log", type=click.Path(path_type=Path), help="Log of writes, if not audit.jsonl in the site.")
@click.option("--git/--no-git", default=None, help="Whether writes are committed; where the site is in a repository.")
@click.option("--unique-remotes/--no-unique-remotes", default=True, help="Whether a remote URL belongs to one server.")
@click.option("--verify-packages", is_flag=True, help="Hold that the packages of what is published name the server.")
@click.option(
    "--package-base", "bases", multiple=True, metavar="TYPE=URL", help="Another registry for a type of package."
)
@click.option("--write-rate", type=click.IntRange(min=0), default=600, show_default=True, help="Writes a minute.")
@click.option("--login-rate", type=click.IntRange(min=0), default=60, show_default=True, help="Logins a minute.")
@click.option("--access-log/--no-access-log", default=True, help="Whether every request is logged.")
@options.jobs_option
def serve(
    site: Path,
    config_file: Path | None,
    out: Path | None,
    host: str | None,
    base_url: str | None,
    bind: str,
    port: int,
    allow_anonymous_writes: bool,
    proxies: tuple[str, ...],
    audit_log: Path | None,
    git: bool | None,
    unique_remotes: bool,
    verify_packages: bool,
    bases: tuple[str, ...],
    write_rate: int,
    login_rate: int,
    access_log: bool,
    jobs: int | None,
) -> None:
    """Serve the registry of the site in folder SITE: pages, queries and writes.

    Writes land in content/, and in a commit where the site is in a git repository. The output folder follows within
    seconds.
    """
    with _needing_the_extra():
        from regpress.asgi import server  # noqa: PLC0415  # an extra, and nothing to other commands
        from regpress.asgi.requests import parse_network  # noqa: PLC0415
    opened = opening.open_for(site, config_file, host=host, base_url=base_url)
    if allow_anonymous_writes:
        _check_anonymous(opened, bind)
    try:
        networks = tuple(map(parse_network, proxies))
    except ValueError as error:
        raise ConfigError(f"--trusted-proxy: {error} (expected e.g. 10.0.0.0/8)") from error
    packages = _package_bases(bases)
    trusted = opened.config.site.trust.allow_private_addresses
    folder = (out or site / "dist").absolute()
    build_options = opening.options_for(opened, folder, jobs=jobs)
    command = [sys.executable, "-c", _BUILD, "build", str(site.absolute()), "--out", str(folder), "--format", "json"]
    for option, value in (("--config", config_file), ("--host", host), ("--base-url", base_url), ("--jobs", jobs)):
        command += [option, str(value)] if value is not None else []
    bound = server.bind(bind, port)
    with open_service(
        opened,
        site,
        build_options,
        options.progress(),
        audit_file=audit_log,
        git=git,
        unique_remotes=unique_remotes,
        meanwhile=_load_app,
    ) as service:
        from regpress import access  # noqa: PLC0415  # loaded meanwhile
        from regpress.asgi import assembly  # noqa: PLC0415
        from regpress.ownership import open_ownership  # noqa: PLC0415

        app = assembly.create_app(
            service,
            access.open_access(opened.config, opened.cache, anonymous=allow_anonymous_writes),
            assembly.Settings(
                out=folder,
                build_command=command,
                proxies=networks,
                ownership=open_ownership(packages, allow_private=trusted) if verify_packages else None,
                admin_templates=admin_templates(site),
                write_rate=write_rate,
                login_rate=login_rate,
            ),
        )
        server.log_to_stderr(access=access_log)
        name, number = bound.getsockname()[:2]
        shown = f"[{name}]" if ":" in name else name
        click.echo(f"Serving {site} at http://{shown}:{number}{opened.config.site.base_path}/", err=True)
        server.run(app, bound)


@contextmanager
def _needing_the_extra() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ConfigError(f"serve needs the extra 'app': pip install 'regpress[app]' ({error})") from error


def _load_app() -> None:
    """Import the rest of the app, which takes a moment, while another process reads the site."""
    with _needing_the_extra():
        for name in ("regpress.access", "regpress.asgi.assembly", "regpress.ownership"):
            import_module(name)


def _package_bases(options: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for option in options:
        kind, _, url = option.partition("=")
        if kind not in DEMANDS or not url.startswith(("https://", "http://")):
            types = ", ".join(DEMANDS)
            raise ConfigError(f"--package-base: {option} (expected TYPE=URL, a type of {types} and an http address)")
        found[kind] = url
    return found


def _check_anonymous(site: Site, bind: str) -> None:
    if set(site.config.auth.modes) - {"anonymous"}:
        raise ConfigError(
            "--allow-anonymous-writes: auth.mode asks for tokens (expected anonymous, or no auth section)"
        )
    if bind != "localhost" and not _is_loopback(bind):
        raise ConfigError(f"--allow-anonymous-writes: {bind} is not a loopback address (expected e.g. 127.0.0.1)")


def _is_loopback(bind: str) -> bool:
    try:
        return ipaddress.ip_address(bind).is_loopback
    except ValueError:
        return False
