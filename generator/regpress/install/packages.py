"""Packages of a ``server.json`` to launches: specification 9.5 and 9.6, and what the launchers themselves expect.

The words are those that VS Code writes for the same package, so that an allow list recognises what was copied. A
publisher's runtime hint chooses among the launchers that we know; any other word of it is never run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from regpress.install.inputs import Inputs
from regpress.install.launch import Input, Launch, Pair, Transport, Value, Words, literal, words
from regpress.record import record

Package = dict[str, Any]

#: Where packages are looked up without being told.
_NPM: Final = "https://registry.npmjs.org"
_PYPI: Final = "https://pypi.org"
_NUGET: Final = "https://api.nuget.org/v3/index.json"
_LOCAL_PORT: Final = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]):(\d{1,5}(?![^/?#]))?")
_WEB: Final = re.compile(r"https?://[^\s/?#]")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_CRATE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_DOCKER_NETWORK: Final = frozenset({"-p", "--publish", "-P", "--publish-all", "--network", "--net"})
_YES: Final = (words("-y"),)
_YES_LONG: Final = (words("--yes"),)
_RUN: Final = words("run", "-i", "--rm")
_RUN_REACHED: Final = words("run", "--rm")


@record
class _Given:
    """What a package says of itself, whatever runs it; members as those of a `Launch`.

    Attributes:
        identifier: of the package.
        runtime: words for the program that runs it.
    """

    identifier: str
    type: str
    label: str
    transport: Transport
    after: tuple[Words, ...]
    env: tuple[Pair, ...]
    url: Value
    headers: tuple[Pair, ...]
    inputs: tuple[Input, ...]
    runtime: tuple[Words, ...]

    def launch(
        self,
        command: str,
        before: tuple[Words, ...],
        target: str,
        after: tuple[Words, ...] | None = None,
        setup: tuple[str, ...] = (),
    ) -> Launch:
        """Return the package with what runs it."""
        # By position: a site has tens of thousands of these.
        return Launch(
            self.type,
            self.label,
            self.transport,
            command,
            before,
            target,
            self.after if after is None else after,
            self.env,
            self.url,
            self.headers,
            self.inputs,
            setup,
        )


Builder = Callable[[Package, _Given], Launch | None]


def launch_of_package(package: Package, key: str) -> Launch | None:
    """Return how a package is run, or nothing if it is of a type that nothing here can run.

    Args:
        package: as the document has it.
        key: the short name of the server.
    """
    get: Callable[[str], Any] = package.get
    registry_type, identifier = get("registryType"), literal(get("identifier"))
    build = _BUILDERS.get(registry_type) if type(registry_type) is str else None
    # What begins with a dash would be an option of the launcher.
    if build is None or not identifier or identifier.startswith("-"):
        return None
    inputs = Inputs(key)
    # Most packages have few of these, and a site has tens of thousands of packages.
    environment = inputs.environment(given) if (given := get("environmentVariables")) else ()
    runtime = inputs.arguments(given) if (given := get("runtimeArguments")) else ()
    arguments = inputs.arguments(given) if (given := get("packageArguments")) else ()
    transport = get("transport")
    kind: Transport = transport_of(transport) if type(transport) is dict else "stdio"
    url: Value = ()
    headers: tuple[Pair, ...] = ()
    if kind != "stdio":
        url = inputs.url(transport.get("url"), transport.get("variables"))
        if not is_web_address(url, inputs.found):
            return None
        headers = inputs.headers(transport.get("headers"))
    label = f"{registry_type} {identifier}"
    return build(
        package,
        _Given(identifier, registry_type, label, kind, arguments, environment, url, headers, inputs.found, runtime),
    )


def transport_of(transport: Package) -> Transport:
    """Return how a transport is called, ``stdio`` where it says nothing that is known."""
    match transport.get("type"):
        case "streamable-http":
            return "streamable-http"
        case "sse":
            return "sse"
    return "stdio"


def is_web_address(url: Value, inputs: tuple[Input, ...] = ()) -> bool:
    """Return whether an address is http or https, and cannot become anything else by what a user fills in."""
    if not url:
        return False
    if type(url[0]) is str:
        return bool(_WEB.match(url[0])) or (url[0] in {"https://", "http://"} and len(url) > 1)
    # Some publishers leave the whole address to the user, who has no reason to betray themselves.
    return type(url[0]) is int and url[0] < len(inputs)


def _npm(package: Package, given: _Given) -> Launch:
    runtime = given.runtime
    bun = package.get("runtimeHint") in ("bun", "bunx")
    before = runtime if bun or _has(runtime, ("-y", "--yes")) else _YES + runtime
    if base := _base(package, _NPM):
        before += (words("--registry", base),)
    return given.launch("bunx" if bun else "npx", before, _target(package, given, "@"))


def _pypi(package: Package, given: _Given) -> Launch:
    runtime = given.runtime
    base = _base(package, _PYPI)
    hint: Any = package.get("runtimeHint")
    by_python = hint in ("python", "python3")
    if by_python and _has(runtime, ("-m",)):
        index = ("--index-url", base) if base else ()
        setup = (hint, "-m", "pip", "install", *index, _versioned(package, given, "=="))
        return given.launch(hint, runtime, "", setup=setup)
    before = () if by_python else runtime
    if base:
        before += (words("--index-url", base),)
    return given.launch("uvx", before, _target(package, given, "@"))


def _oci(package: Package, given: _Given) -> Launch:
    command = "podman" if package.get("runtimeHint") == "podman" else "docker"
    image = _image(package, given)
    # Publishers write the whole command line, or what is to be added to it.
    own = tuple(_pinned(group, image) for group in given.runtime if not _is_run(group))
    texts = list(_texts(own))
    before = [_RUN_REACHED if given.url else _RUN]
    if given.url and not _DOCKER_NETWORK & {text.partition("=")[0] for text in texts}:
        before += _published(given.url)
    for pair in given.env:
        # The value stays in the environment of the client; the command line only hands it on.
        if not any(text == pair.name or text.startswith(f"{pair.name}=") for text in texts):
            before.append(Words((("-e",), (pair.name,)), pair.needs))
    named = any(_without_tag(text) == _without_tag(image) for text in texts)
    return given.launch(command, (*before, *own), "" if named else image)


def _nuget(package: Package, given: _Given) -> Launch:
    after: tuple[Words, ...] = () if _has(given.runtime, ("--yes", "-y")) else _YES_LONG
    if base := _base(package, _NUGET):
        after += (words("--source", base),)
    if given.after:
        after += (words("--"), *given.after)
    return given.launch("dnx", given.runtime, _versioned(package, given, "@"), after=after)


def _cargo(package: Package, given: _Given) -> Launch | None:
    identifier = given.identifier
    # The program is called like the crate, so that any other name would be any other program.
    if not _CRATE.fullmatch(identifier):
        return None
    version = literal(package.get("version"))
    setup = ("cargo", "install", identifier, *(("--version", version) if version else ()))
    return given.launch(identifier, given.runtime, "", setup=setup)


def _bundle(package: Package, given: _Given) -> Launch | None:
    url = (given.identifier,)
    if not is_web_address(url):
        return None
    digest = literal(package.get("fileSha256"))
    name = url[0].partition("?")[0].rstrip("/").rpartition("/")[2]
    return Launch(
        type=given.type,
        label=f"mcpb {name}",
        transport="bundle",
        after=given.after,
        env=given.env,
        url=url,
        headers=given.headers,
        inputs=given.inputs,
        sha256=digest if _SHA256.fullmatch(digest) else "",
    )


_BUILDERS: Final[dict[str, Builder]] = {
    "npm": _npm,
    "pypi": _pypi,
    "oci": _oci,
    "docker": _oci,
    "nuget": _nuget,
    "cargo": _cargo,
    "mcpb": _bundle,
}


def _base(package: Package, public: str) -> str:
    """Return the package registry, if it is not the one where the launcher looks anyway."""
    base = package.get("registryBaseUrl")
    if type(base) is not str or base.rstrip("/") == public:
        return ""
    return literal(base) if _WEB.match(base) else ""


def _versioned(package: Package, given: _Given, separator: str) -> str:
    version = literal(package.get("version"))
    return f"{given.identifier}{separator}{version}" if version else given.identifier


def _target(package: Package, given: _Given, separator: str) -> str:
    """Return the package with its version, or nothing where the runtime arguments name it already."""
    identifier = given.identifier
    if given.runtime and any(text == identifier or text.startswith(f"{identifier}@") for text in _texts(given.runtime)):
        return ""
    return _versioned(package, given, separator)


def _image(package: Package, given: _Given) -> str:
    image, version = given.identifier, literal(package.get("version"))
    base = package.get("registryBaseUrl")
    host = literal(base).partition("://")[2].strip("/") if type(base) is str else ""
    if host and host not in {"docker.io", "hub.docker.com"} and "." not in image.partition("/")[0]:
        image = f"{host}/{image}"
    # Since schema 2025-12-11 the version is part of the identifier.
    tagged = "@" in image or ":" in image.rpartition("/")[2]
    return f"{image}:{version}" if version and not tagged else image


def _without_tag(image: str) -> str:
    path, slash, last = image.removeprefix("docker.io/").rpartition("/")
    return path + slash + last.partition("@")[0].partition(":")[0]


def _pinned(group: Words, image: str) -> Words:
    """Return words in which the image stands with its tag, also where a publisher left that out."""
    bare = _without_tag(image)
    pinned = tuple((image,) if word[0] in {bare, f"docker.io/{bare}"} else word for word in group.words)
    return Words(pinned, group.needs, group.repeated)


def _published(url: Value) -> Iterable[Words]:
    """Return the words that make the port of a local address reachable in a container."""
    first = url[0]
    found = _LOCAL_PORT.match(first) if type(first) is str else None
    if found is None:
        return ()
    if port := found.group(1):
        return (Words((("-p",), (f"127.0.0.1:{port}:{port}",))),)
    if len(url) > 1 and type(url[1]) is int and found.end() == len(str(first)):
        return (Words((("-p",), ("127.0.0.1:", url[1], ":", url[1]))),)
    return ()


def _is_run(group: Words) -> bool:
    flags = {"run", "-i", "--interactive", "--rm", "-it", "-i=true", "--rm=true"}
    return bool(group.words) and group.words[0][0] in flags and all(word[0] in {*flags, "true"} for word in group.words)


def _texts(groups: Iterable[Words]) -> Iterable[str]:
    return (word[0] for group in groups for word in group.words if type(word[0]) is str)


def _has(groups: tuple[Words, ...], flags: tuple[str, ...]) -> bool:
    return bool(groups) and any(text in flags for text in _texts(groups))
