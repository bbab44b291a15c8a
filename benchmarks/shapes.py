"""Numbers and words to values drawn from them: what generated registries are made of.

Lengths and counts are given as a few points of their distribution, measured in the official registry (December 2025
and August 2026); between two points a value is drawn evenly.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from random import Random
from typing import Final, Generic, TypeVar

T = TypeVar("T")


class Spread:
    """A distribution of numbers.

    Args:
        points: pairs of a share from 0 to 1 and the value that so many stay below, both rising.
    """

    def __init__(self, *points: tuple[float, float]) -> None:
        self._shares = [share for share, _ in points]
        self._values = [value for _, value in points]

    def draw(self, random: Random) -> float:
        """Return one number."""
        share = random.random()
        high = min(bisect_right(self._shares, share), len(self._shares) - 1)
        low = high - 1
        part = (share - self._shares[low]) / (self._shares[high] - self._shares[low])
        return self._values[low] + part * (self._values[high] - self._values[low])

    def whole(self, random: Random) -> int:
        """Return one number, rounded."""
        return round(self.draw(random))


class Choice(Generic[T]):
    """Values with weights."""

    def __init__(self, *weighted: tuple[T, float]) -> None:
        self._values = [value for value, _ in weighted]
        self._sums = list(accumulate(weight for _, weight in weighted))

    def draw(self, random: Random) -> T:
        """Return one of the values."""
        return self._values[bisect_right(self._sums, random.random() * self._sums[-1])]


def power_law(mean: float, most: int) -> Choice[int]:
    """Return whole numbers from 1 to *most*, ``n`` with the weight ``n ** -a``, of which *mean* is the average.

    Versions per server follow such a law closely: two in three servers have one version, a few have dozens.
    """
    low, high = 0.0, 30.0
    numbers = range(1, most + 1)
    for _ in range(60):
        exponent = (low + high) / 2
        weights = [number**-exponent for number in numbers]
        average = sum(number * weight for number, weight in zip(numbers, weights, strict=True)) / sum(weights)
        low, high = (exponent, high) if average > mean else (low, exponent)
    return Choice(*((number, number**-high) for number in numbers))


NAME_LENGTH: Final = Spread((0, 10), (0.05, 17), (0.25, 27), (0.5, 33), (0.75, 39), (0.95, 49), (1, 75))
TITLE_LENGTH: Final = Spread((0, 3), (0.1, 8), (0.3, 12), (0.5, 16), (0.75, 21), (0.9, 28), (0.95, 34), (1, 85))
DESCRIPTION_LENGTH: Final = Spread(
    (0, 6), (0.05, 28), (0.1, 41), (0.25, 65), (0.5, 85), (0.75, 97), (0.9, 99), (1, 100)
)
VARIABLE_COUNT: Final = Spread((0, 1), (0.3, 1), (0.6, 2), (0.75, 4), (0.85, 6), (0.95, 11), (1, 61))
VARIABLE_NAME: Final = Spread((0, 3), (0.1, 10), (0.5, 17), (0.75, 22), (0.95, 40), (1, 60))
VARIABLE_TEXT: Final = Spread((0, 8), (0.1, 23), (0.5, 50), (0.75, 70), (0.9, 94), (0.95, 117), (1, 378))
HOURS_BETWEEN: Final = Spread((0, 0.1), (0.25, 0.4), (0.5, 4.6), (0.75, 79), (0.9, 335), (0.95, 623), (1, 2237))
SKILL_NAME: Final = Spread((0, 3), (0.1, 8), (0.5, 18), (0.75, 24), (0.95, 33), (1, 57))
SKILL_DESCRIPTION: Final = Spread((0, 35), (0.1, 145), (0.25, 219), (0.5, 249), (0.8, 318), (0.95, 493), (1, 847))

REACH: Final = Choice(("package", 62), ("remote", 27), ("both", 10), ("neither", 1))
PACKAGE_TYPE: Final = Choice(("npm", 62), ("pypi", 27), ("oci", 6), ("mcpb", 4), ("nuget", 0.8), ("cargo", 0.2))
PACKAGE_COUNT: Final = Choice((1, 89), (2, 8.4), (3, 1.5), (4, 0.5), (5, 0.5), (7, 0.1))
REMOTE_COUNT: Final = Choice((1, 84), (2, 15), (3, 0.6), (4, 0.3), (18, 0.1))
TRANSPORT: Final = Choice(("stdio", 92.9), ("streamable-http", 5.7), ("sse", 1.4))
VALUE_FORMAT: Final = Choice(("string", 72), ("number", 13), ("boolean", 12), ("filepath", 3))
RELEASE: Final = Choice(("patch", 76), ("minor", 20.7), ("major", 2.3), ("pre", 1))
FIRST_VERSION: Final = Choice(
    ((1, 0, 0), 50), ((0, 1, 0), 19), ((0, 0, 1), 10), ((1, 0, 1), 8), ((0, 2, 0), 8), ((2, 0, 0), 5)
)
VERSION_STYLE: Final = Choice(("plain", 97.9), ("prefixed", 1.4), ("two parts", 0.3), ("calendar", 0.4))
SCHEMA_DATE: Final = Choice(
    ("2025-12-11", 62), ("2025-10-17", 22), ("2025-09-29", 13), ("2025-09-16", 2), ("2025-07-09", 1)
)
TOP_DOMAIN: Final = Choice(
    ("com", 45), ("ai", 15), ("io", 12), ("dev", 10), ("app", 8), ("org", 5), ("net", 3), ("eu", 2)
)
RUNTIMES: Final = {
    "npm": ("npx", "npx", "node", "bunx"),
    "pypi": ("uvx", "uvx", "pipx"),
    "oci": ("docker", "podman"),
    "mcpb": ("node",),
    "nuget": ("dnx",),
    "cargo": ("cargo",),
}
BASE_URLS: Final = {
    "npm": "https://registry.npmjs.org",
    "pypi": "https://pypi.org",
    "nuget": "https://api.nuget.org/v3/index.json",
    "cargo": "https://crates.io",
}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: Words of technical names; hosts, packages and folders are called so.
PARTS: Final = _words("""
    mcp server tools agent bridge connector gateway proxy relay adapter client store vault index ledger board
    atlas beacon canvas cipher codex compass console dossier engine fabric feed forge grid harbor inbox journal
    kernel lens library loom market meter mirror notebook oracle parcel pilot planner probe pulse radar roster
    router schema scout sheet signal sketch source spool stream studio survey switch tracker trail tunnel viewer
    watch workbench
