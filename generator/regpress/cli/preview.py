"""``regpress preview``: serve the output folder on this machine as the chosen host would."""

from __future__ import annotations

from pathlib import Path

import click

from regpress.cli.help import HELP
from regpress.preview import DEFAULT_HOST, LOOPBACK, PORT, built_for, open_preview, parse_base_path


@click.command(context_settings=HELP)
@click.option("--out", type=click.Path(path_type=Path), default=Path("dist"), show_default=True, help="Built folder.")
@click.option("--host", help="Host profile to imitate; without it the one of the build.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--base-path", default="", help="Path below which the host will serve the site, e.g. /my-registry.")
@click.option("--bind", help=f"Address to listen on; without it {LOOPBACK}, with --public all addresses.")
@click.option("--public", is_flag=True, help="Let other machines read the preview.")
def preview(out: Path, host: str | None, port: int, base_path: str, bind: str | None, public: bool) -> None:
    """Serve the built folder locally, with the redirects, types and errors of the chosen host."""
    built = built_for(out)
    chosen = host or built or DEFAULT_HOST
    server = open_preview(
        out,
        host=chosen,
        base_path=base_path,
        bind=bind or ("0.0.0.0" if public else LOOPBACK),  # noqa: S104 (asked for by --public)
        port=port,
        public=public,
        log=lambda line: click.echo(line, err=True),
    )
    if built and built != chosen:
        click.echo(f"warning: {out} was built for {built}, not for {chosen}", err=True)
    with server:
        address = f"{server.url}{parse_base_path(base_path)}"
        click.echo(f"catalog  {address}/")
        click.echo(f"API      {address}/v0.1/servers")
        click.echo(f"Serving {out} as {chosen} would; stop with Ctrl-C", err=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("Stopped", err=True)
