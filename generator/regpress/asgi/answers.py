"""Results and errors to answers: the one table from errors to statuses, and the one shape of their bodies."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import orjson

from regpress.errors import (
    ForbiddenError,
    InvalidDocumentError,
    NotOfferedError,
    RefusedWriteError,
    RegistryError,
    SourceError,
    StorageError,
    TakenError,
    UnauthenticatedError,
    UnknownEntryError,
    WriteError,
)
from regpress.model.document import escape_html_in_json
from regpress.query import QueryError

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"

#: Errors of use cases to statuses; `InputError` and `QueryError` bring their own.
STATUSES: Final[tuple[tuple[type[RegistryError], int], ...]] = (
    (UnauthenticatedError, 401),
    (ForbiddenError, 403),
    (UnknownEntryError, 404),
    (InvalidDocumentError, 422),
    (RefusedWriteError, 400),
    (TakenError, 409),
    (NotOfferedError, 501),
    (StorageError, 503),
    (SourceError, 503),
)

_TITLES: Final = {413: "Request Entity Too Large", 422: "Unprocessable Entity", 499: "Client Closed Request"}
#: Answers shorter than this gain nothing from compression.
_LEAST_GZIP: Final = 860
_GZIP_LEVEL: Final = 5
#: How long answers of the API are kept by caches: a change should show at once to those who ask again.
FRESH: Final = b"public, max-age=5, stale-while-revalidate=60"
PRIVATE: Final = b"private, no-cache"

Headers = tuple[tuple[bytes, bytes], ...]


class InputError(RegistryError):
    """A request cannot be read.

    Attributes:
        status: the HTTP status.
        detail: one line.
        errors: single findings.
    """

    def __init__(self, status: int, detail: str, *messages: str, errors: Iterable[Mapping[str, Any]] = ()) -> None:
        self.status = status
        self.detail = detail
        self.errors = (*({"message": message} for message in messages), *errors)
        super().__init__(detail)


class TooManyError(InputError):
    """A caller asks too often.

    Attributes:
        seconds: after which another try makes sense.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(429, "Too many requests: try again later")


@dataclass(slots=True)
class Answer:
    """One answer, ready to be sent in either form.

    Attributes:
        status: the HTTP status.
        body: its bytes.
        media_type: what they are.
        headers: further fields.
        cache: how long it is kept.
        tag: of the bytes, for conditional requests; empty where there is none.
    """

    status: int
    body: bytes = b""
    media_type: bytes = JSON
    headers: Headers = ()
    cache: bytes = FRESH
    tag: bytes = b""
    _packed: bytes | None = field(default=None)

    def packed(self) -> bytes:
        """Return the body compressed; empty where that does not pay."""
        if self._packed is None:
            pays = len(self.body) >= _LEAST_GZIP and not self.media_type.startswith((b"image/", b"font/"))
            self._packed = gzip.compress(self.body, _GZIP_LEVEL, mtime=0) if pays else b""
        return self._packed


def tagged(body: bytes, *, media_type: bytes = JSON, cache: bytes = FRESH, headers: Headers = ()) -> Answer:
    """Return a successful answer with a tag."""
    tag = b'"%s"' % hashlib.blake2b(body, digest_size=12).hexdigest().encode()
    return Answer(200, body, media_type, headers, cache, tag)


def written(value: Any, *, status: int = 200, cache: bytes = b"no-store") -> Answer:
    """Return the answer to a write, or any other that nobody keeps; *value* is bytes, or becomes JSON."""
    return Answer(status, value if isinstance(value, bytes) else dumped(value), cache=cache)


def dumped(value: Any) -> bytes:
    """Return a value as JSON that is also safe inside HTML."""
    return escape_html_in_json(orjson.dumps(value))


def problem(
    status: int,
    detail: str,
    errors: Iterable[Mapping[str, Any]] = (),
    *,
    headers: Headers = (),
    media_type: bytes = PROBLEM,
) -> Answer:
    """Return a problem document (RFC 9457) with the member ``error`` that other registry clients read."""
    title = _TITLES.get(status) or (HTTPStatus(status).phrase if status in _KNOWN else "Error")
    body: dict[str, Any] = {"title": title, "status": status, "detail": _plain(detail), "error": _plain(detail)}
    if listed := list(errors):
        body["errors"] = listed
    cache = b"public, max-age=5" if status == 404 else b"no-store"
    try:
        return Answer(status, dumped(body), media_type, headers, cache)
    except TypeError:
        # A value that is no text or number for every reader, such as half of a surrogate pair, is not repeated.
        body["errors"] = [{key: _plain(item) for key, item in error.items() if key != "value"} for error in listed]
        return Answer(status, dumped(body), media_type, headers, cache)


def _plain(text: Any) -> str:
    return str(text).encode("utf-8", "replace").decode()


_KNOWN: Final = frozenset(status.value for status in HTTPStatus)


def answer_to(error: RegistryError, *, challenge: bytes = b"Bearer") -> Answer:
    """Return what an error of ours is answered with.

    Args:
        error: what was raised.
        challenge: how to ask for a token.
    """
    if isinstance(error, TooManyError):
        return problem(error.status, error.detail, headers=((b"retry-after", b"%d" % error.seconds),))
    if isinstance(error, InputError | QueryError):
        return problem(error.status, error.detail, error.errors)
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    headers: Headers = ((b"www-authenticate", challenge),) if status == 401 else ()
    if isinstance(error, WriteError):
        return problem(status, error.detail, [{"message": reason} for reason in error.reasons], headers=headers)
    if status == 503:
        return problem(status, "The registry cannot write now", headers=((b"retry-after", b"10"),))
    return problem(status, str(error) if status < 500 else "internal server error", headers=headers)
