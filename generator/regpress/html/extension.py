"""The ToolHive extension of a document to its view: ToolHive specification section 16.

The extension has one object for each package or remote. Facts about the whole entry are joined; what concerns one
container, its permissions and provenance, stays apart and is named after it where there are several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from regpress.html.inputs import Input, inputs_of, plain_name
from regpress.html.markdown import MarkdownRenderer
from regpress.html.text import exact, mapping, records, texts, web_address, words
from regpress.html.views import ExtensionView, FactsView, FactView, InputsView, OptionView, ToolView
from regpress.model.document import read_plain
from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META, EntryVersion

NO_EXTENSION: Final = ExtensionView()

_EXTENSION_BYTES: Final = TOOLHIVE_META.encode()

_PROVENANCE: Final = (
    ("repository_uri", "Source repository"),
    ("repository_ref", "Source ref"),
    ("signer_identity", "Signed by"),
    ("cert_issuer", "Certificate issuer"),
    ("runner_environment", "Built on"),
    ("sigstore_url", "Sigstore"),
)
#: ``env_vars`` of the extension spell their members otherwise than ``server.json``.
_ENV_VAR_MEMBERS: Final = {"required": "isRequired", "secret": "isSecret"}


def extension_of(meta: Any, overview: MarkdownRenderer) -> ExtensionView:
    """Return what the ``_meta`` of a document says in the ToolHive extension.

    Args:
        meta: the document's ``_meta``, of whatever type.
        overview: renders the long text.
    """
    blocks = mapping(mapping(mapping(meta).get(PUBLISHER_META)).get(TOOLHIVE_META))
    parts = {key: part for key, part in blocks.items() if part and type(part) is dict}
    if not parts:
        return NO_EXTENSION
    return ExtensionView(
        tier=words(_first(parts, "tier")),
        overview=overview.render(words(_first(parts, "overview"))),
        tools=_tools(parts.values()),
        permissions=_by_part(parts, "permissions", _permissions),
        provenance=_by_part(parts, "provenance", _provenance),
        settings=tuple(_settings(parts)),
        facts=tuple(_facts(parts)),
    )


def tool_names(version: EntryVersion) -> tuple[str, ...]:
    """Return the names of the tools that the extension of a version lists."""
    meta = version.text if version.kind == "server" else b"{%s}" % version.other_meta
    # Most versions have no extension, and a look at the bytes is cheaper than reading them.
    if _EXTENSION_BYTES not in meta:
        return ()
    value = mapping(read_plain(meta))
    outer = mapping(value.get("_meta")) if version.kind == "server" else value
    blocks = mapping(mapping(outer.get(PUBLISHER_META)).get(TOOLHIVE_META))
    return tuple(tool.name for tool in _tools(map(mapping, blocks.values())))


def _first(parts: Mapping[str, dict[str, Any]], member: str) -> Any:
    return next((part[member] for part in parts.values() if part.get(member)), None)


def _tools(parts: Any) -> tuple[ToolView, ...]:
    tools: dict[str, str] = {}
    for part in parts:
        for name in texts(part.get("tools")):
            tools.setdefault(name, "")
        for definition in records(part.get("tool_definitions")):
            if name := exact(definition.get("name")):
                tools[name] = tools.get(name) or words(definition.get("description"))
    return tuple(ToolView(name, description) for name, description in tools.items())


def _by_part(parts: Mapping[str, dict[str, Any]], member: str, facts_of: Any) -> tuple[FactsView, ...]:
    groups = []
    for key, part in parts.items():
        if facts := tuple(facts_of(mapping(part.get(member)))):
            groups.append(FactsView(exact(key) if len(parts) > 1 else "", facts))
    return tuple(groups)


def _permissions(permissions: dict[str, Any]) -> Iterator[FactView]:
    network = mapping(permissions.get("network"))
    outbound = mapping(network.get("outbound"))
    if name := permissions.get("name"):
        yield FactView("Profile", (exact(name),))
    if permissions.get("privileged") is True:
        yield FactView("Privileged", ("yes: full access to the machine it runs on",))
    if outbound.get("insecure_allow_all") is True:
        yield FactView("Network", ("any host and port",))
    if mode := network.get("mode"):
        yield FactView("Network mode", (exact(mode),))
    for label, value in (
        ("Hosts", outbound.get("allow_host")),
        ("Ports", outbound.get("allow_port")),
        ("Accepts from", mapping(network.get("inbound")).get("allow_host")),
        ("Reads", permissions.get("read")),
        ("Writes", permissions.get("write")),
    ):
        if given := texts(value):
            yield FactView(label, given)


def _provenance(provenance: dict[str, Any]) -> Iterator[FactView]:
    for member, label in _PROVENANCE:
        if given := provenance.get(member):
            yield FactView(label, (exact(given),), web_address(given))
    if kind := mapping(provenance.get("attestation")).get("predicate_type"):
        yield FactView("Attestation", (exact(kind),))


def _settings(parts: Mapping[str, dict[str, Any]]) -> Iterator[OptionView]:
    for key, part in parts.items():
        if inputs := tuple(_inputs(part)):
            yield OptionView("ToolHive", exact(key), "", "", (), inputs)


def _inputs(part: dict[str, Any]) -> Iterator[InputsView]:
    renamed = [_as_input(item) for item in records(part.get("env_vars"))]
    yield from inputs_of("Environment variables", renamed, plain_name)
    arguments: list[Input] = [{"name": argument} for argument in texts(part.get("args"))]
    yield from inputs_of("Arguments", arguments, plain_name)


def _as_input(item: dict[str, Any]) -> Input:
    return {_ENV_VAR_MEMBERS.get(member, member): value for member, value in item.items()}


def _facts(parts: Mapping[str, dict[str, Any]]) -> Iterator[FactView]:
    metadata = mapping(_first(parts, "metadata"))
    if stars := metadata.get("stars"):
        yield FactView("Stars", (exact(stars),))
    if oauth := mapping(_first(parts, "oauth_config")):
        yield FactView("Signs in with", (exact(oauth.get("issuer") or oauth.get("authorize_url") or "OAuth"),))
        if scopes := texts(oauth.get("scopes")):
            yield FactView("Scopes", scopes)
    if (port := _first(parts, "proxy_port")) is not None:
        yield FactView("Proxy port", (exact(port),))
    if _first(parts, "stateless") is True:
        yield FactView("Stateless", ("yes",))
