"""Server documents that need no rules: `plain_findings` tells the ordinary ones apart, in one walk of microseconds.

Nearly all entries of real registries are ordinary, and what there is to say about one is mostly one of a few pieces of
advice. Of an ordinary document the walk returns all that the rules above the JSON Schema would find; for any other it
returns None, which promises nothing. A test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from regpress.model.entry import PUBLISHER_META
from regpress.names import MAX_SERVER_NAME
from regpress.validate.findings import Finding, Part, within
from regpress.validate.lint import (
    description_is_whole,
    description_says_more,
    image_is_pinned,
    is_cut_off,
    package_transport_is_wise,
    repeated_urls,
    runtime_is_named,
    something_to_run,
    transport_is_current,
    version_is_semantic,
)
from regpress.validate.lint_inputs import is_quiet_input, named_input_findings, unmarked_inputs, value_findings
from regpress.validate.policy import is_domain_namespace, is_known_repository
from regpress.validate.policy_package import DEMANDS, package_policy_findings
from regpress.validate.rules_extension import extension_findings, metadata_size_findings
from regpress.validate.rules_identity import is_plain_name, is_plain_version
from regpress.validate.rules_links import subfolder_findings
from regpress.validate.rules_package import ARGUMENT_LISTS, named_argument_is_sound, transport_is_sound
from regpress.validate.urls import is_plain_https

# Members that plain documents have. Others, known or not, are for the rules.
_SERVER: Final = frozenset(
    (
        *("$schema", "name", "title", "description", "version", "websiteUrl", "repository", "icons"),
        *("packages", "remotes", "_meta"),
    )
)
_META: Final = frozenset((PUBLISHER_META,))
_ICON: Final = frozenset(("src", "mimeType", "sizes", "theme"))
_REPOSITORY: Final = frozenset(("url", "source", "id", "subfolder"))
_PACKAGE: Final = frozenset(
    (
        *("registryType", "registryBaseUrl", "identifier", "version", "fileSha256", "runtimeHint"),
        *("transport", "environmentVariables", *ARGUMENT_LISTS),
    )
)
#: Types of packages that have a version and nothing else of note.
_VERSIONED: Final = frozenset(
    kind for kind, demands in DEMANDS.items() if (demands.version, demands.file_hash) == ("required", "forbidden")
)
_UNUSUAL: Final = frozenset(("registryBaseUrl", "fileSha256"))
_LISTS: Final = frozenset(ARGUMENT_LISTS)
_TRANSPORT: Final = frozenset(("type", "url"))
_REMOTE: Final = frozenset(("type", "url", "headers"))
_REMOTE_TRANSPORTS: Final = frozenset(("streamable-http", "sse"))
_INPUT: Final = frozenset(
    ("name", "description", "isRequired", "isSecret", "format", "value", "default", "placeholder", "choices")
)
_ARGUMENT: Final = _INPUT.union(("type", "valueHint", "isRepeated"))
_STDIO: Final = {"type": "stdio"}
_NUMBERS: Final = re.compile(r"v?(?:0|[1-9][0-9]{0,9})\.(?:0|[1-9][0-9]{0,9})\.(?:0|[1-9][0-9]{0,9})")


#: What the rules find about a part; None where they have to be asked.
Answer = Sequence[Finding] | None


def is_plain(server: Part) -> bool:
    """Return whether a server document is so ordinary that no rule has anything to say about it."""
    found = plain_findings(server)
    return found is not None and not found


def plain_findings(server: Part) -> Answer:
    """Return what the rules find about an ordinary server document, in no order; None where they have to be asked.

    Publishers' metadata has a schema of its own, `regpress.validate.schema.publisher_issues`, which is not asked here.
    """
    if not _SERVER.issuperset(server):
        return None
    name, version = server.get("name"), server.get("version")
    if not isinstance(name, str) or not isinstance(version, str) or not _is_good_name(name):
        return None
    found: Sequence[Finding] = ()
    if not _NUMBERS.fullmatch(version):
        if not is_plain_version(version):
            return None
        found = version_is_semantic(server)
    if "description" not in server or ("repository" in server and not _is_good_repository(server["repository"])):
        return None
    for member, look in _LOOKS:
        if member in server:
            below = look(server)
            if below is None:
                return None
            if below:
                found = [*found, *below]
    below = _what_runs(server)
    return below if below is None or not found else [*found, *below]


@lru_cache(maxsize=64)  # versions of a server follow one another
def _is_good_name(name: str) -> bool:
    return len(name) <= MAX_SERVER_NAME and is_plain_name(name) and is_domain_namespace(name)


def _texts(server: Part) -> Answer:
    description, title, website = server["description"], server.get("title"), server.get("websiteUrl")
    if not isinstance(description, str):
        return None
    longest = len(server["name"])
    if title is not None:
        if not isinstance(title, str) or not title.strip():
            return None
        longest = max(longest, len(title))
    # A description that says no more than a name is not longer.
    if len(description) <= longest + 1 and description_says_more(server):
        return None
    if website is not None and not (isinstance(website, str) and is_plain_https(website)):
        return None
    return description_is_whole(server) if is_cut_off(description) else ()


def _is_good_repository(repository: Any) -> bool:
    if not isinstance(repository, dict) or not _REPOSITORY.issuperset(repository):
        return False
    url, source = repository.get("url"), repository.get("source")
    if not isinstance(url, str) or not isinstance(source, str) or not is_known_repository(url, source):
        return False
    return "subfolder" not in repository or not subfolder_findings(repository)


def _icons(server: Part) -> Answer:
    return _each(server["icons"], _icon, "icons")


def _icon(icon: Part) -> Answer:
    src = icon.get("src")
    return () if isinstance(src, str) and is_plain_https(src) and _ICON.issuperset(icon) else None


def _what_runs(server: Part) -> Answer:
    packages, remotes = server.get("packages"), server.get("remotes")
    if not packages and not remotes:
        return something_to_run(server)
    found = _each(packages, _package, "packages") if packages else ()
    if not remotes or found is None:
        return found
    below = _each(remotes, _remote, "remotes")
    if below is None:
        return None
    if len(remotes) > 1:
        below = [*below, *repeated_urls(remotes)]
    return [*found, *below] if below else found


def _metadata(server: Part) -> Answer:
    meta = server["_meta"]
    if not isinstance(meta, dict) or not _META.issuperset(meta):
        return None
    return (*extension_findings(server), *metadata_size_findings(server))


def _each(parts: Any, look: Callable[[Part], Answer], name: str) -> Answer:
    if not isinstance(parts, list):
        return None
    found: Sequence[Finding] = ()
    for index, part in enumerate(parts):
        below = look(part) if isinstance(part, dict) else None
        if below is None:
            return None
        if below:
            found = [*found, *within(f"{name}[{index}]", below)]
    return found


def _package(package: Part) -> Answer:
    if not _PACKAGE.issuperset(package):
        return None
    transport = package.get("transport")
    found = () if transport == _STDIO else _transport(package, transport)
    if found is None or not _is_good_identity(package):
        return None
    if "environmentVariables" in package:
        below = _variables(package["environmentVariables"])
        if below is None:
            return None
        found = [*found, *below] if below else found
    return found if _LISTS.isdisjoint(package) or _has_good_arguments(package) else None


def _transport(package: Part, transport: Any) -> Answer:
    if not isinstance(transport, dict) or not _TRANSPORT.issuperset(transport) or transport_is_sound(package):
        return None
    return package_transport_is_wise(package)


def _is_good_identity(package: Part) -> bool:
    kind, identifier, version = package.get("registryType"), package.get("identifier"), package.get("version", "")
    if not isinstance(kind, str) or not isinstance(identifier, str) or not isinstance(version, str):
        return False
    if " " in identifier:
        return False
    if version and not _NUMBERS.fullmatch(version) and not is_plain_version(version):
        return False
    if kind in _VERSIONED and version and _UNUSUAL.isdisjoint(package):
        return True
    return not package_policy_findings(package) and not image_is_pinned(package)


def _has_good_arguments(package: Part) -> bool:
    if "runtimeArguments" in package and runtime_is_named(package):
        return False
    return all(_are_all(package[key], _is_plain_argument) for key in ARGUMENT_LISTS if key in package)


def _are_all(parts: Any, is_good: Callable[[Part], bool]) -> bool:
    if not isinstance(parts, list):
        return False
    for part in parts:  # noqa: SIM110 - most have one item or two: a generator costs more than the item
        if not (isinstance(part, dict) and is_good(part)):
            return False
    return True


def _is_plain_argument(argument: Part) -> bool:
    return _ARGUMENT.issuperset(argument) and not named_argument_is_sound(argument) and not value_findings(argument)


def _variables(variables: Any) -> Answer:
    if not isinstance(variables, list):
        return None
    names = set()
    for variable in variables:
        if not (isinstance(variable, dict) and _is_plain_input(variable)):
            return None
        names.add(variable["name"])
    if len(names) < len(variables):
        return None
    return unmarked_inputs(variables) if variables else ()


def _is_plain_input(part: Part) -> bool:
    if not isinstance(part.get("name"), str):
        return False
    return is_quiet_input(part) or (_INPUT.issuperset(part) and not named_input_findings(part))


def _remote(remote: Part) -> Answer:
    kind, url = remote.get("type"), remote.get("url")
    if not isinstance(kind, str) or kind not in _REMOTE_TRANSPORTS or not isinstance(url, str):
        return None
    if not is_plain_https(url) or not _REMOTE.issuperset(remote):
        return None
    if "headers" in remote and not _are_all(remote["headers"], _is_plain_input):
        return None
    return transport_is_current(remote)


#: What is looked at where it is there.
_LOOKS: Final[tuple[tuple[str, Callable[[Part], Answer]], ...]] = (
    ("description", _texts),
    ("icons", _icons),
    ("_meta", _metadata),
)
