from __future__ import annotations

import shlex
from typing import Any

import pytest

from regpress.install.skills import commands_of
from regpress.names import EntryName, Kind

NAME = EntryName("com.example", "review")
GIT = {"registryType": "git", "url": "https://github.com/harbour/skills", "ref": "v1.2.0", "subfolder": "skills/review"}


def lines(package: dict[str, Any], kind: Kind = "skill") -> dict[str, tuple[str, ...]]:
    return {found.title: found.lines for found in commands_of({"packages": [package]}, kind, NAME)}


def test_a_skill_in_a_repository_is_installed_or_cloned_at_its_revision() -> None:
    assert lines(GIT) == {
        "ToolHive": ("thv skill install 'git://github.com/harbour/skills@v1.2.0#skills/review'",),
        "Git": (
            "git clone --filter=blob:none --no-checkout https://github.com/harbour/skills review",
            "git -C review sparse-checkout set --no-cone /skills/review/",
            "git -C review checkout v1.2.0",
        ),
    }


def test_a_commit_goes_before_a_ref() -> None:
    commit = "9d2f1ae187231d8199c64b5b762e1bdf2244733d"
    assert f"checkout {commit}" in lines({**GIT, "commit": commit})["Git"][2]


def test_a_whole_repository_is_cloned_whole() -> None:
    package = {"registryType": "git", "url": "https://git.example:8443/team/review.git"}
    assert lines(package) == {
        "ToolHive": ("thv skill install git://git.example:8443/team/review",),
        "Git": ("git clone https://git.example:8443/team/review.git review",),
    }


def test_an_image_is_installed_by_its_digest_where_it_has_one() -> None:
    image = {"registryType": "oci", "identifier": "ghcr.io/harbour/review:1.2.0"}
    assert lines(image) == {"ToolHive": ("thv skill install ghcr.io/harbour/review:1.2.0",)}
    digest = "sha256:" + "0f" * 32
    assert lines({**image, "digest": digest})["ToolHive"] == (
        f"thv skill install ghcr.io/harbour/review:1.2.0@{digest}",
    )


def test_a_plugin_has_its_own_installer() -> None:
    image = {"registryType": "oci", "identifier": "ghcr.io/harbour/bundle:1"}
    assert lines(image, "plugin") == {"ToolHive": ("thv ai-plugin install ghcr.io/harbour/bundle:1",)}
    assert list(lines(GIT, "plugin")) == ["Git"]


@pytest.mark.parametrize(
    "members",
    [
        {"url": "ext::sh -c touch% pwned"},
        {"url": "ssh://github.com/harbour/skills"},
        {"url": "https://-oProxyCommand=x/harbour/skills"},
        {"url": "--upload-pack=touch pwned"},
        {"ref": "--orphan"},
        {"subfolder": "../../etc"},
        {"subfolder": "-x"},
        {"url": None},
    ],
)
def test_what_git_could_take_for_something_else_gives_no_command(members: dict[str, Any]) -> None:
    assert lines({**GIT, **members}) == {}


def test_no_text_of_a_package_leaves_its_word() -> None:
    hostile = "a'; touch pwned; `touch pwned` $(touch pwned) \x15\n"
    for package in ({**GIT, "ref": hostile, "subfolder": hostile}, {"registryType": "oci", "identifier": hostile}):
        for found in commands_of({"packages": [package]}, "skill", NAME):
            for line in found.lines:
                assert line.isprintable()
                words = shlex.split(line)
                assert words[0] in {"thv", "git"}
                assert "touch" not in words


@pytest.mark.parametrize("packages", [None, 7, "x", [7, None], [{}], [{"registryType": "oci"}]])
def test_other_values_give_no_commands(packages: Any) -> None:
    assert commands_of({"packages": packages}, "skill", NAME) == ()
