import re
from hashlib import blake2b
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from regpress.model.cuts import Cuts, unpack_cuts
from regpress.pages import PAGE_SIZE, Windows, chunks, token


def make_keys(numbers: set[int]) -> list[str]:
    return sorted(f"io.example.n{number:07}/s" for number in numbers)


KEYS = st.sets(st.integers(0, 10**6), max_size=700).map(make_keys)
MANY_KEYS = st.builds(
    lambda count, seed: make_keys(set(Random(seed).sample(range(10**6), count))),
    st.integers(300, 1500),
    st.integers(0, 10**9),
)


@given(KEYS)
@settings(max_examples=60)
def test_pages_hold_every_key_once_and_in_order(keys: list[str]) -> None:
    pages = chunks(keys)
    assert [position for page in pages for position in page] == list(range(len(keys)))
    assert all(len(page) <= PAGE_SIZE for page in pages)
    assert all(len(page) > 0 for page in pages) or not keys


@given(MANY_KEYS, st.integers(0, 10**6))
@settings(max_examples=60)
def test_a_new_key_changes_few_pages(keys: list[str], number: int) -> None:
    new = f"io.example.n{number:07}/t"
    before = {tuple(keys[i] for i in page) for page in chunks(keys)}
    more = sorted([*keys, new])
    after = {tuple(more[i] for i in page) for page in chunks(more)}
    assert len(after - before) <= 4


@given(st.text(), st.text())
def test_a_token_is_safe_as_it_stands_and_tells_keys_apart(left: str, right: str) -> None:
    left, right = (text.encode(errors="replace").decode() for text in (left, right))
    assert re.fullmatch(r"[A-Za-z0-9_-]{16}", token(left))
    assert (token(left) == token(right)) == (left == right)


@given(MANY_KEYS, st.integers(0, 10**6))
@settings(max_examples=30)
def test_pages_are_cut_alike_where_most_were_known_before(keys: list[str], number: int) -> None:
    def windows(keys: list[str], cuts: Cuts) -> Windows:
        return Windows(cuts, lambda first, end: blake2b("\n".join(keys[first:end]).encode(), digest_size=16).digest())

    found = Cuts()
    assert chunks(keys, windows=windows(keys, found)) == chunks(keys)
    known = unpack_cuts(found.packed())
    assert known.are_known
    more = sorted([*keys, f"io.example.n{number:07}/t"])
    assert chunks(more, windows=windows(more, known)) == chunks(more)
    # What is known is not looked for again: of the keys, only their number counts.
    assert chunks([""] * len(keys), windows=windows(keys, unpack_cuts(found.packed()))) == chunks(keys)
