"""The rows that the app answers from: renewed entry by entry, they are those of a whole registry read anew."""

from __future__ import annotations

import random

import pytest

from regpress.desk import Desk
from regpress.live import BLOCK_SIZE, Listing, Standing
from regpress.model.entry import EntryVersion, Official
from regpress.names import EntryName
from regpress.query import Query, Row, select
from regpress.remote_urls import RemoteUrls


def row(name: str, version: str, *, text: str = "", updated: str = "", deleted: bool = False) -> Row:
    return Row(name, version, (name, text, ""), updated, version.endswith("9"), deleted, "active")


def queries(chance: random.Random) -> Query:
    return Query(
        kind="server",
        limit=chance.randrange(1, 60),
        after=chance.choice([("", ""), (f"com.example/n{chance.randrange(400):03}", chance.choice(["", "1.0.5"]))]),
        search=chance.choice(["", "", "n1", "tide", "n00", "zz"]),
        since=chance.choice(["", "", "2026-03", "2026-11"]),
        version=chance.choice(["", "latest", "1.0.3"]),
        deleted=chance.random() < 0.3,
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_renewed_listing_answers_every_query_like_a_new_one(seed: int) -> None:
    chance = random.Random(seed)
    entries: dict[str, list[Row]] = {}
    listing = Listing()
    for _ in range(700):
        name = f"com.example/n{chance.randrange(400):03}"
        entries[name] = [
            row(
                name,
                f"1.0.{number}",
                text=chance.choice(["tide tables", "weather", ""]),
                updated=f"2026-{chance.randrange(1, 13):02}",
                deleted=chance.random() < 0.1,
            )
            for number in sorted(chance.sample(range(10), chance.randrange(0, 5)))
        ]
        listing.replace(EntryName(*name.split("/")), entries[name])
    every = sorted(one for rows in entries.values() for one in rows)
    assert len(listing) == len(every) > 2 * BLOCK_SIZE
    anew = Listing(every)
    for _ in range(300):
        query = queries(chance)
        expected = select(query, every)
        assert select(query, listing.candidates(query)) == expected
        assert select(query, anew.candidates(query)) == expected


def version(number: str, updated: str, url: str = "") -> EntryVersion:
    official = Official("active", updated, "", updated, updated, False)
    text = b'{"remotes":[{"type":"sse","url":"%s"}]}' % url.encode() if url else b"{}"
    return EntryVersion("server", EntryName("com.example", "x"), number, text, official)


def test_a_write_is_later_than_all_that_its_entry_has_seen() -> None:
    def desk(now: str) -> Desk:
        return Desk(None, None, None, None, lambda: now, {})  # type: ignore[arg-type]

    versions = [version("1.0.0", "2026-05-01T00:00:00.5Z"), version("1.1.0", "2026-05-01T00:00:00Z")]
    assert desk("2026-06-01T00:00:00Z").moment(versions) == "2026-06-01T00:00:00Z"
    assert desk("2020-01-01T00:00:00Z").moment(versions) == "2026-05-01T00:00:00.500001Z"


def test_a_remote_url_has_a_holder_as_long_as_a_version_shows_it() -> None:
    urls = RemoteUrls()
    document = {"remotes": [{"url": "https://a.example"}, {"url": "https://b.example"}, "no remote", {"url": 5}]}
    assert urls.holder(document, "com.example/y") is None
    urls.put("com.example/x", [version("1.0.0", "2026-01-01T00:00:00Z", "https://b.example")])
    assert urls.holder(document, "com.example/y") == ("https://b.example", "com.example/x")
    assert urls.holder(document, "com.example/x") is None
    urls.put("com.example/x", [])
    assert urls.holder(document, "com.example/y") is None
    assert urls.holder({"remotes": "none"}, "com.example/y") is None


def test_an_entry_whose_versions_are_all_deleted_is_found_only_by_those_who_ask_for_them() -> None:
    gone = Standing(None, (version("1.0.0", "2026-01-01T00:00:00Z"),))
    assert gone.find("latest", deleted=False) is gone.find("1.0.0", deleted=False) is None
    assert gone.find("latest") is gone.find("1.0.0") is gone.gone[0]
    assert gone.find("2.0.0") is None
