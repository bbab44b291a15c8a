"""An application to a server that listens until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from typing import TYPE_CHECKING, Final

import orjson
import uvicorn

from regpress.asgi.protocol import LimitedProtocol
from regpress.errors import ConfigError

if TYPE_CHECKING:
    from regpress.asgi.front import Front

_IDLE_SECONDS: Final = 65
_STOP_SECONDS: Final = 30
_BACKLOG: Final = 2048


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address of this machine.

    Raises:
        ConfigError: it cannot be.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # Who comes before everything is read waits instead of being turned away.
        bound.listen(_BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot listen on {host} port {port}: {reason}") from error
    return bound


def run(app: Front, bound: socket.socket) -> None:
    """Serve an application on a bound socket until the process is told to end."""
    config = uvicorn.Config(
        app,
        http=LimitedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
        backlog=_BACKLOG,
    )
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(server.serve([bound]))


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415  # not to be had on every system
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class _Lines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def log_to_stderr(*, access: bool) -> None:
    """Send what the service has to say to standard error, a JSON object a line.

    Args:
        access: whether every request has a line.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("regpress.serve").setLevel(logging.INFO)
    plain = logging.StreamHandler(sys.stderr)
    plain.setFormatter(logging.Formatter("%(message)s"))
    requests = logging.getLogger("regpress.access")
    requests.propagate = False
    requests.handlers = [plain]
    requests.setLevel(logging.INFO if access else logging.CRITICAL)
