"""Records of the ``sources`` section; keys as ToolHive's configuration has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from regpress.model import config_checks as checks
from regpress.model.config_fields import URL, Claims, Name, Seconds, checked, not_negative, timeout_within
from regpress.model.config_types import CheckFirst, ConfigRecord, Shown, key
from regpress.model.document import DocumentError, parse_json
from regpress.model.flaws import Flaw, FlawsError, kind_of

SourceType = Literal["git", "api", "file", "managed", "kubernetes"]
OnInvalid = Literal["fail", "skip", "keep"]

SOURCE_TYPES: Final[tuple[SourceType, ...]] = ("git", "api", "file", "managed", "kubernetes")
#: Longest wait for an upstream API, as ToolHive; and for one file, where ToolHive sets no bound.
MAX_API_TIMEOUT: Final = 300.0
MAX_FILE_TIMEOUT: Final = 3600.0
#: In seconds; a record that is written out and read again has it, whether it was given or not.
DEFAULT_FILE_TIMEOUT: Final = 30.0


_ABSOLUTE_PATH = checked(checks.absolute_path_problem, "an absolute path such as '/run/secrets/git-token'")
_ENDPOINT = checked(
    checks.endpoint_problem, "an absolute http or https address such as 'https://registry.example.io', without '/v0.1'"
)
_PATTERN = checked(checks.pattern_problem, "a pattern of '*', '?' and '[classes]' such as 'io.example.*'")


class GitAuthSettings(ConfigRecord):
    """Who reads a git repository over https: a user name, and the file that holds the password or token."""

    username: Annotated[str, checked(checks.text_problem, "a user name")] = key(
        "User name; many hosts take any text when the password is a token."
    )
    password_file: Annotated[
        str, checked(checks.absolute_path_problem, "an absolute path such as '/run/secrets/git-token'")
    ] = key("Absolute path of the file that holds the password or token; read at each fetch, never printed.")

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterator[Flaw]:
        """Say where a password belongs, which people write here first."""
        if "password" in given:
            yield Flaw(
                at=("password",), what="does not belong in this file", expected="passwordFile, the path of a file"
            )


class GitSettings(ConfigRecord):
    """A registry document in a git repository.

    Of several refs the commit counts before the branch and the branch before the tag.
    """

    repository: Annotated[
        str,
        checked(
            checks.repository_problem,
            "an https or http address without credentials (they go to auth.passwordFile), a file:// address or a path",
        ),
    ] = key("Address of the repository: https, http, file:// or a local path.")
    branch: Annotated[str, checked(checks.ref_problem, "a branch such as 'main'")] | None = key(
        "Branch to read; the remote's default branch where no ref is given.", default=None
    )
    tag: Annotated[str, checked(checks.ref_problem, "a tag such as 'v1.2.0'")] | None = key(
        "Tag to read; a branch or commit beside it wins.", default=None
    )
    commit: Annotated[str, checked(checks.commit_problem, "7 to 64 hexadecimal digits")] | None = key(
        "Hash of the commit to read, 7 to 64 hexadecimal digits; wins over branch and tag.", default=None
    )
    path: Annotated[str, checked(checks.inner_path_problem, "a relative path such as 'data/registry.json'")] = key(
        "File or folder inside the repository.", default="registry.json"
    )
    auth: GitAuthSettings | None = key("Who reads the repository.", default=None)

    @property
    def ref(self) -> tuple[Literal["commit", "branch", "tag"], str] | None:
        """Return the one ref that counts and its kind; None for the remote's default branch."""
        if self.commit is not None:
            return "commit", self.commit
        if self.branch is not None:
            return "branch", self.branch
        return None if self.tag is None else ("tag", self.tag)


def _inline(value: Any, _: bool) -> Any:
    if isinstance(value, str):
        try:
            parse_json(value.encode("utf-8", "surrogatepass"))
        except DocumentError as error:
            what = f"the text is not JSON: {checks.shorten(str(error), 200)}"
            raise FlawsError(Flaw(what=what, expected="JSON, or a YAML mapping or list")) from None
    elif not isinstance(value, Mapping | list | tuple):
        raise FlawsError(Flaw(what=f"is {kind_of(value)}", expected="a mapping, a list or a text of JSON"))
    return value


