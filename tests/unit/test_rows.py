"""Rows of the tree to bytes and back."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from regpress.output.rows import Row, Rows, joined, lines, pack, unpack

NAMES = st.text("ab/.~é\n", max_size=8)
ROWS = st.lists(
    st.builds(
        lambda address, ending, is_other, sha256, mtime: Row(
            address + ending, len(ending), sha256, ending + "!" if is_other else address, "text/html", mtime
        ),
        NAMES,
        st.sampled_from(["", ".json", "/index.html", "index.html"]),
        st.booleans(),
        st.sampled_from(["", "0" * 64]),
        st.integers(0, 2**62),
    ),
    max_size=6,
)


@given(rows=ROWS)
def test_what_is_packed_is_unpacked(rows: list[Row]) -> None:
    assert unpack(pack(rows)) == rows
    assert unpack(Rows(*map(memoryview, pack(rows)))) == rows


@given(rows=ROWS, others=ROWS)
def test_rows_follow_one_another(rows: list[Row], others: list[Row]) -> None:
    found = joined([pack(rows), pack(others)])
    assert found == pack([*rows, *others])
    assert found.files == [row.file.encode() for row in (*rows, *others)]
    assert found.sizes == [row.size for row in (*rows, *others)]
    assert found.mtimes == [row.mtime for row in (*rows, *others)]


@given(rows=ROWS)
def test_a_line_says_what_the_manifest_says(rows: list[Row]) -> None:
    for row, (file, line) in zip(rows, lines(pack(rows)), strict=True):
        assert file == row.file.encode()
        assert orjson.loads(line) == {
            "address": row.address,
            "file": row.file,
            "sha256": row.sha256,
            "size": row.size,
            "type": row.media_type,
        }


def test_a_time_that_no_number_holds_is_none() -> None:
    row = Row("a", 1, "0" * 64, "a", "text/html", 32_503_680_000 * 10**9)
    assert unpack(pack([row])) == [row._replace(mtime=0)]
    assert unpack(pack([row._replace(size=10**30)])) == [row._replace(size=2**63 - 1, mtime=0)]
