"""What templates receive: one record for each template, its parts, and nothing else.

Texts are plain and escaped by the template; `Markup` is HTML that was made here. Every ``href`` is ready to be used:
relative to the page and percent-encoded if it leads into the site, http or https if it leads out, empty where there
is nothing to link to. Dates are ``YYYY-MM-DD``, times RFC 3339.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from markupsafe import Markup

from regpress.html.site import Theme
from regpress.record import record

_NOTHING: Final = Markup()


@record
class LinkView:
    """A link of the navigation.

    Attributes:
        label: its text.
        href: where it leads.
        current: whether the page belongs to it.
    """

    label: str
    href: str
    current: bool = False


@record(kw_only=True)
class ChromeView:
    """What ``header.html`` and ``footer.html`` show: the same on all pages of one depth and section.

    Attributes:
        site_title: the site's name.
        home: the way to the site's home page.
        links: kinds of entries, then the Markdown pages.
        registries: the home pages of all registries; empty where there is only one.
        registry_file: the way to the registry as one JSON file.
        feed: the way to the feed of new versions, empty where there is none.
        search: the way to the page of the search; None on that page itself.
    """

    site_title: str
    home: str
    links: tuple[LinkView, ...]
    registries: tuple[LinkView, ...]
    registry_file: str
    feed: str
    search: str | None


@record(kw_only=True)
class HeadView:
    """What ``head.html`` shows: the part of a document's head that all pages of one depth, section and script share.

    Attributes:
        policy: the Content-Security-Policy.
        site_title: the site's name.
        stylesheet: the way to it.
        icon: the way to the site's icon, empty where it has none.
        picture: absolute address of the picture that stands for the site elsewhere, empty where it has none.
        scripts: the ways to the scripts that the page loads, none of which it needs to be read.
        feeds: what can be subscribed to.
    """

    policy: str
    site_title: str
    stylesheet: str
    icon: str
    picture: str
    scripts: tuple[str, ...]
    feeds: tuple[LinkView, ...]


@record
class LayoutView:
    """What ``layout.html`` shows around every page.

    Attributes:
        language: of the page's own words.
        theme: colours, ``auto``, ``light`` or ``dark``.
        title: of the document, with the site's name.
        heading: the same without it.
        description: of the document, empty where there is none.
        address: of the page, absolute; empty where it is not known.
        home: the way to the home page of the registry that the page belongs to.
        head: the rendered ``head.html``.
        header: the rendered ``header.html``.
        footer: the rendered ``footer.html``.
    """

    language: str
    theme: Theme
    title: str
    heading: str
    description: str
    address: str
    home: LinkView
    head: Markup
    header: Markup
    footer: Markup


@record
class RowView:
    """One entry in a list.

    Attributes:
        href: its page.
        title: its display name, else the name without the namespace.
        name: ``namespace/name``.
        description: one line.
        version: the latest one.
        date: when it last changed.
        status: empty while active, else ``deprecated``.
        initial: first letter of the title, to be drawn.
        hue: number of the drawing's colour.
        kind: ``skill`` or ``plugin`` in lists of several kinds; empty in others, and for servers.
    """

    href: str
    title: str
    name: str
    description: str
    version: str
    date: str
    status: str
    initial: str
    hue: int
    kind: str = ""


class LetterView(NamedTuple):
    """The entries of a list page whose titles begin with one letter.

    Attributes:
        label: ``A`` to ``Z``, ``0-9``, or ``…`` for other scripts; empty where a few entries stand together.
        id: of its heading in the page.
        rows: the entries.
    """

    label: str
    id: str
    rows: tuple[RowView, ...]


@record(kw_only=True)
class ListView:
    """What ``list.html`` shows: one page of entries by title, of a kind, with a tag, or of a namespace.

    Attributes:
        layout: what is around it.
        parent: the list that this one is part of, such as that of all tags; None for kinds.
        what: what *heading* is, such as ``Tag``; empty for kinds.
        heading: the kind, the tag or the namespace.
        total: number of entries on all pages; 0 on later ones.
        jumps: where the entries of each letter begin.
        siblings: the pages of a letter, on its first page, called after the titles that they begin with.
        letters: the entries of this page.
        previous, next: the neighbouring pages; empty at the ends.
    """

    layout: LayoutView
    parent: LinkView | None
    what: str
    heading: str
    total: int
    jumps: tuple[LinkView, ...]
    siblings: tuple[LinkView, ...]
    letters: tuple[LetterView, ...]
    previous: str
    next: str


class TermView(NamedTuple):
    """A tag or a namespace in a list of them.

    Attributes:
        label: its text.
        href: the list of its entries; the only entry itself where that has no list.
        entries: their number; that of the tags or namespaces where it stands for all of them.
    """

    label: str
    href: str
    entries: int


class TermsView(NamedTuple):
    """The tags or namespaces of an index page that begin with one letter.

    Attributes:
        label: ``A`` to ``Z``, ``0-9``, or ``…`` for other scripts.
        id: of its heading in the page.
        terms: in their order.
    """

    label: str
    id: str
    terms: tuple[TermView, ...]


@record(kw_only=True)
class IndexView:
    """What ``index.html`` shows: one page of all tags, or of all namespaces.

    Attributes:
        layout: what is around it.
        heading: what is listed: ``Tags``.
        lead: one line about their order; empty where it needs none.
        total: their number on all pages; 0 on later ones.
        jumps: where those of each letter begin.
        siblings: the pages of a letter, on its first page, called after what they begin with.
        letters: those of this page.
        previous, next: the neighbouring pages; empty at the ends.
    """

    layout: LayoutView
    heading: str
    lead: str
    total: int
    jumps: tuple[LinkView, ...]
    siblings: tuple[LinkView, ...]
    letters: tuple[TermsView, ...]
    previous: str
    next: str


@record(kw_only=True)
class SectionView:
    """The entries of one kind on the home page.

    Attributes:
        heading: the kind: ``Servers``.
        id: of its heading in the page.
        href: the complete list.
        total: number of entries.
        complete: whether *rows* are all of them.
        jumps: where the entries of each letter begin; empty where *complete*.
        rows: the entries; none where there are too many for one page.
    """

    heading: str
    id: str
    href: str
    total: int
    complete: bool
    jumps: tuple[LinkView, ...]
    rows: tuple[RowView, ...]


class ScopeView(NamedTuple):
    """A registry that the search can look into.

    Attributes:
        name: of the registry.
        home: the way to its home page.
        current: whether the page belongs to it.
    """

    name: str
    home: str
    current: bool


@record(kw_only=True)
class HomeView:
    """What ``home.html`` shows, which is also the page of the search.

    Attributes:
        layout: what is around it.
        title: of the site, or the name of a further registry.
        description: one line about the site, empty where there is none.
        address: what a client needs to use the registry, absolute; empty where it is not known.
        index: the way to the root of the search index.
        scopes: the registries of the site; empty where there is only one.
        changes: the entries that changed last, newest first.
        sections: the kinds that the registry has.
        tags: the commonest tags.
        all_tags: the list of all tags; None where there are none.
        namespaces: the list of all namespaces; None where there are none.
    """

    layout: LayoutView
    title: str
    description: str
    address: str
    index: str
    scopes: tuple[ScopeView, ...]
    changes: tuple[RowView, ...]
    sections: tuple[SectionView, ...]
    tags: tuple[TermView, ...]
    all_tags: TermView | None
    namespaces: TermView | None


@record
class FactView:
    """A labelled value.

    Attributes:
        label: what it is.
        values: one or more, to be shown literally.
        href: where the value leads, empty if nowhere.
    """

    label: str
    values: tuple[str, ...]
    href: str = ""


class FactsView(NamedTuple):
    """Labelled values that belong together.

    Attributes:
        title: what they are about; empty where the section says it.
        facts: the values.
    """

    title: str
    facts: tuple[FactView, ...]


@record
class InputView:
    """Something that a user of a package or remote must or may provide: server.json specification 9.8.

    Attributes:
        name: of the environment variable, header or variable; an argument as it is typed.
        description: the publisher's words.
        required, secret, repeated: as the publisher marks it.
        nested: whether it is a variable inside the value of the input before it.
        facts: fixed value, default, choices, example, format.
    """

    name: str
    description: str
    required: bool
    secret: bool
    repeated: bool
    nested: bool
    facts: tuple[FactView, ...]


@record
class InputsView:
    """Inputs of one use.

    Attributes:
        title: ``Environment variables``, ``Headers`` …
        inputs: in the publisher's order.
    """

    title: str
    inputs: tuple[InputView, ...]


@record
class OptionView:
    """One way to use an entry: a package to be run, or a remote to be reached.

    Attributes:
        type: ``npm``, ``oci``, ``streamable-http`` … as people call it.
        name: identifier of the package, or address of the remote.
        href: where *name* leads, empty if nowhere.
        version: of the package, empty where it has none.
        facts: transport, runtime, digests.
        inputs: what the user provides, by use.
    """

    type: str
    name: str
    href: str
    version: str
    facts: tuple[FactView, ...]
    inputs: tuple[InputsView, ...]


@record
class OptionsView:
    """A section of the page of an entry with ways to use it.

    Attributes:
        title: ``Packages`` or ``Remotes``, or what else has inputs.
        id: of its heading in the page.
        options: the ways.
    """

    title: str
    id: str
    options: tuple[OptionView, ...]


@record
class SnippetView:
    """Something to be copied.

    Attributes:
        title: where it goes, or what it does.
        code: its lines.
    """

    title: str
    code: str


@record
class InstallOptionView:
    """One way to install an entry, as readers without scripts see it.

    Attributes:
        label: the package or remote.
        href: a file to be fetched, empty where there is none.
        snippets: in the order in which they are used.
        first: whether it is the one that is shown before anybody chooses.
    """

    label: str
    href: str
    snippets: tuple[SnippetView, ...]
    first: bool


@record
class InstallView:
    """What ``install.html`` shows: how an entry comes into a client.

    Attributes:
        options: the ways; a page has none where nothing can be installed.
        data: the same for ``install.js``, as the text of a JSON script element; empty where commands are all there is.
    """

    options: tuple[InstallOptionView, ...]
    data: Markup


class ToolView(NamedTuple):
    """A tool that a server offers.

    Attributes:
        name: as clients call it.
        description: empty where the publisher gives none.
    """

    name: str
    description: str


@record
class VersionView:
    """One published version.

    Attributes:
        version: its text.
        href: its JSON document, empty where it was deleted.
        published: date.
        time: the same to the second.
        status: empty while active, else ``deprecated`` or ``deleted``.
        message: the reason of the status.
        latest: whether it is the one that clients take.
    """

    version: str
    href: str
    published: str
    time: str
    status: str
    message: str
    latest: bool


@record
class VersionsView:
    """Versions that are shown together.

    Attributes:
        folded: what stands for them until they are asked for; empty where they are shown at once.
        versions: newest first.
    """

    folded: str
    versions: tuple[VersionView, ...]


@record(kw_only=True)
class ExtensionView:
    """What the ToolHive extension says about a server, ToolHive specification section 16. Nothing of it is verified.

    Attributes:
        tier: ``Official`` or ``Community``, empty where it is not given.
        overview: long text.
        tools: what the server offers.
        permissions: what its containers may do, one group for each.
        provenance: how its images are signed, one group for each.
        settings: environment variables of remotes and arguments of containers.
        facts: further values, such as stars.
    """

    tier: str = ""
    overview: Markup = _NOTHING
    tools: tuple[ToolView, ...] = ()
    permissions: tuple[FactsView, ...] = ()
    provenance: tuple[FactsView, ...] = ()
    settings: tuple[OptionView, ...] = ()
    facts: tuple[FactView, ...] = ()


@record
class EntryView:
    """What ``entry.html`` shows: one entry by its latest version.

    Attributes:
        layout: what is around it.
        kind: ``server``, ``skill`` or ``plugin``.
        index: the list of its kind.
        title: its display name, else the name without the namespace.
        publisher: the namespace, with the page of what it publishes.
        name: the other part of its name.
        description: one line; a skill's may be long.
        icon: the way to its icon, empty where there is none that may be shown.
        initial, hue: what is drawn instead.
        status: empty while active, else ``deprecated``.
        message: the reason of the status.
        withdrawn: the newest version, where it was deleted and an older one stands in for it.
        version: the latest one.
        published, updated: dates of it.
        document: its JSON document.
        documents: the JSON list of all versions.
        extras: further files about the entry, as the site has them.
        facts: repository, website, licence …
        tags: from the extension, with the list of what has them.
        install: how it comes into a client.
        options: ways to use it: packages, then remotes.
        extension: what the ToolHive extension says.
        readme: long text.
        versions: all that were published, the older ones folded.
    """

    layout: LayoutView
    kind: str
    index: LinkView
    title: str
    publisher: LinkView
    name: str
    description: str
    icon: str
    initial: str
    hue: int
    status: str
    message: str
    withdrawn: VersionView | None
    version: str
    published: str
    updated: str
    document: str
    documents: str
    extras: tuple[LinkView, ...]
    facts: tuple[FactView, ...]
    tags: tuple[LinkView, ...]
    install: InstallView
    options: tuple[OptionsView, ...]
    extension: ExtensionView
    readme: Markup
    versions: tuple[VersionsView, ...]


class SettingView(NamedTuple):
    """What one program is told so that it uses the registry.

    Attributes:
        id: of its heading in the page.
        name: of the program.
        about: what to do, and what it gives.
        snippets: what is to be copied.
        traps: what goes wrong otherwise.
    """

    id: str
    name: str
    about: str
    snippets: tuple[SnippetView, ...]
    traps: tuple[str, ...]


@record(kw_only=True)
class UseView:
    """What ``use.html`` shows: how programs use a registry.

    Attributes:
        layout: what is around it.
        title: its heading.
        site_title: the site's name.
        address: of the registry, absolute.
        unknown: what stands for the site's address where that is not known, empty where it is.
        root: the way to the site's base.
        checked: day of the last comparison with the programs.
        settings: for each program.
    """

    layout: LayoutView
    title: str
    site_title: str
    address: str
    unknown: str
    root: str
    checked: str
    settings: tuple[SettingView, ...]


@record(kw_only=True)
class ContentView:
    """What ``page.html`` shows: one Markdown page.

    Attributes:
        layout: what is around it.
        title: its heading.
        body: its text.
    """

    layout: LayoutView
    title: str
    body: Markup


@record(kw_only=True)
class NotFoundView:
    """What ``404.html`` shows.

    Attributes:
        layout: what is around it; its links are absolute, since the page is served at any depth.
        lists: the lists of the default registry.
    """

    layout: LayoutView
    lists: tuple[LinkView, ...]
