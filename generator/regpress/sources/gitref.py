"""A ref to a commit that is in the copy: from the remote where that is needed and possible, else from before."""

from __future__ import annotations

from typing import Final, Literal

from regpress.errors import SourceUnavailableError
from regpress.model.config_source import GitSettings
from regpress.record import record
from regpress.sources.gitcommand import GitFailedError
from regpress.sources.gitmirror import Advertised, Mirror
from regpress.sources.gitnotes import Notes, near
from regpress.times import from_epoch

RefKind = Literal["commit", "branch", "tag", "default"]

_PREFIXES: Final[dict[RefKind, str]] = {"branch": "refs/heads/", "tag": "refs/tags/"}
_HASH_LENGTHS: Final = frozenset({40, 64})


@record(kw_only=True)
class Ref:
    """What to read.

    Attributes:
        kind: ``default`` for the remote's default branch.
        name: of the branch or tag, or the commit's hash; empty for the default branch.
    """

    kind: RefKind
    name: str = ""

    @classmethod
    def of(cls, settings: GitSettings) -> Ref:
        """Return the ref of *settings* that counts."""
        if settings.ref is None:
            return cls(kind="default")
        kind, name = settings.ref
        return cls(kind=kind, name=name.lower() if kind == "commit" else name)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.name else "the default branch"

    @property
    def key(self) -> str:
        """Return what the copy remembers its commit under."""
        return f"{self.kind}:{self.name}"

    @property
    def asked(self) -> str | None:
        """Return what the remote is asked for; None for everything, where only that can hold a shortened commit."""
        if self.kind == "commit":
            return self.name if len(self.name) in _HASH_LENGTHS else None
        return _PREFIXES.get(self.kind, "HEAD") + self.name


@record(kw_only=True)
class RefReader:
    """Finds the commit of a ref.

    Attributes:
        mirror: the copy, locked.
        ref: which.
        notes: where to say that the remote was not reached.
        has_password: whether one is configured, for the advice where the remote wants one.
    """

    mirror: Mirror
    ref: Ref
    notes: Notes
    has_password: bool

    def commit(self) -> str:
        """Return the commit's id.

        Raises:
            SourceUnavailableError: the remote refuses or has no such ref, or it cannot be reached and the copy has
                nothing.
            SourceMalformedError: the ref leads to something else.
        """
        if self.ref.kind == "commit" and (pinned := self.mirror.repository.commit(self.ref.name)):
            return pinned
        try:
            return self._updated()
        except GitFailedError as error:
            if error.refused:
                raise self._refused(error) from error
            if (kept := self.mirror.kept(self.ref.key)) is None:
                raise self.notes.unavailable(f"cannot be fetched: {error}") from error
            moment = from_epoch(self.mirror.repository.committed_at(kept))
            state = f"its state from the cache is used: commit {kept[:12]} of {moment}"
            self.notes.add("git-offline", f"{self.notes.repository}: cannot be fetched ({error}); {state}")
            return kept

    def renewed(self) -> str:
        """Make a damaged copy anew and return the commit's id.

        Raises:
            SourceUnavailableError: that needs the remote, which gives nothing.
        """
        try:
            self.mirror.advertised()
            self.mirror.renew(self.ref.asked)
        except GitFailedError as error:
            raise self.notes.unavailable(
                f"the copy in the cache is damaged, and cannot be replaced: {error}"
            ) from error
        found = self.mirror.repository.commit(self.ref.name) if self.ref.kind == "commit" else self.mirror.incoming()
        if found is None:
            raise self.notes.unavailable(f"has not {self.ref} any more")
        return found

    def _updated(self) -> str:
        advertised = self.mirror.advertised()
        if self.ref.kind == "commit":
            return self._pinned()
        name = self.ref.asked or ""
        if name not in advertised.refs:
            raise self._missing(advertised)
        # An annotated tag is an object of its own; a second line names the commit that it is about.
        current = advertised.refs.get(f"{name}^{{}}", advertised.refs[name])
        if self.mirror.kept(self.ref.key) == current:
            return current
        self.mirror.update(name)
        commit = self.mirror.incoming()
        if commit is None:
            raise self.notes.malformed(f"{self.ref.kind} {self.ref.name!r}", "leads to no commit", "one that does")
        return commit

    def _pinned(self) -> str:
        for asked in dict.fromkeys((self.ref.asked, None)):
            try:
                self.mirror.update(asked)
            except GitFailedError:
                if asked is None:
                    raise
                continue  # not every server gives single commits
            if commit := self.mirror.repository.commit(self.ref.name):
                return commit
        raise self.notes.unavailable(f"has no {self.ref}", "one that its branches or tags lead to")

    def _missing(self, advertised: Advertised) -> SourceUnavailableError:
        if self.ref.kind == "default":
            return self.notes.unavailable("has no commits, or no default branch", "a branch with commits")
        names = [name for name in advertised.names(_PREFIXES[self.ref.kind]) if not name.endswith("^{}")]
        other: RefKind = "tag" if self.ref.kind == "branch" else "branch"
        hint = f"; there is a {other} of that name" if _PREFIXES[other] + self.ref.name in advertised.refs else ""
        what = f"has no {self.ref.kind} {self.ref.name!r}{hint}"
        return self.notes.unavailable(what, near(self.ref.name, names) or f"a {self.ref.kind}")

    def _refused(self, error: GitFailedError) -> SourceUnavailableError:
        expected = (
            "a valid password or token in auth.passwordFile"
            if self.has_password
            else "auth with username and passwordFile"
        )
        return self.notes.unavailable(f"refuses access: {error}", expected)
