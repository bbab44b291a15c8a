"""Rows of the tree to records and back."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from regpress.output.rows import Row, columns, lines, pack, unpack

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
    assert unpack(memoryview(pack(rows))) == rows


@given(rows=ROWS, others=ROWS)
def test_records_follow_one_another(rows: list[Row], others: list[Row]) -> None:
    assert unpack(pack(rows) + pack(others)) == [*rows, *others]
    assert columns(pack(rows) + pack(others)).files == [row.file.encode() for row in (*rows, *others)]


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
