"""Addresses to files, and trees that cannot be written."""

import unicodedata

import pytest

from regpress.hosts.layouts import flat, fold_collisions, page_and_folder, path_conflicts

LATEST = "v0.1/servers/com.example/Weather_1/versions/latest"


@pytest.mark.parametrize(
    ("address", "form", "file"),
    [
        (LATEST, "document", f"{LATEST}.json"),
        ("v0.1/servers/a.b/c/versions/1.0.0+x", "document", "v0.1/servers/a.b/c/versions/1.0.0+x.json"),
        ("", "page", "index.html"),
        ("servers/a.b/c/", "page", "servers/a.b/c/index.html"),
        ("404.html", "file", "404.html"),
    ],
)
def test_flat_layout_has_one_file_for_each_address(address, form, file):
    assert flat(address, form) == (file,)


def test_pages_layout_writes_a_document_as_page_and_as_folder():
    assert page_and_folder(LATEST, "document") == (f"{LATEST}.html", f"{LATEST}/index.json")
    assert page_and_folder("about/", "page") == ("about/index.html",)
    assert page_and_folder("registry.json", "file") == ("registry.json",)


@pytest.mark.parametrize("layout", [flat, page_and_folder])
@pytest.mark.parametrize(
    ("address", "form"),
    [("about", "page"), ("v0.1/servers/", "document"), ("", "file"), ("/etc", "file"), ("/", "page")],
)
def test_an_address_of_another_shape_is_refused(layout, address, form):
    with pytest.raises(ValueError, match="is not the address of a"):
        layout(address, form)


def test_two_documents_at_one_path_are_reported_once():
    assert path_conflicts(["a/b.json", "c", "a/b.json", "a/b.json"]) == [
        "a/b.json: two documents would be written to this path"
    ]


def test_a_file_that_is_also_a_folder_is_reported():
    pages = [file for version in ("1.0", "1.0.html") for file in page_and_folder(f"v/{version}", "document")]
    assert path_conflicts(pages) == ["v/1.0.html: would be both a file and the folder of other files"]


def test_a_tree_without_conflicts_reports_none():
    names = ("com.example/a", "com.example/a.json", "com.example/index2")
    files = [flat(f"v0.1/servers/{name}/versions/{version}", "document")[0] for name in names for version in ("1", "2")]
    assert path_conflicts(files) == []
    assert fold_collisions(files) == []


def test_files_equal_but_for_case_collide():
    assert fold_collisions(["a/Read.json", "a/read.json", "a/other.json"]) == [("a/Read.json", "a/read.json")]


def test_folders_equal_but_for_case_collide_and_hide_what_lies_below():
    files = ["s/Com.Example/x.json", "s/com.example/x.json", "s/com.example/y.json"]
    assert fold_collisions(files) == [("s/Com.Example", "s/com.example")]


def test_a_file_collides_with_a_folder_of_another_case():
    assert fold_collisions(["v/1.0.HTML", "v/1.0.html/index.json"]) == [("v/1.0.HTML", "v/1.0.html")]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (unicodedata.normalize("NFC", "v/é"), unicodedata.normalize("NFD", "v/é")),
        (unicodedata.normalize("NFC", "v/É"), unicodedata.normalize("NFD", "v/é")),
        ("v/straße", "v/STRASSE"),
    ],
)
def test_letters_that_only_unicode_tells_apart_collide(left, right):
    assert left != right
    assert fold_collisions([left, right]) == [tuple(sorted((left, right)))]


def test_the_order_of_files_does_not_change_what_is_reported():
    files = ["a", "a/b", "A", "c", "c"]
    assert path_conflicts(files) == path_conflicts(reversed(files)) != []
    assert fold_collisions(files) == fold_collisions(reversed(files)) != []
