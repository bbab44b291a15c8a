"""Server documents that need no rules: `is_plain` tells the ordinary ones apart, in one walk and a few microseconds.

Nearly all entries of real registries are ordinary. True promises that no rule above the JSON Schema would find
anything; False promises nothing. A test holds the two together.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from regpress.names import MAX_SERVER_NAME
from regpress.validate.findings import Part
from regpress.validate.lint import (
    description_says_more,
    image_is_pinned,
    is_cut_off,
    is_semantic,
    package_transport_is_wise,
    runtime_is_named,
)
from regpress.validate.lint_inputs import MARKS, named_input_findings, value_findings
from regpress.validate.policy import is_domain_namespace, is_known_repository
from regpress.validate.policy_package import DEMANDS, package_policy_findings
from regpress.validate.rules_identity import is_plain_name, is_plain_version
from regpress.validate.rules_links import subfolder_findings
from regpress.validate.rules_package import ARGUMENT_LISTS, named_argument_is_sound, transport_is_sound
from regpress.validate.urls import is_plain_https

# Members that plain documents have. Others, known or not, are for the rules.
_SERVER: Final = frozenset(
    ("$schema", "name", "title", "description", "version", "websiteUrl", "repository", "packages", "remotes")
)
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
_INPUT: Final = frozenset(
    ("name", "description", "isRequired", "isSecret", "format", "value", "default", "placeholder", "choices")
)
_ARGUMENT: Final = _INPUT.union(("type", "valueHint", "isRepeated"))
_STDIO: Final = {"type": "stdio"}
_NUMBERS: Final = re.compile(r"v?(?:0|[1-9][0-9]{0,9})\.(?:0|[1-9][0-9]{0,9})\.(?:0|[1-9][0-9]{0,9})")


def is_plain(server: Part) -> bool:
    """Return whether a server document is so ordinary that no rule has anything to say about it."""
    if not _SERVER.issuperset(server):
        return False
    name, version = server.get("name"), server.get("version")
    if not isinstance(name, str) or not isinstance(version, str) or not _is_good_name(name):
        return False
    if not _NUMBERS.fullmatch(version) and not (is_plain_version(version) and is_semantic(version)):
        return False
    return (
        _has_good_texts(server, name)
        and ("repository" not in server or _is_good_repository(server["repository"]))
        and _can_be_run(server)
    )


@lru_cache(maxsize=64)  # versions of a server follow one another
def _is_good_name(name: str) -> bool:
    return len(name) <= MAX_SERVER_NAME and is_plain_name(name) and is_domain_namespace(name)


def _has_good_texts(server: Part, name: str) -> bool:
    description, title, website = server.get("description"), server.get("title"), server.get("websiteUrl")
    if not isinstance(description, str) or is_cut_off(description):
        return False
    longest = len(name)
    if title is not None:
        if not isinstance(title, str) or not title.strip():
            return False
        longest = max(longest, len(title))
    # A description that says no more than a name is not longer.
    if len(description) <= longest + 1 and description_says_more(server):
        return False
    return website is None or (isinstance(website, str) and is_plain_https(website))


def _is_good_repository(repository: Any) -> bool:
    if not isinstance(repository, dict) or not _REPOSITORY.issuperset(repository):
        return False
    url, source = repository.get("url"), repository.get("source")
    if not isinstance(url, str) or not isinstance(source, str) or not is_known_repository(url, source):
        return False
    return "subfolder" not in repository or not subfolder_findings(repository)


def _can_be_run(server: Part) -> bool:
    packages, remotes = server.get("packages", ()), server.get("remotes", ())
    if not packages and not remotes:
        return False
    if packages and not _are_all(packages, _is_plain_package):
        return False
    return not remotes or (_are_all(remotes, _is_plain_remote) and _differ(remotes))


def _are_all(parts: Any, is_good: Any) -> bool:
    if not isinstance(parts, list):
        return False
    for part in parts:  # noqa: SIM110 - most have one item or two: a generator costs more than the item
        if not (isinstance(part, dict) and is_good(part)):
            return False
    return True


def _is_plain_package(package: Part) -> bool:
    transport = package.get("transport")
    if not _PACKAGE.issuperset(package) or (transport != _STDIO and not _is_plain_transport(package, transport)):
        return False
    kind, identifier, version = package.get("registryType"), package.get("identifier"), package.get("version", "")
    if not isinstance(kind, str) or not isinstance(identifier, str) or not isinstance(version, str):
        return False
    if " " in identifier:
        return False
    if version and not _NUMBERS.fullmatch(version) and not is_plain_version(version):
        return False
    is_versioned = kind in _VERSIONED and version and _UNUSUAL.isdisjoint(package)
    if not is_versioned and (package_policy_findings(package) or image_is_pinned(package)):
        return False
    if "environmentVariables" in package and not _are_plain_variables(package["environmentVariables"]):
        return False
    if _LISTS.isdisjoint(package):
        return True
    if "runtimeArguments" in package and runtime_is_named(package):
        return False
    return all(_are_all(package[key], _is_plain_argument) for key in ARGUMENT_LISTS if key in package)


def _is_plain_transport(package: Part, transport: Any) -> bool:
    if not isinstance(transport, dict) or not _TRANSPORT.issuperset(transport):
        return False
    return not transport_is_sound(package) and not package_transport_is_wise(package)


def _is_plain_argument(argument: Part) -> bool:
    return _ARGUMENT.issuperset(argument) and not named_argument_is_sound(argument) and not value_findings(argument)


def _are_plain_variables(variables: Any) -> bool:
    if not _are_all(variables, _is_plain_input):
        return False
    if len(variables) > 1 and len({variable["name"] for variable in variables}) < len(variables):
        return False
    return not variables or not all(map(MARKS.isdisjoint, variables))


def _is_plain_input(part: Part) -> bool:
    return isinstance(part.get("name"), str) and _INPUT.issuperset(part) and not named_input_findings(part)


def _is_plain_remote(remote: Part) -> bool:
    url = remote.get("url")
    if remote.get("type") != "streamable-http" or not isinstance(url, str) or not is_plain_https(url):
        return False
    return _REMOTE.issuperset(remote) and ("headers" not in remote or _are_all(remote["headers"], _is_plain_input))


def _differ(remotes: Any) -> bool:
    return len(remotes) < 2 or len({remote["url"] for remote in remotes}) == len(remotes)
