"""Answers that everybody gets, ready as the bytes of HTTP/1.1: a connection sends them without a task or a scope.

What was answered to a plain GET is answered again to every GET of the same target, until its registry changes. Requests
whose header fields may ask for something else are left to the application.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final, NamedTuple

from regpress.asgi.answers import Answer
from regpress.asgi.requests import request_id
from regpress.asgi.sending import is_known, sent, takes_gzip
from regpress.live import LiveRegistry

#: Most answers that are kept ready, and most bytes of them.
_MOST: Final = 4096
_MOST_BYTES: Final = 32 * 1024 * 1024
#: Fields that the bytes of an answer depend on.
_TELLING: Final = frozenset({b"accept-encoding", b"if-none-match", b"x-request-id"})
#: Fields with which a request is not a plain one.
_OTHER: Final = frozenset({b"authorization", b"content-length", b"expect", b"transfer-encoding", b"upgrade"})
_FIELDS: Final = _TELLING | _OTHER
#: Where the name of the request goes; no field may hold it.
_MARK: Final = b"\0"

Fields = Iterable[tuple[bytes, bytes]]


class Reply(NamedTuple):
    """What a connection sends.

    Attributes:
        head: status line and fields, each with its end; without the empty line, so that the server may add its own.
        body: what follows the head.
        request_id: what logs call the request.
    """

    head: bytes
    body: bytes
    request_id: str


class _Form(NamedTuple):
    """One form of an answer: the head before and behind the name of the request, and the body."""

    first: bytes
    rest: bytes
    body: bytes


class Ready:
    """One answer.

    Attributes:
        answer: it.
        route: that gave it, for the figures.
    """

    __slots__ = ("_changes", "_forms", "_registry", "answer", "route")

    def __init__(self, registry: LiveRegistry, answer: Answer, route: str) -> None:
        self._registry = registry
        self._changes = registry.changes
        self._forms: dict[tuple[bool, bool], _Form] = {}
        self.answer = answer
        self.route = route

    @property
    def is_fresh(self) -> bool:
        """Return whether the registry has not changed since."""
        return self._registry.changes == self._changes

    def reply(self, told: dict[bytes, bytes]) -> Reply:
        """Return what to send to a request with these fields, of those that count."""
        gzip = known = False
        name = ""
        if told:
            texts = {field: value.decode("latin-1") for field, value in told.items()}
            gzip = takes_gzip(texts.get(b"accept-encoding", ""))
            known = is_known(texts.get(b"if-none-match", ""), self.answer)
            name = texts.get(b"x-request-id", "")
        form = self._forms.get((gzip, known)) or self._form(gzip=gzip, known=known)
        name = request_id(name)
        return Reply(form.first + name.encode() + form.rest, form.body, name)

    def _form(self, *, gzip: bool, known: bool) -> _Form:
        status, headers, body = sent(self.answer, request_id=_MARK, gzip=gzip, known=known)
        line = b"HTTP/1.1 %d %s\r\n" % (status, HTTPStatus(status).phrase.encode())
        first, _, rest = (line + b"".join([b"%s: %s\r\n" % field for field in headers])).partition(_MARK)
        found = self._forms[gzip, known] = _Form(first, rest, body)
        return found


class ReadyAnswers:
    """The answers of one application that are ready, by the target of the request line."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Ready] = {}
        self._size = 0

    def keep(self, target: bytes, ready: Ready) -> None:
        """Keep an answer that everybody gets who asks for *target* without a token."""
        if earlier := self._kept.pop(target, None):
            self._size -= len(earlier.answer.body)
        size = len(ready.answer.body)
        if len(self._kept) == _MOST or self._size + size > _MOST_BYTES:
            self._kept.clear()
            self._size = 0
        self._size += size
        self._kept[target] = ready

    def find(self, target: bytes, fields: Fields) -> tuple[Ready, Reply] | None:
        """Return what to send to a GET, None where the application has to be asked.

        Args:
            target: of the request line.
            fields: of the head, names in small letters.
        """
        ready = self._kept.get(target)
        if ready is None or not ready.is_fresh:
            return None
        told: dict[bytes, bytes] = {}
        for name, value in fields:
            if name in _FIELDS:
                if name in _OTHER or name in told:
                    return None
                told[name] = value
        return ready, ready.reply(told)