""")
#: Names of people and groups who publish.
OWNERS: Final = _words("""
    acorn amber anchor arbor argon aspen aurora basalt beaver birchwood bluebell bramble breeze canyon cascade
    cedarwood chestnut cinder cobalt comet copper cypress dawn drift dune eagle ebony elm falcon feather fjord
    forest foxglove gale geyser ginger glacier granite grove harvest hawthorn hearth heath hickory horizon indigo
    iron island jasmine kelp lagoon larch lava lichen magnolia mallow maplewood marble meridian mistral monsoon
    moss nectar nimbus nova oasis obsidian orchard osprey pebblebrook pelican peony pinecone plover prairie puffin
    quarry quill rapids reef ridge rowan saffron sequoia shale sierra sorrel spruce starling sundew tamarack
    tempest tern timber topaz tundra valley verbena walnut wharf willowbrook yew zenith zinnia
""")
#: Words of sentences.
ACTIONS: Final = _words("""
    Reads Finds Lists Checks Compares Counts Draws Edits Explains Exports Filters Imports Joins Maps Measures
    Merges Orders Plans Posts Predicts Ranks Records Renders Reports Reviews Sends Sorts Stores Tests Traces
    Watches Writes
""")
THINGS: Final = _words("""
    accounts addresses albums alarms appointments archives audits backups ballots batches bookings branches
    budgets campaigns captions cargo catalogs certificates charts claims commits comments contracts courses
    dashboards datasets deliveries designs devices diagrams documents drafts emails events expenses experiments
    figures flights folders forecasts fonts genomes grades graphs holidays images incidents invoices issues
    journeys keys ledgers lessons licences locations logs manuals maps measurements meetings messages metrics
    molecules notes offers orders outages papers parcels patients payments permits phrases photos playlists polls
    prices prompts proofs quotes receipts recipes releases reminders rentals repositories reviews rooms routes
    rules samples schedules scores sensors sessions shipments sketches snippets songs sprints stations stocks
    streams subtitles suppliers tables tasks teams tests texts threads tickets timelines tokens traces trains
    translations trips vehicles videos visits votes weather wikis
""")
LINKS: Final = ("and", "of", "for", "in", "with", "from", "across", "behind", "near", "without")
#: Descriptions in other scripts and with signs that need care; 2 of 100 servers have one.
ELSEWHERE: Final = (
    "Liest Verträge, prüft Fristen \N{EN DASH} und erklärt, was geändert wurde …",
    "Trouve des trajets et compare les prix d\u2019un opérateur à l\u2019autre",
    "予定と会議室を調べて、空いている時間を提案します",
    "查找论文并按主题整理引用",
    "일정을 찾아 정리하고 알려 줍니다",
    "Ищет рейсы и сравнивает цены",
    "Maps & charts <in one place> \N{EM DASH} no key needed \N{COMPASS}",
)


#: What longer words are cut to and no file should be called.
_NOT_NAMES: Final = frozenset({"aux", "con", "index", "nul", "prn"})


def sentence(random: Random, length: int) -> str:
    """Return a text of about *length* characters, at least three, and never more."""
    if random.random() < 0.02:
        return random.choice(ELSEWHERE)[:length].strip()
    # Links and things alternate; seven characters a word and its space is the average.
    count = length // 7 + 2
    things, links = random.choices(THINGS, k=count), random.choices(LINKS, k=count)
    words = [random.choice(ACTIONS), things[0]]
    for thing, link in zip(things[1:], links[1:], strict=True):
        words += (link, thing)
    text = " ".join(words)[: max(length, 3)].rstrip()
    return f"{text[:-1]}." if random.random() < 0.4 and len(text) > 3 else text


def slug(random: Random, length: int) -> str:
    """Return a technical name of *length* characters, at least two: small letters and dashes."""
    length = max(length, 2)
    name = "-".join(random.choices(PARTS, k=length // 4 + 1))[:length].rstrip("-")
    return f"{name}s" if len(name) < 2 or name in _NOT_NAMES else name


def hexadecimal(random: Random, digits: int) -> str:
    """Return so many hexadecimal digits."""
    return f"{random.getrandbits(digits * 4):0{digits}x}"
