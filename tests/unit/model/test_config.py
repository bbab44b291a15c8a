"""What `config.yaml` means, and what people read when it is wrong."""

from __future__ import annotations

import json

import pytest

from regpress.errors import ConfigError
from regpress.model.config import (
    AuthConfig,
    Config,
    FileSettings,
    GitSettings,
    RegistryConfig,
    SiteConfig,
    SourceConfig,
    default_config,
    load_config,
)
from regpress.model.config_packing import packed, unpacked, written
from regpress.model.config_validation import validated
from regpress.model.flaws import FlawsError

GOOD_SOURCE = "{name: a, file: {path: registry.json}}"
GOOD_TAIL = "registries: [{name: default, sources: [a]}]\n"


def with_source(block: str) -> str:
    return f"sources:\n  - name: a\n    {block}\n{GOOD_TAIL}"


def with_rest(block: str) -> str:
    return f"sources: [{GOOD_SOURCE}]\n{GOOD_TAIL}{block}\n"


def problems(text: str, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_config(text, environ=environ)
    return caught.value.problems


def the_problem(text: str, **environ: str) -> str:
    found = problems(text, **environ)
    assert len(found) == 1, found
    return found[0]


def load(text: str, **environ: str) -> Config:
    config, notes = load_config(text, environ=environ)
    assert notes == ()
    return config


# --- what is read ------------------------------------------------------------------------------------------------


FULL = """
sources:
  - name: catalogue
    git:
      repository: https://git.example.io/catalogue.git
      branch: main
      path: data/registry.json
      auth: {username: robot, passwordFile: /run/secrets/git-token}
    syncPolicy: {interval: 30m}
    filter:
      names: {include: ["io.example.*"], exclude: ["*-beta"]}
      tags: {include: ["maritime"], exclude: ["retired"]}
    claims: {org: tides, role: [ops, lead]}
    onInvalid: keep
  - name: internal
    managed: {}
  - name: partner
    file: {url: "https://partner.example.io/registry.json", timeout: 1m30s}
  - name: up
    api: {endpoint: "https://registry.example.org", timeout: 500ms}
registries:
  - name: default
    sources: [internal, catalogue]
    claims: {org: tides}
    visibility: public
auth:
  mode: oauth
  oauth:
    resourceUrl: https://registry.example.io
    providers:
      - {name: id, issuerUrl: "https://id.example.io", audience: registry, allowPrivateIP: true}
  authz: {roles: {superAdmin: [{role: root}]}}
site:
  title: Tides
  baseUrl: https://registry.example.io/tides/
  aliases: [v0, registry]
  catalog: {theme: dark, accent: "#2563eb", pages: [guide, about]}
  policy: {level: official, rules: {some-rule: off, other-rule: info}}
  trust: {allowPrivateAddresses: true, iconHosts: [cdn.example.org]}
"""


def test_every_section_of_a_full_file_arrives_in_the_records() -> None:
    config = load(FULL)
    catalogue, internal, partner, up = config.sources
    assert catalogue.git is not None
    assert catalogue.git.repository == "https://git.example.io/catalogue.git"
    assert catalogue.git.ref == ("branch", "main")
    assert catalogue.git.auth is not None
    assert catalogue.git.auth.password_file == "/run/secrets/git-token"
    assert catalogue.sync_policy is not None
    assert catalogue.sync_policy.interval == 1800
    assert catalogue.filter is not None
    assert catalogue.filter.names is not None
    assert catalogue.filter.names.exclude == ("*-beta",)
    assert catalogue.claims == {"org": "tides", "role": ("ops", "lead")}
    assert [source.type for source in config.sources] == ["git", "managed", "file", "api"]
    assert partner.file is not None
    assert partner.file.timeout == 90
    assert up.api is not None
    assert up.api.timeout == 0.5
    assert [source.effective_on_invalid for source in config.sources] == ["keep", "fail", "skip", "skip"]
    assert config.registries[0].sources == ("internal", "catalogue")
    assert config.registries[0].visibility == "public"
    assert config.auth.modes == ("oauth",)
    assert config.auth.oauth is not None
    assert config.auth.oauth.providers[0].allow_private_ip
    assert config.site.base_url == "https://registry.example.io/tides"
    assert config.site.base_path == "/tides"
    assert config.site.policy.rules == {"some-rule": "off", "other-rule": "info"}
    assert config.site.trust.icon_hosts == ("cdn.example.org",)
    assert internal.claims == {}


def test_defaults_are_those_that_the_documentation_names() -> None:
    config = load(with_rest(""))
    assert config.site == SiteConfig()
    assert (config.site.title, config.site.host, config.site.aliases) == ("MCP Registry", "generic", ())
    assert config.site.catalog.enabled
    assert not config.site.trust.allow_private_addresses
    assert GitSettings(repository="https://git.example.io/x.git").path == "registry.json"
    assert FileSettings(url="https://example.io/r.json").timeout == 30


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("file: {path: x.json}", "fail"),
        ("file: {data: []}", "fail"),
        ("managed: {}", "fail"),
        ("file: {url: 'https://example.io/x'}", "skip"),
        ("git: {repository: 'https://example.io/x'}", "skip"),
        ("api: {endpoint: 'https://example.io'}", "skip"),
    ],
)
def test_own_documents_fail_and_those_of_others_are_skipped_by_default(block: str, expected: str) -> None:
    assert load(with_source(block)).sources[0].effective_on_invalid == expected


