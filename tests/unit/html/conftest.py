"""What the tests of pages share: reading HTML as a browser does."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

import html5lib
import pytest

Parse = Callable[[str], Element]


@pytest.fixture(scope="session")
def parse() -> Parse:
    """Return a parser that raises at the first violation of the HTML syntax."""

    def parse_strictly(html: str) -> Element:
        return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)

    return parse_strictly
