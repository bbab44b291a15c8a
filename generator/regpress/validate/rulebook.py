"""Every rule above the JSON Schema by name: what it is about and how severe it is under which policy.

The names of rules that the official registry knows are its own (official registry specification 10.2); the others
are ours. The table is also what the documentation lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from regpress.model.issue import Issue, IssueType, Severity
from regpress.validate.findings import Finding

#: ``safety``: the document cannot be published at all, whatever the policy. ``format``: what ``server.json`` and the
#: other formats demand. ``policy``: what the official service demands on top. ``hosting``: trouble on some disks and
#: hosts. ``advice``: what a curator may want to know.
Tier = Literal["safety", "format", "policy", "hosting", "advice"]


class Rule(NamedTuple):
    """One rule.

    Attributes:
        tier: what kind of demand it is.
        default: severity outside the official policy.
        official: severity under the official policy.
        summary: what the rule asks for, one line.
        issue_type: the type that its issues have.
    """

    tier: Tier
    default: Severity
    official: Severity
    summary: str
    issue_type: IssueType = "semantic"

    @property
    def is_fixed(self) -> bool:
        """Return whether no configuration can lower the severity: the document could break the output."""
        return self.tier == "safety"


def _safety(summary: str, issue_type: IssueType = "semantic") -> Rule:
    return Rule("safety", "error", "error", summary, issue_type)


def _format(summary: str) -> Rule:
    return Rule("format", "error", "error", summary)


def _policy(summary: str, default: Severity = "warning", issue_type: IssueType = "semantic") -> Rule:
    return Rule("policy", default, "error", summary, issue_type)


def _toolhive(summary: str, severity: Severity = "warning") -> Rule:
    return Rule("format", severity, severity, summary)


def _hosting(summary: str, severity: Severity) -> Rule:
    return Rule("hosting", severity, severity, summary)


def _advice(summary: str, severity: Severity = "info") -> Rule:
    return Rule("advice", severity, severity, summary, "linter")


def _reading(summary: str, severity: Severity) -> Rule:
    return Rule("format", severity, severity, summary, "source")


#: Rule names to rules, in the order of the documentation.
RULES: Final[Mapping[str, Rule]] = {
    # What can never be published: a name or a version that is no address.
    "not-an-object": _safety("A document is a JSON object", "json"),
    "unsafe-name": _safety("Names are of the form 'namespace/name' and can be folders on every host"),
    "unsafe-version": _safety("Versions can be files on every host, and 'latest' is not one"),
    # The schema that a document names; checked together with the JSON Schema.
    "schema-field-required": _policy("A server names its schema in `$schema`"),
    "schema-version-deprecated": Rule("policy", "info", "warning", "`$schema` is the current schema"),
    "schema-version-extraction-error": _policy("`$schema` is the address of a server.json schema", issue_type="schema"),
    "schema-version-not-available": _policy("`$schema` names a schema that exists", issue_type="schema"),
    "schema-mismatch-declared": Rule(
        "policy", "info", "warning", "A server has the form of the schema that it names", "schema"
    ),
    # What stands beside a document.
    "malformed-claims": _reading("Claims are an object of strings or lists of strings", "error"),
    "official-block": _reading("The official block, where there is one, is well-formed", "warning"),
    # What the format demands.
    "reserved-version-string": _format("'latest' is a pointer, never a version"),
    "version-looks-like-range": _format("A version is one exact version, not a range"),
    "invalid-subfolder-path": _format("A subfolder is a clean relative path"),
    "invalid-website-url": _format("`websiteUrl` can be read as a URL"),
    "website-url-must-be-absolute": _format("`websiteUrl` has a scheme"),
    "icon-src-invalid-url": _format("An icon's `src` can be read as a URL"),
    "icon-src-not-absolute": _format("A server icon's `src` has a scheme"),
    "dangerous-url-scheme": _format("Links and icons do not run script or carry documents (`javascript:`, `data:`)"),
    "package-name-has-spaces": _format("Package identifiers have no spaces"),
    "named-argument-name-required": _format("A named argument has a name"),
    "invalid-named-argument-name": _format("Names of arguments have no '<', '>', '$' or space"),
    "argument-value-starts-with-name": _format("A named argument's value does not repeat its name"),
    "argument-default-starts-with-name": _format("A named argument's default does not repeat its name"),
    "stdio-transport-url-not-empty": _format("A stdio transport has no URL"),
    "streamable-transport-url-required": _format("A streamable-http or sse transport has a URL"),
    "invalid-templated-url": _format("Transport URLs are http(s) URLs whose variables are all defined"),
    "unsupported-transport-type": _format("A package's transport is stdio, streamable-http or sse"),
    "unsupported-remote-transport-type": _format("A remote's transport is streamable-http or sse"),
    "remote-transport-url-required": _format("A remote has a URL"),
    # What ToolHive's formats demand beyond their schemas.
    "skill-package-required": _toolhive("A skill or plugin has at least one package"),
    "oci-package-identifier-required": _toolhive("An oci package of a skill or plugin has an identifier", "error"),
    "git-package-url-required": _toolhive("A git package of a skill or plugin has a URL", "error"),
    "extension-key-unknown": _toolhive("ToolHive's extension is keyed by a package identifier or remote URL"),
    "extension-field-misplaced": _toolhive("Fields of ToolHive's extension fit the container or remote they describe"),
    "publisher-metadata-over-256-kib": _toolhive("Publisher metadata stays below ToolHive's limit of 256 KiB"),
    # What the official service demands on top.
    "invalid-server-name": _policy("Both parts of a name have two or more characters; the outer are letters or digits"),
    "namespace-not-a-domain": _policy("The namespace is a reversed domain such as com.example or io.github.owner"),
    "title-whitespace-only": _policy("A title is not only white space"),
    "invalid-repository-url": _policy("The repository is https://github.com/owner/repo or the same at gitlab.com"),
    "website-url-invalid-scheme": _policy("`websiteUrl` is https"),
    "icon-src-invalid-scheme": _policy("Icons are https"),
    "invalid-remote-url": _policy("Remotes are https and not on the reader's own machine"),
    "unsupported-registry-type": _policy("`registryType` is npm, pypi, nuget, cargo, oci or mcpb, in lower case"),
    "unsupported-registry-base-url": _policy("`registryBaseUrl` is the public registry's, or absent"),
    "unsupported-package-host": _policy("Images and bundles lie on a host that the official service accepts"),
    "invalid-mcpb-url": _policy("An mcpb identifier is the https address of a release asset with 'mcp' in it"),
    "package-version-required": _policy("npm, pypi, nuget and cargo packages have a version"),
    "package-version-not-allowed": _policy("oci packages have their version in the identifier"),
    "package-hash-required": _policy("mcpb packages have a fileSha256"),
    "package-hash-not-allowed": _policy("Only mcpb packages have a fileSha256"),
    "publisher-metadata-too-large": _policy("Publisher metadata is at most 4096 bytes of compact JSON"),
    "unexpected-member": _policy("There are no members that the format does not know", "info"),
    # What some disks and hosts have trouble with.
    "awkward-path-segment": _hosting("Names and versions avoid what Windows does not allow in paths", "warning"),
    "plus-in-version": _hosting("Versions have no '+', which some hosts read as a space", "info"),
    # Advice.
    "nothing-to-run": _advice("A server has a package or a remote"),
    "sse-transport": _advice("New servers use streamable-http; the protocol has deprecated sse"),
    "version-not-semantic": _advice("Versions are semantic, so that their order is known"),
    "description-repeats-name": _advice("The description says more than the title or the name"),
    "description-cut-off": _advice("The description ends with a whole word"),
    "secret-has-value": _advice("A secret input has no fixed or default value", "warning"),
    "published-credential": _advice("No value in the document looks like a credential", "warning"),
    "secret-not-marked": _advice("Inputs named like credentials are marked isSecret"),
    "input-not-marked": _advice("Environment variables say which of them are required or secret"),
    "repeated-environment-variable": _advice("A package asks for each environment variable once"),
    "repeated-remote": _advice("Remotes differ in their URL"),
    "runtime-hint-missing": _advice("A package with runtime arguments names the runtime"),
    "image-not-pinned": _advice("An image has a digest or a tag other than latest"),
    "git-package-not-pinned": _advice("A git package names a commit or a ref"),
}


def issues_of(findings: Iterable[Finding]) -> tuple[Issue, ...]:
    """Return the issues of *findings*, in their order, with the default severity of their rules."""
    return tuple(
        Issue(
            type=(rule := RULES[reference]).issue_type,
            severity=rule.default,
            path=path,
            message=message,
            reference=reference,
            expected=expected,
        )
        for path, reference, message, expected in findings
    )
