"""A web server on loopback that answers what a test told it, and notes what it was asked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BODY = b'{"servers": [], "metadata": {"count": 0}}'


@dataclass
class Site:
    """A web server on loopback: path to what it does, and the requests that came."""

    base: str = ""
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer(self, path: str, body: bytes = BODY, status: int = 200, **headers: str) -> str:
        def send(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            sent = {"Content-Length": str(len(body)), **{key.replace("_", "-"): text for key, text in headers.items()}}
            for key, text in sent.items():
                handler.send_header(key, text)
            handler.end_headers()
            handler.wfile.write(body)

        self.answers[path] = send
        return self.base + path

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        return self.answer(path, b"moved", status, Location=to)


class serve:  # noqa: N801  # reads as a verb
    def __init__(self, site: Site, context: ssl.SSLContext | None = None) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append((self.path, dict(self.headers.items())))
                send = site.answers.get(self.path)
                if send:
                    send(self)
                else:
                    self.send_error(404)

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # clients hang up on purpose here

        self._server = Server(("127.0.0.1", 0), Handler)
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if context else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> str:
        self._thread.start()
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
