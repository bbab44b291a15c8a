from __future__ import annotations

import pytest

from regpress.html.pictures import picture_type

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">{}</svg>'


def svg(inner: str) -> bytes:
    return SVG.format(inner).encode()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "png"),
        (b"\xff\xd8\xff\xe0....", "jpg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (
            svg('<g fill="url(#a)"><path d="M0 0h8v8z"/></g><defs><linearGradient id="a"/></defs><use href="#b"/>'),
            "svg",
        ),
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'?>\n<!-- drawn -->" + svg(""), "svg"),
    ],
)
def test_pictures_are_known_by_their_bytes(data: bytes, kind: str) -> None:
    assert picture_type(data) == kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"GIF89a",
        b"%PDF-1.7",
        SVG.format("").encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?>' + svg(""),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"),
        svg("<script>alert(1)</script>"),
        svg('<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>'),
        svg('<image href="https://tracker.example/x.png"/>'),
        svg('<a href="javascript:alert(1)"><path d="M0 0"/></a>'),
        svg('<path onload="alert(1)"/>'),
        svg('<use href="https://tracker.example/x.svg#a"/>'),
        svg('<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="data:image/svg+xml,x"/>'),
        svg('<path fill="url(https://tracker.example/x)"/>'),
        svg('<path style="background:u\\72l(//tracker.example)"/>'),
        svg("<style>@import 'https://tracker.example'</style>"),
        svg('<set attributeName="href" to="javascript:alert(1)"/>'),
        svg('<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'),
        svg("<path>"),
        b'<?xml-stylesheet href="https://tracker.example/x.css"?>' + svg(""),
    ],
    ids=repr,
)
def test_what_could_run_or_load_something_is_no_picture(data: bytes) -> None:
    assert picture_type(data) == ""
