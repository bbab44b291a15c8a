from __future__ import annotations

import pytest

from fakes_catalog import toolhive_meta
from regpress.html.extension import NO_EXTENSION, extension_of
from regpress.html.markdown import MarkdownRenderer
from regpress.html.views import ExtensionView, FactView, ToolView

IMAGE = "ghcr.io/acme/tides:1"


def read(meta: object) -> ExtensionView:
    return extension_of(meta, MarkdownRenderer(top=2, prefix="overview-"))


def test_facts_about_the_server_are_shown() -> None:
    view = read(
        toolhive_meta(
            **{
                IMAGE: {
                    "tier": "Official",
                    "overview": "A *long* text",
                    "tools": ["next_tide", "wind"],
                    "tool_definitions": [{"name": "wind", "description": "At the pier"}, {"name": "waves"}],
                    "metadata": {"stars": 17},
                }
            }
        )
    )
    assert view.tier == "Official"
    assert view.overview == "<p>A <em>long</em> text</p>\n"
    assert view.tools == (ToolView("next_tide", ""), ToolView("wind", "At the pier"), ToolView("waves", ""))
    assert view.facts == (FactView("Stars", ("17",)),)


def test_permissions_say_what_a_container_may_do() -> None:
    outbound = {"allow_host": ["a.example", ".b.example"], "allow_port": [443]}
    permissions = {"network": {"outbound": outbound}, "read": ["/data"], "write": ["/out"], "privileged": True}
    (group,) = read(toolhive_meta(**{IMAGE: {"permissions": permissions}})).permissions
    assert group.title == ""
    assert {fact.label: fact.values for fact in group.facts} == {
        "Privileged": ("yes: full access to the machine it runs on",),
        "Hosts": ("a.example", ".b.example"),
        "Ports": ("443",),
        "Reads": ("/data",),
        "Writes": ("/out",),
    }


def test_a_network_without_limits_is_named() -> None:
    permissions = {"network": {"outbound": {"insecure_allow_all": True}}}
    (group,) = read(toolhive_meta(**{IMAGE: {"permissions": permissions}})).permissions
    assert group.facts == (FactView("Network", ("any host and port",)),)


def test_permissions_of_several_packages_are_kept_apart() -> None:
    view = read(toolhive_meta(one={"permissions": {"read": ["/a"]}}, two={"permissions": {"privileged": True}}))
    assert [(group.title, group.facts[0].label) for group in view.permissions] == [
        ("one", "Reads"),
        ("two", "Privileged"),
    ]


def test_provenance_links_only_to_web_addresses() -> None:
    provenance = {
        "repository_uri": "https://example.org/r",
        "cert_issuer": "javascript:x",
        "signer_identity": "/ci.yml",
    }
    (group,) = read(toolhive_meta(**{IMAGE: {"provenance": provenance}})).provenance
    assert [(fact.label, fact.href) for fact in group.facts] == [
        ("Source repository", "https://example.org/r"),
        ("Signed by", ""),
        ("Certificate issuer", ""),
    ]


def test_environment_variables_of_remotes_are_inputs() -> None:
    variables = [{"name": "KEY", "required": True, "secret": True, "description": "Yours"}]
    (setting,) = read(toolhive_meta(**{"https://x.example/mcp": {"env_vars": variables, "args": ["serve"]}})).settings
    environment, arguments = setting.inputs
    assert setting.name == "https://x.example/mcp"
    assert (environment.inputs[0].name, environment.inputs[0].required, environment.inputs[0].secret) == (
        "KEY",
        True,
        True,
    )
    assert arguments.inputs[0].name == "serve"


def test_a_remote_says_with_whom_it_signs_in() -> None:
    oauth = {"issuer": "https://login.example", "scopes": ["read", "write"], "client_id": "x"}
    facts = read(toolhive_meta(**{"https://x.example/mcp": {"oauth_config": oauth}})).facts
    assert [(fact.label, fact.values) for fact in facts] == [
        ("Signs in with", ("https://login.example",)),
        ("Scopes", ("read", "write")),
    ]


@pytest.mark.parametrize(
    "meta",
    [None, "x", 5, [], {}, toolhive_meta(), toolhive_meta(x=None), toolhive_meta(x="text"), toolhive_meta(x={})],
)
def test_documents_without_the_extension_have_none(meta: object) -> None:
    assert read(meta) is NO_EXTENSION


@pytest.mark.parametrize(
    "junk", [5, "text", [5], [[]], {"a": 5}, True, {"outbound": 5}, {"network": {"outbound": "x"}}]
)
def test_members_of_the_wrong_type_do_not_stop_a_page(junk: object) -> None:
    members = "tier overview tools tool_definitions metadata permissions provenance env_vars args stateless proxy_port"
    members += " oauth_config"
    assert read(toolhive_meta(x=dict.fromkeys(members.split(), junk)))