@pytest.mark.parametrize(
    ("registries", "site", "expected"),
    [
        ("[{name: b, sources: [a]}, {name: c, sources: [a]}]", "{}", "b"),
        ("[{name: b, sources: [a]}, {name: default, sources: [a]}]", "{}", "default"),
        ("[{name: b, sources: [a]}, {name: default, sources: [a]}]", "{defaultRegistry: b}", "b"),
    ],
)
def test_the_default_registry_is_the_chosen_one_then_the_one_of_that_name_then_the_first(
    registries: str, site: str, expected: str
) -> None:
    config = load(f"sources: [{GOOD_SOURCE}]\nregistries: {registries}\nsite: {site}\n")
    assert config.default_registry == expected


@pytest.mark.parametrize(
    ("refs", "read", "note"),
    [
        ("commit: abcdef1, branch: main, tag: v1", ("commit", "abcdef1"), "commit and branch and tag"),
        ("branch: main, tag: v1", ("branch", "main"), "branch and tag"),
        ("commit: abcdef1, tag: v1", ("commit", "abcdef1"), "commit and tag"),
    ],
)
def test_of_several_git_refs_one_counts_and_a_note_says_which(refs: str, read: tuple[str, str], note: str) -> None:
    config, notes = load_config(with_source(f"git: {{repository: 'https://example.io/x', {refs}}}"))
    assert config.sources[0].git is not None
    assert config.sources[0].git.ref == read
    assert notes == (f"config.yaml:3: sources[0].git: has {note}; the {read[0]} {read[1]!r} is read",)


def test_a_toolhive_file_loads_with_a_note_for_each_thing_that_does_not_count() -> None:
    text = (
        "sources: [{name: a, format: toolhive, file: {path: r.json}, syncPolicy: {interval: 1h}}]\n"
        + GOOD_TAIL
        + "auth: {mode: anonymous}\ndatabase: {host: db, port: 5432, sslMode: no}\naudit: {maxDataSize: -1}\n"
        "telemetry:\n"
    )
    config, notes = load_config(text)
    assert config.auth.reads_are_public
    assert [note.split(": ", 2)[:2] for note in notes] == [
        ["config.yaml:1", "sources[0].format"],
        ["config.yaml:4", "database"],
        ["config.yaml:5", "audit"],
        ["config.yaml:6", "telemetry"],
    ]


def test_inline_data_may_be_keys_a_list_or_a_text_of_json() -> None:
    for block, expected in [
        ("file: {data: {servers: [{name: io.example/a}]}}", {"servers": [{"name": "io.example/a"}]}),
        ("file: {data: [1, null, 1.5]}", [1, None, 1.5]),
        ("file: {data: '{\"servers\": []}'}", '{"servers": []}'),
    ]:
        source = load(with_source(block)).sources[0]
        assert source.file is not None
        assert source.file.data == expected


