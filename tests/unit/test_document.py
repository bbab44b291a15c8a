import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regpress.model.document import MAX_DEPTH, DocumentError, compact_text, parse_json, plain_value, serialise


@pytest.mark.parametrize(
    "number",
    ["1.10", "12345678901234567890123", "1E400", "-0", "-0.0", "1e5", "18446744073709551616", "0.1", "7", "-3"],
)
def test_numbers_keep_their_spelling(number: str) -> None:
    text = f'{{"n":{number},"list":[{number}]}}'.encode()
    assert compact_text(parse_json(text)) == text


def test_a_plain_value_has_only_ordinary_numbers() -> None:
    text, value = serialise(parse_json(b'{"a": 1.10, "b": [12345678901234567890123]}'))
    assert text == b'{"a":1.10,"b":[12345678901234567890123]}'
    assert value == {"a": 1.1, "b": [12345678901234567890123]}
    assert type(value["a"]) is float
    assert type(value["b"][0]) is int


def test_a_document_without_odd_numbers_is_its_own_plain_value() -> None:
    value = parse_json(b'{"a": 1.5, "b": 2}')
    assert serialise(value)[1] is value


@pytest.mark.parametrize("text", ["é", "\u2028", "\U0001f600", "</script>", "a\u0000b", "\ufeff", "e\u0301"])
def test_strings_keep_their_code_points(text: str) -> None:
    served = compact_text(parse_json(json.dumps({"t": text}).encode()))
    assert json.loads(served) == {"t": text}


def test_what_ends_a_script_element_is_escaped() -> None:
    served = compact_text({"t": "</script>&\u2028\u2029"})
    assert not any(character in served.decode() for character in "<>&\u2028\u2029")


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_byte_order_mark_and_any_line_ends_are_fine(start: bytes, end: bytes) -> None:
    assert parse_json(start + end.join([b"{", b'"a": 1', b"}", b""])) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        (b'{"a": 1,\n "b": 2,\n "a": 3}', "'a' stands twice", 3),
        (b'{"a": {"x": 1, "x": 1}}', "'x' stands twice", 1),
        (b'{\n"a": }', "not JSON", 2),
        (b"[NaN]", "NaN is not a JSON number", 0),
        (b"[-Infinity]", "-Infinity is not a JSON number", 0),
        ('{"a": "é"}'.encode("utf-16"), "UTF-16", 1),
        (b'{\n"a": "\xe9"}', "byte 0xe9 is not UTF-8", 2),
        (b"[" * 100_000, "nested too deeply", 0),
        (b"", "not JSON", 1),
    ],
)
def test_what_is_no_document_is_refused_with_its_line(text: bytes, reason: str, line: int) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_json(text)
    assert reason in caught.value.reason
    assert caught.value.line == line


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(DocumentError, match="surrogate"):
        compact_text(parse_json(rb'{"a": "\ud800"}'))


@pytest.mark.parametrize(("depth", "fine"), [(99, True), (100, True), (101, False), (300, False), (900, False)])
def test_nesting_has_a_limit(depth: int, fine: bool) -> None:
    value = parse_json(b"[" * depth + b"]" * depth)
    if fine:
        assert compact_text(value) == b"[" * depth + b"]" * depth
    else:
        with pytest.raises(DocumentError, match="nested too deeply"):
            compact_text(value)


@pytest.mark.parametrize("text", ["x", "", "{", "}]", '"', '{"', '"]', "\\", "\\\\{", '\\"[[', "\n", '\t"{', "\u2028{"])
def test_brackets_and_quotes_in_texts_are_no_levels(text: str) -> None:
    value: Any = [text]
    for _ in range(MAX_DEPTH - 2):
        value = {text: value, "other": [text, text]}
    assert compact_text([value])
    with pytest.raises(DocumentError, match="nested too deeply"):
        compact_text([[value], text])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 1, 4]), st.booleans())
def test_any_document_reads_back_equal(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    served = compact_text(parse_json(text))
    assert json.loads(served) == value
    assert plain_value(parse_json(served)) == value
    assert compact_text(parse_json(served)) == served
