"""The command group, and the one translation of errors to exit codes.

0: done. 1: findings, or an output that must not be written. 2: usage or configuration. 3: a source or storage failed.
130 and 143: interrupted from the keyboard, or told to end; as shells have it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import MutableMapping, Sequence
from importlib import import_module
from typing import Any, Final

import click

from regpress import __version__
from regpress.cli import ending
from regpress.cli.help import HELP
from regpress.cli.report import printable
from regpress.errors import BuildRefusedError, ConfigError, RegistryError, SourceError, StorageError

EXIT_CODES: Final[tuple[tuple[type[RegistryError], int], ...]] = (
    (ConfigError, 2),
    (SourceError, 3),
    (StorageError, 3),
    (BuildRefusedError, 1),
    (RegistryError, 3),
)

#: Each is a function of its name in a module of its name, which only that command imports.
COMMANDS: Final = ("init", "check", "build", "preview", "serve", "delete", "log", "diff", "probe", "objects", "icons")

_INTERRUPTED: Final = 128 + signal.SIGINT
_TOLD_TO_END: Final = 128 + signal.SIGTERM


def exit_code(error: RegistryError) -> int:
    """Return the exit code for an exception of ours."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


class _Group(click.Group):
    @property
    def commands(self) -> MutableMapping[str, click.Command]:
        """Return all commands by name."""
        return {name: _command(name) for name in COMMANDS}

    @commands.setter
    def commands(self, _: object) -> None:
        """Ignore what click puts there when the group is made."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's form
        """Return the names in the order of the help."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return one command, None where there is no such."""
        return _command(cmd_name) if cmd_name in COMMANDS else None

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


def _command(name: str) -> click.Command:
    command: click.Command = getattr(import_module(f"regpress.cli.{name}"), name)
    return command


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; entry point of the installed program."""
    # As an exception, so that a build that is told to end removes what it had staged.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TOLD_TO_END))
    if arguments is None:
        ending.is_own_process()
    try:
        cli.main(args=list(arguments) if arguments is not None else None, prog_name="regpress")
    except SystemExit as ended:
        if arguments is None and isinstance(ended.code, int):
            ending.leave(ended.code)
        raise