@pytest.mark.parametrize(
    "repository",
    [
        "https://git.example.io/a.git",
        "http://localhost:3000/a",
        "file:///srv/git/a.git",
        "/srv/git/a.git",
        "../a",
        "mirror of a/a.git",
    ],
)
def test_https_file_and_local_repositories_are_taken(repository: str) -> None:
    git = load(with_source(f"git: {{repository: '{repository}'}}")).sources[0].git
    assert git is not None
    assert git.repository == repository


def test_a_key_without_a_value_counts_as_not_given() -> None:
    config = load(with_rest("site:\nauth:") + "")
    assert config.site == SiteConfig()
    assert config.auth == AuthConfig()


@pytest.mark.parametrize(
    ("mode", "modes", "public"),
    [
        ("anonymous", ("anonymous",), True),
        ("[anonymous, registry]", ("anonymous", "registry"), False),
        ("registry", ("registry",), False),
    ],
)
def test_any_mode_but_anonymous_makes_reading_private(mode: str, modes: tuple[str, ...], public: bool) -> None:
    auth = load(with_rest(f"auth: {{mode: {mode}}}")).auth
    assert auth.modes == modes
    assert auth.reads_are_public is public


def test_a_site_without_a_file_has_its_content_first_and_then_its_registry_file() -> None:
    config = default_config(has_content=True, has_registry_file=True)
    assert [source.type for source in config.sources] == ["managed", "file"]
    assert [(registry.name, registry.sources) for registry in config.registries] == [
        ("default", ("content", "registry"))
    ]
    assert [s.type for s in default_config(has_content=False, has_registry_file=True).sources] == ["file"]
    assert [s.type for s in default_config(has_content=True, has_registry_file=False).sources] == ["managed"]


def test_a_folder_with_nothing_to_publish_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"neither a folder 'content' nor a file 'registry\.json'"):
        default_config(has_content=False, has_registry_file=False)


def test_records_made_in_python_take_seconds_and_python_names() -> None:
    source = SourceConfig(name="a", file=FileSettings(url="https://example.io/r.json", timeout=2.5), on_invalid="keep")
    config = Config(sources=(source,), registries=(RegistryConfig(name="r", sources=("a",)),))
    assert config.sources[0].file == FileSettings(url="https://example.io/r.json", timeout=2.5)
    with pytest.raises(FlawsError, match="there is no source 'b'"):
        validated(Config, {"sources": (source,), "registries": (RegistryConfig(name="r", sources=("b",)),)})


@pytest.mark.parametrize("text", [FULL, with_rest(""), with_source("managed: {}"), with_source("file: {data: [1]}")])
def test_a_configuration_that_is_written_out_reads_back_equal(text: str) -> None:
    config = load(text)
    assert validated(Config, json.loads(json.dumps(written(config)))) == config
    assert validated(Config, written(config, defaults=False)) == config


@pytest.mark.parametrize(
    "text", [FULL, with_rest(""), with_source("managed: {}"), with_source("file: {data: [1, {}]}")]
)
def test_a_configuration_that_is_kept_comes_back_as_it_was(text: str) -> None:
    config = load(text)
    kept = json.loads(json.dumps(packed(config)))
    assert repr(unpacked(kept)) == repr(config)
    assert unpacked(kept) == config


# --- what is refused, message by message -------------------------------------------------------------------------