class FileSettings(ConfigRecord):
    """A registry document in a file, at an address, or in the configuration itself."""

    path: Annotated[str, checked(checks.text_problem, "a path such as 'registry.json'")] | None = key(
        "Local file or folder, relative to the folder of the site or absolute.", default=None
    )
    url: Annotated[str, URL] | None = key("Address of the document, http or https, without credentials.", default=None)
    data: Annotated[Any, CheckFirst(_inline), Shown({"type": ["object", "array", "string"]})] = key(
        "The document itself: a mapping, a list, or a text of JSON.", default=None
    )
    timeout: Annotated[Seconds, timeout_within(MAX_FILE_TIMEOUT, "1h")] = key(
        "Longest wait for the address, a duration of at most 1h (default 30s); only with 'url'.",
        default=DEFAULT_FILE_TIMEOUT,
    )

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterator[Flaw]:
        """Hold that one place, and only one, has the document."""
        places = [key for key in ("path", "url", "data") if given.get(key) is not None]
        if not places:
            yield Flaw(what="path, url or data is required", expected="one of them")
        elif len(places) > 1:
            yield Flaw(what=f"has {' and '.join(places)}, which exclude each other", expected="only one of them")
        if given.get("timeout") not in (None, DEFAULT_FILE_TIMEOUT) and "url" not in places:
            yield Flaw(at=("timeout",), what="applies only together with 'url'")


class ApiSettings(ConfigRecord):
    """Another registry that answers the generic MCP registry API."""

    endpoint: Annotated[str, _ENDPOINT] = key("Base address of the registry, without '/v0.1'.")
    timeout: Annotated[Seconds, timeout_within(MAX_API_TIMEOUT, "5m0s")] = key(
        "Longest wait for one answer, a duration of at most 5m (default 10s).", default=10.0
    )


class ManagedSettings(ConfigRecord):
    """The site's own ``content/`` folder; it has no settings, write ``managed: {}``."""


class KubernetesSettings(ConfigRecord):
    """A watched cluster, as ToolHive has it; a static registry cannot watch one."""

    namespaces: tuple[str, ...] = key("Namespaces to watch.", default=())


class PatternSettings(ConfigRecord):
    """What to take and what to leave out; an exclusion wins, and without 'include' everything else is taken."""

    include: tuple[Annotated[str, _PATTERN], ...] = key("Take only what one of these matches.", default=())
    exclude: tuple[Annotated[str, _PATTERN], ...] = key("Leave out what one of these matches.", default=())


class FilterSettings(ConfigRecord):
    """Which entries of a source are taken; both filters must let a server pass."""

    names: PatternSettings | None = key(
        "Patterns of 'namespace/name'; '*' also matches '/'. For all kinds of entries.", default=None
    )
    tags: PatternSettings | None = key("Exact tags of servers.", default=None)


class SyncSettings(ConfigRecord):
    """How often the app reads a source again; a static build reads each source once."""

    interval: Annotated[Seconds, not_negative] | None = key("A duration such as '30m' or '1h'.", default=None)


class SourceConfig(ConfigRecord):
    """One source: where it is, what is taken from it, and who may see it."""

    name: Name = key("Unique name: 1 to 63 lower-case letters, digits and inner hyphens.")
    git: GitSettings | None = key("A git repository.", default=None)
    api: ApiSettings | None = key("Another registry's API.", default=None)
    file: FileSettings | None = key("A file, an address or inline data.", default=None)
    managed: ManagedSettings | None = key("The site's 'content/' folder; at most one.", default=None)
    kubernetes: KubernetesSettings | None = key("Refused: a static registry cannot watch a cluster.", default=None)
    sync_policy: SyncSettings | None = key("How often the app reads the source again.", default=None)
    filter: FilterSettings | None = key("Which entries are taken.", default=None)
    claims: Claims = key(
        "Who may see the source: per key a text or a list of texts; empty is public.", default_factory=dict
    )
    on_invalid: OnInvalid | None = key(
        "What a defective entry causes: 'fail' stops the build, 'skip' leaves the entry out, 'keep' serves "
        "it if its defects are harmless. Default 'fail' for managed sources, paths and inline data, else 'skip'.",
        default=None,
    )

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterator[Flaw]:
        """Hold that the source has one type, and only one."""
        types = [key for key in SOURCE_TYPES if given.get(key) is not None]
        empty = [key for key in SOURCE_TYPES if key in given]
        if len(types) > 1:
            yield Flaw(what=f"has the types {' and '.join(types)}", expected="only one of git, api, file, managed")
        elif not types and empty:
            example = "'managed: {}'" if empty[0] == "managed" else "its settings below it"
            yield Flaw(at=(empty[0],), what="is empty", expected=example)
        elif not types:
            yield Flaw(what="has no type", expected="one of git, api, file, managed")

    @property
    def type(self) -> SourceType:
        """Return which of the type blocks is given."""
        return next(key for key in SOURCE_TYPES if getattr(self, key) is not None)

    @property
    def effective_on_invalid(self) -> OnInvalid:
        """Return what a defective entry does, the default filled in."""
        if self.on_invalid is not None:
            return self.on_invalid
        local = self.managed is not None or (self.file is not None and self.file.url is None)
        return "fail" if local else "skip"
