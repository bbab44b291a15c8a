"""The command group, and the one translation of errors to exit codes.

0: done. 1: findings, or an output that must not be written. 2: usage or configuration. 3: a source or storage failed.
130 and 143: interrupted from the keyboard, or told to end; as shells have it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final

import click

from regpress import __version__
from regpress.cli.build import build
from regpress.cli.check import check
from regpress.cli.diff import diff
from regpress.cli.help import HELP
from regpress.cli.init import init
from regpress.cli.objects import objects
from regpress.cli.preview import preview
from regpress.cli.probe import probe
from regpress.cli.report import printable
from regpress.errors import BuildRefusedError, ConfigError, RegistryError, SourceError, StorageError

EXIT_CODES: Final[tuple[tuple[type[RegistryError], int], ...]] = (
    (ConfigError, 2),
    (SourceError, 3),
    (StorageError, 3),
    (BuildRefusedError, 1),
    (RegistryError, 3),
)

_INTERRUPTED: Final = 128 + signal.SIGINT
_TOLD_TO_END: Final = 128 + signal.SIGTERM


def exit_code(error: RegistryError) -> int:
    """Return the exit code for an exception of ours."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; turn our exceptions into one line and an exit code."""
        try:
            return super().invoke(ctx)
        except RegistryError as error:
            _print_error(error, verbose=bool(ctx.meta.get("verbose")))
            sys.exit(exit_code(error))
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(_INTERRUPTED)
        except BrokenPipeError:
            # The reader of our output has seen enough.
            sys.stderr.close()
            sys.exit(0)


def _print_error(error: RegistryError, *, verbose: bool) -> None:
    for line in str(error).splitlines():
        click.echo(f"{click.style('error', fg='red', bold=True)}: {printable(line)}", err=True)
    cause = error.__cause__
    while verbose and cause is not None:
        click.echo(f"  because: {type(cause).__name__}: {printable(str(cause))}", err=True)
        cause = cause.__cause__


@click.group(cls=_Group, context_settings={**HELP, "auto_envvar_prefix": "REGPRESS"})
@click.version_option(__version__, prog_name="regpress", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Turn MCP registry sources into a registry made of files."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False


for command in (init, check, build, preview, diff, probe, objects):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; entry point of the installed program."""
    # As an exception, so that a build that is told to end removes what it had staged.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TOLD_TO_END))
    cli.main(args=list(arguments) if arguments is not None else None, prog_name="regpress")