SOURCE_PROBLEMS = [
    ("{}", "sources[0]: has no type (expected one of git, api, file, managed)", 2),
    ("managed:", "sources[0].managed: is empty (expected 'managed: {}')", 3),
    ("git:", "sources[0].git: is empty (expected its settings below it)", 3),
    (
        "managed: {}\n    file: {path: x}",
        "sources[0]: has the types file and managed (expected only one of git, api, file, managed)",
        2,
    ),
    ("git: {branch: main}", "sources[0].git.repository: is required", 3),
    ("api: {timeout: 1s}", "sources[0].api.endpoint: is required", 3),
    ("api: {endpoint: 'https://e.io', timeout: soon}", "sources[0].api.timeout: 'soon' is not a duration", 3),
    ("api: {endpoint: 'https://e.io', timeout: 30}", "sources[0].api.timeout: is not a duration", 3),
    ("api: {endpoint: 'https://e.io', timeout: 0s}", "sources[0].api.timeout: must be greater than zero", 3),
    ("api: {endpoint: 'https://e.io', timeout: -1s}", "sources[0].api.timeout: must be greater than zero", 3),
    ("api: {endpoint: 'https://e.io', timeout: 5m1s}", "sources[0].api.timeout: must not exceed 5m0s", 3),
    ("api: {endpoint: e.io}", "sources[0].api.endpoint: 'e.io' is not an absolute address with a host", 3),
    ("api: {endpoint: 'https://e.io/v0.1'}", "sources[0].api.endpoint: contains '/v0.1', which is added to it", 3),
    ("api: {endpoint: 'https://e.io/v0/x'}", "sources[0].api.endpoint: contains '/v0', which is added to it", 3),
    ("api: {endpoint: 'https://e.io/?a=b'}", "sources[0].api.endpoint: contains a query or fragment", 3),
    ("api: {endpoint: 'https://u:p@e.io'}", "sources[0].api.endpoint: contains a user name or password", 3),
    ("api: {endpoint: 'ftp://e.io'}", "sources[0].api.endpoint: has the scheme 'ftp'", 3),
    ("file: {}", "sources[0].file: path, url or data is required", 3),
    ("file: {path: a, url: 'https://e.io/a'}", "sources[0].file: has path and url, which exclude each other", 3),
    ("file: {path: a, data: []}", "sources[0].file: has path and data, which exclude each other", 3),
    ("file: {url: registry.json}", "sources[0].file.url: 'registry.json' is not an absolute address with a host", 3),
    ("file: {url: 'https:///x'}", "sources[0].file.url: 'https:///x' is not an absolute address with a host", 3),
    ("file: {url: 'https://e.io:x/'}", "sources[0].file.url: 'https://e.io:x/' is not an absolute address", 3),
    ("file: {url: 'ftp://e.io/x'}", "sources[0].file.url: has the scheme 'ftp'", 3),
    ("file: {url: 'https://u:p@e.io/x'}", "sources[0].file.url: contains a user name or password", 3),
    ("file: {url: 'https://e.io\\x'}", "sources[0].file.url: contains '\\\\'", 3),
    ("file: {path: a, timeout: 3s}", "sources[0].file.timeout: applies only together with 'url'", 3),
    ("file: {url: 'https://e.io/x', timeout: 61m}", "sources[0].file.timeout: must not exceed 1h", 3),
    ("file: {path: ''}", "sources[0].file.path: is empty", 3),
    ("file: {data: 5}", "sources[0].file.data: is a number (expected a mapping, a list or a text of JSON)", 3),
    ('file: {data: \'{"a": 1, "a": 2}\'}', "sources[0].file.data: the text is not JSON: line 1: the key 'a'", 3),
    ("file: {data: 'not json'}", "sources[0].file.data: the text is not JSON: line 1", 3),
    (
        "managed: {}\n    syncPolicy: {interval: hourly}",
        "sources[0].syncPolicy.interval: 'hourly' is not a duration (expected a duration such as '30s' or '1m30s')",
        4,
    ),
    ("managed: {}\n    syncPolicy: {interval: 1:30}", "sources[0].syncPolicy.interval: is not a duration", 4),
    ("managed: {}\n    syncPolicy: {interval: -1h}", "sources[0].syncPolicy.interval: is negative", 4),
    ("managed: {}\n    onInvalid: Fial", "sources[0].onInvalid: 'Fial' is not a choice; did you mean 'fail'?", 4),
    ("managed: {}\n    claims: {org: 5}", "sources[0].claims.org: is a number (expected a text or a list of texts", 4),
    ("managed: {}\n    claims: {org: {a: b}}", "sources[0].claims.org: is a mapping (expected a text or a list", 4),
    ("managed: {}\n    claims: {org: [a, true]}", "sources[0].claims.org: is a list with true or false", 4),
    ("managed: {}\n    claims: tides", "sources[0].claims: is text (expected keys with a text or a list of texts)", 4),
    (
        "managed: {}\n    filter:\n      names:\n        include:\n          - ok\n          - 'a['",
        "sources[0].filter.names.include[1]: 'a[' has a '[' without its ']'",
        8,
    ),
    (
        "managed: {}\n    filter: {names: {include: 'a*'}}",
        "sources[0].filter.names.include: is text (expected a list)",
        4,
    ),
    ("managed: []", "sources[0].managed: is a list (expected keys and values)", 3),
    ("kubernetes: {namespaces: [x]}", "sources[0].kubernetes: a static registry cannot watch a cluster", 3),
    (
        "git: {repository: 'https://e.io/x', auth: {username: u}}",
        "sources[0].git.auth.passwordFile: is required",
        3,
    ),
    (
        "git: {repository: 'https://e.io/x', auth: {passwordFile: /x}}",
        "sources[0].git.auth.username: is required",
        3,
    ),
    (
        "git: {repository: 'https://e.io/x', auth: {username: u, passwordFile: run/x}}",
        "sources[0].git.auth.passwordFile: is not an absolute path",
        3,
    ),
    (
        "git: {repository: 'https://e.io/x', auth: {username: u, passwordFile: /x, password: p}}",
        "sources[0].git.auth.password: does not belong in this file (expected passwordFile",
        3,
    ),
]


