"""The exception tree: what can go wrong as a situation.

A defective *document* is not an exception but an `regpress.model.issue.Issue`.

::

    RegistryError
    ├── ConfigError              config.yaml, an option or a template cannot be used
    ├── InvalidNameError         a text is not a name of the kind asked for
    ├── SourceError              a source gave nothing usable
    │   ├── SourceUnavailableError   it could not be reached or read
    │   └── SourceMalformedError     what it gave is not a registry document
    ├── BuildRefusedError        the inputs are readable, but this output must not be written
    ├── StorageError             output or content could not be read or written
    │   ├── NotFoundError
    │   └── ConflictError            the stored state is not the expected one
    ├── WriteError               a write is refused
    │   ├── UnknownEntryError        what it is about does not exist
    │   ├── InvalidDocumentError     the document breaks rules; validation says which
    │   ├── TakenError               something that stands already is in its way
    │   ├── RefusedWriteError        the document is sound, and cannot be taken now
    │   └── NotOfferedError          this site takes no such writes
    └── AuthError
        ├── UnauthenticatedError
        └── ForbiddenError

Entry points translate the first level: see `regpress.cli.main` for exit codes, `regpress.asgi.answers` for statuses.
"""

from __future__ import annotations

from typing import Any


class RegistryError(Exception):
    """Anything that stops a command; the message is one line: where, what, what would be right."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how a copy is made in another process: facts and message as they are, without the constructor."""
        return _copy, (type(self), self.args, self.__dict__)


def _copy(kind: type[RegistryError], arguments: tuple[Any, ...], facts: dict[str, Any]) -> RegistryError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(facts)
    return error


class ConfigError(RegistryError):
    """The configuration cannot be used.

    Attributes:
        problems: one line per finding, each ``file:line: key: what`` as far as known.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class InvalidNameError(RegistryError, ValueError):
    """A text is not a name, version or registry name.

    Attributes:
        text: the text as it was given.
        reason: what is wrong with it, without the text.
    """

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.reason = reason
        super().__init__(f"{text!r} {reason}")


class SourceError(RegistryError):
    """A source gave nothing usable.

    Attributes:
        source: the source's name in the configuration.
    """

    def __init__(self, source: str, message: str) -> None:
        self.source = source
        super().__init__(f"{source}: {message}")


class SourceUnavailableError(SourceError):
    """A source could not be reached or read."""


class SourceMalformedError(SourceError):
    """What a source gave is not a registry document."""


class BuildRefusedError(RegistryError):
    """The inputs were read, but this output must not be written: a private registry, a limit, two files at one path."""


class StorageError(RegistryError):
    """Output or content could not be read or written.

    Attributes:
        path: what was to be read or written.
    """

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}")


class NotFoundError(StorageError):
    """The stored thing does not exist."""


class ConflictError(StorageError):
    """The stored state is not the expected one."""


class WriteError(RegistryError):
    """A write is refused.

    Attributes:
        detail: one line, of those that clients know.
        reasons: what is behind it.
    """

    def __init__(self, detail: str, *reasons: str) -> None:
        self.detail = detail
        self.reasons = reasons
        super().__init__(": ".join((detail, *reasons)))


class UnknownEntryError(WriteError):
    """What a write is about does not exist."""


class InvalidDocumentError(WriteError):
    """A document breaks rules of the registry; validation says which."""


class RefusedWriteError(WriteError):
    """A document is sound, and cannot be taken as things stand."""


class TakenError(WriteError):
    """A document is sound, and something that stands already is in its way."""


class NotOfferedError(WriteError):
    """This site takes no such writes."""


class AuthError(RegistryError):
    """A request was refused."""


class UnauthenticatedError(AuthError):
    """Nobody, or nobody known, is asking."""


class ForbiddenError(AuthError):
    """The caller is known and may not do this."""
