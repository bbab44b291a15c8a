"""What it takes to use a server, whatever the client: a command or an address, and what a user fills in."""

from __future__ import annotations

from typing import Any, Final, Literal

from regpress.record import record

#: ``bundle`` is a file that a client opens; the others are the transports of the protocol.
Transport = Literal["stdio", "streamable-http", "sse", "bundle"]

#: A text in which an integer stands for the input of that index: ``("Bearer ", 0)``.
Value = tuple[str | int, ...]


@record
class Input:
    """Something that a user fills in.

    Attributes:
        name: as the publisher calls it; an argument with its dashes.
        variable: the environment variable that stands for it where a client can refer to one.
        description: the publisher's words, shortened.
        required: whether nothing works without it.
        secret: whether it must never be written into a configuration.
        default: what is taken where the user says nothing; always empty for secrets.
        placeholder: an example.
        choices: the values that are allowed; empty where all are.
        format: ``string``, ``number``, ``boolean`` or ``filepath``.
    """

    name: str
    variable: str
    description: str = ""
    required: bool = False
    secret: bool = False
    default: str = ""
    placeholder: str = ""
    choices: tuple[str, ...] = ()
    format: str = "string"


@record
class Words:
    """Words of a command line that belong together: ``--port 8700``.

    Attributes:
        words: in their order.
        needs: inputs without a value of which they are left out.
        repeated: whether a user may give several values.
    """

    words: tuple[Value, ...]
    needs: tuple[int, ...] = ()
    repeated: bool = False


@record
class Pair:
    """An environment variable or a header.

    Attributes:
        name: of it.
        value: what it holds.
        needs: inputs without a value of which it is left out.
    """

    name: str
    value: Value
    needs: tuple[int, ...] = ()


@record
class Launch:
    """One way to use a server.

    Attributes:
        type: ``npm``, ``oci`` … or ``remote``.
        label: what tells it from the other ways, ``npm @acme/tides``.
        transport: how clients talk to it.
        command: the program; empty where there is nothing to run.
        before: words between the program and *target*.
        target: the package, as the program spells it.
        after: words for the package.
        env: environment variables of the program.
        url: where it is reached; empty with ``stdio``.
        headers: sent with every request.
        inputs: what the values refer to.
        setup: a command to be run once before, empty where there is none.
        sha256: of a bundle.
    """

    type: str
    label: str
    transport: Transport
    command: str = ""
    before: tuple[Words, ...] = ()
    target: str = ""
    after: tuple[Words, ...] = ()
    env: tuple[Pair, ...] = ()
    url: Value = ()
    headers: tuple[Pair, ...] = ()
    inputs: tuple[Input, ...] = ()
    setup: tuple[str, ...] = ()
    sha256: str = ""


#: Nothing to run, nothing to reach: what a member of an unexpected type stands for.
NO_VALUE: Final[Value] = ()


def words(*texts: str) -> Words:
    """Return fixed words of a command line."""
    return Words(tuple([(text,) for text in texts]))


def literal(value: Any) -> str:
    """Return a text of a document as it may stand in a command or a configuration.

    Whatever is not printable is spelt out, ``[U+0015]``: a terminal takes control characters in what is pasted for
    keys that were pressed, and invisible ones hide what a command does.
    """
    if type(value) is str:
        if value.isprintable():
            return value
        return "".join(one if one.isprintable() else f"[U+{ord(one):04X}]" for one in value)
    # A number or a truth value, where the schema wants a text.
    return str(value).lower() if type(value) in {bool, int, float} else ""