@pytest.mark.parametrize(("block", "message", "line"), SOURCE_PROBLEMS, ids=lambda value: str(value)[:50])
def test_a_wrong_source_is_named_with_line_key_and_reason(block: str, message: str, line: int) -> None:
    text = with_source(block) if block != "{}" else f"sources:\n  - name: a\n{GOOD_TAIL}"
    assert the_problem(text).startswith(f"config.yaml:{line}: {message}")


@pytest.mark.parametrize(
    ("repository", "reason"),
    [
        ("--upload-pack=touch /tmp/x", "begins with '-', as an option does"),
        ("ext::sh -c touch% /tmp/x", "names a git remote helper"),
        ("file::/srv/x", "names a git remote helper"),
        ("git@example.io:a/b.git", "is an address for ssh"),
        ("example.io:b.git", "is an address for ssh"),
        ("ssh://git@example.io/a", "has the scheme 'ssh'"),
        ("git://example.io/a", "has the scheme 'git'"),
        ("https://user:secret@example.io/a", "contains a user name or password"),
        ("https://token@example.io/a", "contains a user name or password"),
        ("https:///a", "'https:///a' is not an absolute address with a host"),
        ("https://exam ple.io/a", "contains ' '"),
        ("file://example.io/a", "is not the address of a local folder"),
        ("file:///", "is not the address of a local folder"),
        ("/srv/a\\nb", "contains a control character"),
        ("", "is empty"),
    ],
)
def test_a_repository_that_git_could_take_for_something_else_is_refused(repository: str, reason: str) -> None:
    found = the_problem(with_source(f'git: {{repository: "{repository}"}}'))
    assert found.startswith(f"config.yaml:3: sources[0].git.repository: {reason}")
    assert "auth.passwordFile" in found
    assert "secret" not in found


@pytest.mark.parametrize("kind", ["branch", "tag"])
@pytest.mark.parametrize(
    "ref",
    [
        "-x",
        "--exec=x",
        "a..b",
        "a b",
        "a\\tb",
        "a\\x01b",
        "",
        "a~1",
        "a:b",
        "a?",
        "a*",
        "a[",
        "@",
        "x.lock",
        "/a",
        "a/",
    ],
)
def test_a_ref_that_git_could_take_for_something_else_is_refused(kind: str, ref: str) -> None:
    found = the_problem(with_source(f'git: {{repository: "https://e.io/x", {kind}: "{ref}"}}'))
    assert found.startswith(f"config.yaml:3: sources[0].git.{kind}: ")


