"""The JSON Schema for editors and the reader of the file agree."""

from __future__ import annotations

import pytest
import yaml
from jsonschema import Draft202012Validator

from regpress.errors import ConfigError
from regpress.model.config import config_json_schema, load_config

HEAD = "sources: [{name: a, managed: {}}]\nregistries: [{name: default, sources: [a]}]\n"


def source(text: str) -> str:
    return f"sources: [{{name: a, {text}}}]\nregistries: [{{name: default, sources: [a]}}]\n"


VALID = [
    HEAD,
    HEAD + "database: {host: x}\ntelemetry:\naudit: {enabled: true}\n",
    HEAD + "site:\nauth:\n",
    HEAD
    + "auth: {mode: [anonymous, token], token: {tokens: [{name: bot, digest: '"
    + "0" * 64
    + "', publish: ['*']}]},"
    " publicPaths: [/docs]}\n",
    HEAD + "auth: {mode: , authz: {}, publicPaths: []}\n",
    HEAD + "auth: {mode: oauth, oauth: {providers: [{name: a, issuerUrl: 'https://e.io', audience: b}]}}\n",
    HEAD + "site: {title: x, baseUrl: 'https://e.io', aliases: [v0], catalog: {pages: [a], accent: }}\n",
    HEAD + "site: {policy: {level: official, rules: {a: 'off'}}, trust: {iconHosts: [e.io]}}\n",
    source("format: upstream, file: {path: x}, claims: {a: b, c: [d]}, onInvalid: keep, syncPolicy: {interval: 1h30m}"),
    source("file: {url: 'https://e.io/x', timeout: 1.5s, path: }"),
    source("file: {data: {servers: []}}, git:"),
    source("file: {data: '[]'}"),
    source("api: {endpoint: 'https://e.io', timeout: 500ms}, filter: {names: {include: [a]}, tags: {}}"),
    source("git: {repository: x, branch: main, auth: {username: a, passwordFile: /x}}"),
]

INVALID = [
    "site: {}",
    "sources: []\nregistries: []",
    HEAD + "zzz: 1",
    HEAD + "site: {titel: x}",
    HEAD + "site: {base_url: 'https://e.io'}",
    HEAD + "site: {title: 5}",
    HEAD + "site: {catalog: {enabled: 1}}",
    HEAD + "site: {catalog: {theme: drak}}",
    HEAD + "site: {aliases: [v1]}",
    HEAD + "site: {policy: {rules: {a: fatal}}}",
    HEAD + "auth: {mode: basic}",
    HEAD + "auth: {mode: []}",
    HEAD + "auth: {mode: [token, token]}",
    HEAD + "auth: {mode: oauth}",
    HEAD + "auth: {publicPaths: [/x]}",
    HEAD + "auth: {mode: oauth, oauth: {}}",
    HEAD + "auth: {mode: oauth, oauth: {providers: []}}",
    HEAD + "auth: {mode: oauth, oauth: {providers: [{name: a}]}}",
    source("claims: {}"),
    source("managed:"),
    source("managed: {}, file: {path: x}"),
    source("managed: {x: 1}"),
    source("kubernetes: {}"),
    source("managed: {}, claims: {a: 5}"),
    source("managed: {}, claims: {a: [5]}"),
    source("managed: {}, onInvalid: Fail"),
    source("managed: {}, syncPolicy: {interval: 30}"),
    source("managed: {}, syncPolicy: {interval: soon}"),
    source("file: {}"),
    source("file: {path: x, url: 'https://e.io/x'}"),
    source("file: {path: x, timeout: 1s}"),
    source("file: {data: 5}"),
    source("api: {}"),
    source("git: {branch: main}"),
    source("git: {repository: x, auth: {username: a}}"),
    source("git: {repository: x, brnach: a}"),
    "sources: [{name: A, managed: {}}]\nregistries: [{name: default, sources: [A]}]",
    "sources: [{name: a, managed: {}}]\nregistries: [{name: default, sources: []}]",
    "sources: [{name: a, managed: {}}]\nregistries: [{name: default, sources: [a], visibility: private}]",
]


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = config_json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("text", VALID)
def test_what_the_reader_takes_the_schema_takes(text: str, validator: Draft202012Validator) -> None:
    load_config(text)
    assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize("text", INVALID)
def test_what_the_schema_refuses_the_reader_refuses(text: str, validator: Draft202012Validator) -> None:
    assert not validator.is_valid(yaml.safe_load(text))
    with pytest.raises(ConfigError):
        load_config(text)


def test_every_key_has_a_description() -> None:
    schema = config_json_schema()
    objects = {"": schema, **schema["$defs"]}
    keys = [(name, key, part) for name, model in objects.items() for key, part in model.get("properties", {}).items()]
    assert len(keys) > 60
    silent = [f"{name}.{key}" for name, key, part in keys if part is not False and not part.get("description")]
    assert silent == []