@pytest.mark.parametrize("ref", ["main", "feature/x", "v1.2.3", "release-2026", "päivä"])
def test_ordinary_refs_are_taken(ref: str) -> None:
    git = load(with_source(f"git: {{repository: 'https://e.io/x', branch: '{ref}'}}")).sources[0].git
    assert git is not None
    assert git.branch == ref


@pytest.mark.parametrize("commit", ["abcdef", "a" * 65, "main", "--all", "abcdefg"])
def test_a_commit_is_seven_to_sixty_four_hexadecimal_digits(commit: str) -> None:
    found = the_problem(with_source(f"git: {{repository: 'https://e.io/x', commit: '{commit}'}}"))
    assert "is not the hash of a commit (expected 7 to 64 hexadecimal digits)" in found


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a\\\\b", "-x", "~/x", "c:/x"])
def test_a_path_cannot_leave_its_repository(path: str) -> None:
    found = the_problem(with_source(f'git: {{repository: "https://e.io/x", path: "{path}"}}'))
    assert found.startswith("config.yaml:3: sources[0].git.path: ")


REST_PROBLEMS = [
    ("auth: {mode: basic}", "auth.mode: 'basic' is not a mode (expected one of anonymous, oauth, token, registry)"),
    ("auth: {mode: oauht}", "auth.mode: 'oauht' is not a mode; did you mean 'oauth'?"),
    ("auth: {mode: []}", "auth.mode: is an empty list"),
    ("auth: {mode: [token, token]}", "auth.mode: names a mode twice"),
    ("auth: {mode: 5}", "auth.mode: is a number (expected a mode or a list of modes"),
    ("auth: {publicPaths: [/docs]}", "auth.mode: is required"),
    ("auth: {mode: oauth}", "auth.oauth: is required when mode is oauth"),
    ("auth: {mode: oauth, oauth: {}}", "auth.oauth.providers: is required (expected at least one)"),
    ("auth: {mode: oauth, oauth: {providers: []}}", "auth.oauth.providers: is empty (expected at least one)"),
    ("site: {titel: x}", "site.titel: is not a known key; did you mean 'title'?"),
    ("site: {base_url: 'https://e.io'}", "site.base_url: is not a known key; did you mean 'baseUrl'?"),
    ("sits: {}", "sits: is not a known key; did you mean 'site'?"),
    ("zzz: {}", "zzz: is not a known key (expected one of sources, registries, auth, site)"),
    ("site: []", "site: is a list (expected keys and values)"),
    ("site: {title: ''}", "site.title: is empty (expected one line of text)"),
    ('site: {title: "a\\nb"}', "site.title: contains the control character U+000A"),
    ("site: {baseUrl: example.io}", "site.baseUrl: 'example.io' is not an absolute address with a host"),
    ("site: {baseUrl: 'https://e.io/?a'}", "site.baseUrl: contains a query or fragment"),
    ("site: {baseUrl: 'https://e.io/a/../b'}", "site.baseUrl: contains an empty part, '.' or '..'"),
    ("site: {basePath: x}", "site.basePath: does not begin with '/'"),
    ("site: {basePath: '/a b'}", "site.basePath: contains ' '"),
    ("site: {baseUrl: 'https://e.io/a', basePath: /b}", "site.basePath: '/b' is not the path of baseUrl, '/a'"),
    (
        "site: {defaultRegistry: defualt}",
        "site.defaultRegistry: there is no registry 'defualt'; did you mean 'default'?",
    ),
    ("site: {host: 'Git Hub'}", "site.host: 'Git Hub' is not the name of a host profile"),
    ("site: {aliases: [v1]}", "site.aliases[0]: 'v1' is not a choice (expected one of v0, registry)"),
    ("site: {aliases: v0}", "site.aliases: is text (expected a list)"),
    ("site: {catalog: {enabled: yes}}", "site.catalog.enabled: is text (expected true or false)"),
    ("site: {catalog: {enabled: 1}}", "site.catalog.enabled: is a number (expected true or false)"),
    ("site: {catalog: {theme: drak}}", "site.catalog.theme: 'drak' is not a choice; did you mean 'dark'?"),
    ("site: {catalog: {accent: red}}", "site.catalog.accent: 'red' is not a colour (expected e.g. '#2563eb')"),
    ("site: {catalog: {pages: [../x]}}", "site.catalog.pages[0]: '../x' is not the name of a page"),
    (
        "site: {policy: {level: strict}}",
        "site.policy.level: 'strict' is not a choice (expected one of default, official)",
    ),
    ("site: {policy: {rules: {x: fatal}}}", "site.policy.rules.x: 'fatal' is not a choice"),
    ("site: {policy: {rules: {x: on}}}", "site.policy.rules.x: 'on' is not a choice"),
    ("site: {policy: {rules: []}}", "site.policy.rules: is a list (expected keys and values)"),
    (
        "site: {trust: {iconHosts: ['https://e.io']}}",
        "site.trust.iconHosts[0]: 'https://e.io' is not the name of a host",
    ),
]


@pytest.mark.parametrize(("block", "message"), REST_PROBLEMS, ids=lambda value: str(value)[:50])
def test_wrong_auth_and_site_settings_are_named_with_line_key_and_reason(block: str, message: str) -> None:
    assert the_problem(with_rest(block)).startswith(f"config.yaml:3: {message}")


def test_each_fact_about_an_identity_provider_is_checked() -> None:
    found = problems(
        with_rest(
            "auth:\n  mode: oauth\n  oauth:\n    providers:\n"
            "      - issuerUrl: id.example.io\n"
            "      - {name: a, audience: b, issuerUrl: 'http://id.example.io'}\n"
            "      - {name: a, audience: b, issuerUrl: 'http://localhost:8080'}\n"
            "      - {name: a, audience: b}\n"
        )
    )
    https = "(expected an absolute https address with a host)"
    assert found == (
        "config.yaml:7: auth.oauth.providers[0].audience: is required",
        "config.yaml:7: auth.oauth.providers[0].issuerUrl: 'id.example.io' is not an absolute address with a host "
        + https,
        "config.yaml:7: auth.oauth.providers[0].name: is required",
        f"config.yaml:8: auth.oauth.providers[1].issuerUrl: does not use https {https}",
        "config.yaml:10: auth.oauth.providers[3].issuerUrl: is required",
    )


def test_sources_and_registries_are_required_and_not_empty() -> None:
    assert problems("site: {}") == (
        "config.yaml:1: registries: is required (expected at least one)",
        "config.yaml:1: sources: is required (expected at least one)",
    )
    assert problems("sources: []\nregistries: []\n") == (
        "config.yaml:1: sources: is empty (expected at least one)",
        "config.yaml:2: registries: is empty (expected at least one)",
    )


def test_names_are_required_unique_and_well_formed() -> None:
    text = (
        "sources:\n  - managed: {}\n  - {name: b, file: {path: x}}\n  - {name: b, file: {path: y}}\n"
        "  - {name: Team Tools, file: {path: z}}\n"
        "registries:\n  - sources: [b]\n  - {name: r, sources: [b]}\n  - {name: r, sources: [b]}\n"
        "  - {name: -r, sources: [b]}\n"
    )
    shape = "is not 1 to 63 lower-case letters, digits and inner hyphens"
    assert problems(text) == (
        "config.yaml:2: sources[0].name: is required",
        "config.yaml:4: sources[2].name: the name 'b' is already that of sources[1] (expected each name once)",
        f"config.yaml:5: sources[3].name: 'Team Tools' {shape} (expected e.g. 'team-tools')",
        "config.yaml:7: registries[0].name: is required",
        "config.yaml:9: registries[2].name: the name 'r' is already that of registries[1] (expected each name once)",
        f"config.yaml:10: registries[3].name: '-r' {shape} (expected e.g. 'team-tools')",
    )


def test_at_most_one_managed_source_is_taken() -> None:
    text = "sources:\n- {name: a, managed: {}}\n- {name: b, managed: {}}\n" + GOOD_TAIL
    assert the_problem(text) == (
        "config.yaml:3: sources[1].managed: at most one managed source is allowed, found 2 (expected only sources[0])"
    )


def test_a_registry_refers_to_sources_that_exist_each_once() -> None:
    text = (
        "sources: [{name: catalogue, managed: {}}]\nregistries:\n  - name: r\n    sources:\n      - catalogue\n"
        "      - catalog\n      - catalogue\n  - name: s\n    sources: []\n  - name: t\n"
    )
    assert problems(text) == (
        "config.yaml:6: registries[0].sources[1]: there is no source 'catalog'; did you mean 'catalogue'?",
        "config.yaml:7: registries[0].sources[2]: names the source 'catalogue' again (expected each source once)",
        "config.yaml:9: registries[1].sources: is empty (expected at least one)",
        "config.yaml:10: registries[2].sources: is required (expected at least one)",
    )


def test_problems_of_one_place_do_not_hide_those_of_another() -> None:
    found = problems(
        "sources:\n  - name: a\n    git: {brnach: x}\n    file: {path: x}\n    onInvalid: 5\n"
        "registries:\n  - {name: r, sources: [b], visibility: private}\nsite:\n  title: [x]\n"
    )
    assert [line.split(": ")[1] for line in found] == [
        "sources[0]",
        "sources[0].git.brnach",
        "sources[0].git.repository",
        "sources[0].onInvalid",
        "registries[0].sources[0]",
        "registries[0].visibility",
        "site.title",
    ]


def test_messages_name_the_file_as_the_caller_does() -> None:
    with pytest.raises(ConfigError) as caught:
        load_config("zzz: 1", file="sites/demo/config.yaml")
    assert all(line.startswith("sites/demo/config.yaml:1: ") for line in caught.value.problems)


# --- environment -------------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file() -> None:
    config = load(
        with_rest("site: {title: File, catalog: {enabled: true}, description: kept}"),
        REGPRESS_SITE_TITLE="Environment",
        REGPRESS_SITE_BASE_URL="https://e.io/x",
        REGPRESS_SITE_CATALOG_ENABLED="0",
        REGPRESS_SITE_TRUST_ALLOW_PRIVATE_ADDRESSES="TRUE",
        REGPRESS_SITE_HOST="",
        HOME="/root",
    )
    assert (config.site.title, config.site.description) == ("Environment", "kept")
    assert (config.site.base_url, config.site.base_path) == ("https://e.io/x", "/x")
    assert not config.site.catalog.enabled
    assert config.site.trust.allow_private_addresses
    assert config.site.host == "generic"


def test_the_environment_reaches_a_site_without_a_file() -> None:
    config = default_config(has_content=True, has_registry_file=False, environ={"REGPRESS_SITE_TITLE": "Mine"})
    assert config.site.title == "Mine"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("REGPRESS_SITE_BASE_URL", "example.io", "'example.io' is not an absolute address with a host"),
        ("REGPRESS_SITE_CATALOG_THEME", "drak", "'drak' is not a choice; did you mean 'dark'?"),
        ("REGPRESS_SITE_CATALOG_ENABLED", "perhaps", "is text (expected true or false)"),
        ("REGPRESS_SITE_DEFAULT_REGISTRY", "other", "there is no registry 'other'"),
    ],
)
def test_a_wrong_value_from_the_environment_names_the_variable(variable: str, value: str, message: str) -> None:
    found = the_problem(with_rest("site:\n  title: x"), **{variable: value})
    assert found.startswith(f"{variable} (for site.")
    assert message in found
    assert "config.yaml" not in found


def test_a_misspelt_variable_is_noted() -> None:
    _, notes = load_config(with_rest(""), environ={"REGPRESS_SITE_TITEL": "x"})
    assert notes == ("REGPRESS_SITE_TITEL: is not a known variable and ignored; did you mean 'REGPRESS_SITE_TITLE'?",)
