"""What each host profile writes and answers."""

import json

import pytest

from regpress.errors import ConfigError
from regpress.hosts import serving
from regpress.hosts.base import SiteAddress
from regpress.hosts.table import DEFAULT, PROFILES, profile

SITE = SiteAddress()
BELOW = SiteAddress(base_path="/my-registry")
LIST = "v0.1/servers"
LATEST = "v0.1/servers/com.example/weather/versions/latest"
EXACT = "v0.1/servers/com.example/weather/versions/1.0.0+linux"
DOCUMENTS = (LIST, LATEST, EXACT, "registry/team/v0.1/servers")
PAGES = ("v0.1/_pages/servers/all", "v0.1/_pages/servers/latest")
#: Hosts that ignore the query.
PLAIN = [name for name in PROFILES if not profile(name).follows_cursors]
#: A host that answers an address with a redirect to its folder.
FOLDERS = "github-pages-folder"
#: Hosts that serve a folder of a page in place, or have no folders at all.
IN_PLACE = ("azure-swa", "object-store")


def tree_of(host, *, without=()):
    addresses = (*DOCUMENTS, *PAGES) if host.stores_pages else DOCUMENTS
    files = {file for address in addresses for file in host.files(address, "document")}
    files |= {file for page in ("", "about/", "servers/com.example/weather/") for file in host.files(page, "page")}
    files |= {"404.html", "registry.json", "assets/style.css", "assets/plain"}
    files |= {file for made in host.configuration(SITE) for file in host.files(made.address, made.form)}
    return files - set(without)


def ask(name, target, *, method="GET", site=SITE, without=()):
    host = profile(name)
    files = tree_of(host, without=without)
    return host.answer(method, target, site, files.__contains__)


def test_every_profile_is_found_by_its_name():
    assert {name: profile(name).name for name in PROFILES} == {name: name for name in PROFILES}
    assert profile(DEFAULT).name == "generic"


@pytest.mark.parametrize(("typed", "meant"), [("github_pages", "github-pages"), ("Generic", "generic")])
def test_an_unknown_profile_names_the_nearest_one_and_all(typed, meant):
    with pytest.raises(ConfigError, match=f"did you mean '{meant}'.*generic, github-pages"):
        profile(typed)


def test_an_unknown_profile_like_no_other_only_names_all():
    with pytest.raises(ConfigError, match=r"'zzz' is not a host profile: known are generic, github-pages"):
        profile("zzz")


def test_what_hosts_can_do():
    able = {name: (host.follows_cursors, host.stores_pages, host.rewrites_aliases) for name, host in PROFILES.items()}
    routes, rewrites, copies = (True, True, True), (False, False, True), (False, False, False)
    expected = {
        "generic": (False, True, False),
        "github-pages": copies,
        "github-pages-page": copies,
        "github-pages-folder": copies,
        "github-pages-index": copies,
        "cloudflare-pages": routes,
        "cloudflare-workers": routes,
        "nginx": routes,
        "apache": routes,
        "caddy": routes,
        "gitlab-pages": rewrites,
        "netlify": routes,
        "vercel": routes,
        "s3-cloudfront": routes,
        "object-store": copies,
        "azure-swa": copies,
        "firebase": copies,
    }
    assert able == expected


def test_pages_gets_nojekyll_and_the_generic_host_does_not():
    assert {made.address for made in profile("github-pages").configuration(SITE)} == {".nojekyll", "404.json"}
    assert {made.address for made in profile("generic").configuration(SITE)} == {"404.json"}


def test_the_problem_document_is_a_404_that_both_kinds_of_client_read():
    body = json.loads(serving.problem_document().body)
    assert body["status"] == 404
    assert body["title"] == "Not Found"
    assert body["error"]


@pytest.mark.parametrize("spelling", ["com.example/weather", "com.example%2Fweather", "com.example%2fweather"])
def test_a_name_arrives_with_a_plain_or_an_encoded_slash(spelling):
    target = f"/v0.1/servers/{spelling}/versions/latest"
    assert ask("generic", target).file == f"{LATEST}.json"
    assert ask("github-pages", target).file == f"{LATEST}.html"


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("spelling", ["1.0.0+linux", "1.0.0%2Blinux"])
def test_a_plus_sign_arrives_bare_or_encoded(name, spelling):
    slash = "/" if name == FOLDERS else ""
    assert ask(name, f"/v0.1/servers/com.example%2Fweather/versions/{spelling}{slash}").status == 200


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("query", ["", "?limit=1&version=latest", "?cursor=../../x", "?search=%00"])
def test_the_query_is_ignored(name, query):
    address = "/v0.1/servers/" if name == FOLDERS else "/v0.1/servers"
    assert ask(name, address).status == 200
    assert ask(name, f"{address}{query}") == ask(name, address)


def test_generic_answers_json_that_browsers_may_read():
    reply = ask("generic", "/v0.1/servers")
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-allow-methods"] == "GET, OPTIONS"
    assert reply.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    assert "max-age=60" in reply.headers["cache-control"]


def test_pages_answers_the_page_as_html_with_its_fixed_headers():
    reply = ask("github-pages", "/v0.1/servers")
    assert (reply.status, reply.file) == (200, "v0.1/servers.html")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["cache-control"] == "max-age=600"


def test_pages_answers_the_folder_as_json_where_the_page_is_missing():
    redirect = ask("github-pages", "/v0.1/servers?limit=1", without={"v0.1/servers.html"})
    assert (redirect.status, redirect.headers["location"]) == (301, "/v0.1/servers/?limit=1")
    reply = ask("github-pages", "/v0.1/servers/")
    assert (reply.status, reply.file) == (200, "v0.1/servers/index.json")
    assert reply.headers["content-type"] == "application/json; charset=utf-8"


def test_generic_answers_for_the_other_registries_too():
    assert ask("generic", "/registry/team/v0.1/servers").file == "registry/team/v0.1/servers.json"


def test_generic_never_takes_a_version_called_like_a_file_for_another_version():
    assert ask("generic", f"/{LATEST}").status == 200
    assert ask("generic", f"/{LATEST}.json").status == 404


def test_generic_answers_api_misses_with_the_problem_document_and_others_with_the_page():
    api = ask("generic", "/v0.1/servers/com.example%2Fnone/versions/latest")
    assert (api.status, api.file) == (404, "404.json")
    assert api.headers["content-type"] == "application/problem+json"
    assert api.headers["access-control-allow-origin"] == "*"
    page = ask("generic", "/nowhere/")
    assert (page.status, page.file) == (404, "404.html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("target", ["/v0.1/servers/com.example%2Fnone/versions/latest", "/nowhere", "/nowhere/"])
def test_pages_answers_every_miss_with_its_page(target):
    reply = ask("github-pages", target)
    assert (reply.status, reply.file) == (404, "404.html")


@pytest.mark.parametrize("name", PROFILES)
def test_a_miss_is_a_404_even_where_the_tree_has_no_page_for_it(name):
    reply = ask(name, "/v0.1/servers/x%2Fy/versions/latest", without={"404.html", "404.json"})
    assert (reply.status, reply.file) == (404, None)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("/", "index.html"),
        ("/about/", "about/index.html"),
        ("/registry.json", "registry.json"),
        ("/assets/style.css", "assets/style.css"),
    ],
)
def test_pages_and_files_are_found(name, target, file):
    reply = ask(name, target)
    assert (reply.status, reply.file) == (200, file)


@pytest.mark.parametrize("name", [name for name in PROFILES if name not in IN_PLACE])
def test_a_folder_without_its_slash_is_redirected_with_the_query(name):
    reply = ask(name, "/my-registry/servers/com.example/weather?tab=a&b", site=BELOW)
    assert reply.status in {301, 307, 308}
    assert reply.headers["location"] == "/my-registry/servers/com.example/weather/?tab=a&b"


@pytest.mark.parametrize("name", PROFILES)
def test_below_a_base_path_only_its_addresses_are_answered(name):
    assert ask(name, "/my-registry/v0.1/servers", site=BELOW).status == (301 if name == FOLDERS else 200)
    assert ask(name, "/my-registry/", site=BELOW).file == "index.html"
    assert ask(name, "/my-registry", site=BELOW).headers["location"] == "/my-registry/"
    assert ask(name, "/v0.1/servers", site=BELOW).status == 404
    assert ask(name, "/my-registry2/", site=BELOW).status == 404


def test_only_generic_answers_preflight_requests():
    reply = ask("generic", "/v0.1/servers", method="OPTIONS")
    assert (reply.status, reply.file) == (204, None)
    assert reply.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    assert ask("github-pages", "/v0.1/servers", method="OPTIONS").status == 405


@pytest.mark.parametrize("name", PROFILES)
def test_other_methods_are_refused_and_head_is_not(name):
    assert ask(name, "/v0.1/servers", method="POST").status == 405
    assert ask(name, "/v0.1/servers", method="HEAD") == ask(name, "/v0.1/servers")


HOSTILE = [
    "/../secret",
    "/v0.1/../../secret",
    "/%2e%2e/secret",
    "/%2E%2E%2Fsecret",
    "/v0.1/%2e%2e%2f%2e%2e%2fsecret",
    "/v0.1/servers/..%2f..%2f..%2fsecret/versions/latest",
    "/a\\..\\secret",
    "/%5c..%5csecret",
    "/x%00",
    "/x%0d%0aset-cookie:a",
    "//etc/passwd",
    "///etc/passwd",
    "/v0.1//etc/passwd",
    "/%2fetc/passwd",
    "/./secret",
    "/%ff",
    "secret",
    "http://elsewhere.example/secret",
    "*",
    "",
]


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("site", [SITE, BELOW])
@pytest.mark.parametrize("target", HOSTILE)
def test_a_hostile_target_never_leaves_the_folder(name, site, target):
    asked = []

    def everything_exists(file):
        asked.append(file)
        return True

    prefixed = f"{site.base_path}{target}" if target.startswith("/") else target
    reply = profile(name).answer("GET", prefixed, site, everything_exists)
    assert reply.status in {400, 404}
    assert reply.file in {None, "404.html"}
    assert all(not file.startswith("/") and ".." not in file.split("/") for file in asked)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("target", ["//elsewhere.example", "/%2felsewhere.example", "/a%0d%0ab", "/é b"])
def test_a_redirect_never_leads_to_another_host_or_breaks_the_header(name, target):
    def only_folders(file):
        return file.endswith(("/index.html", "/index.json"))

    reply = profile(name).answer("GET", target, SITE, only_folders)
    location = reply.headers.get("location", "/")
    assert location.startswith("/")
    assert not location.startswith("//")
    assert location.isascii()
    assert location.isprintable()
    assert " " not in location


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("a/style.css", "text/css; charset=utf-8"),
        ("a.b/plain", "application/octet-stream"),
        ("feed.XML", "application/xml"),
        ("x.unknown", "application/octet-stream"),
    ],
)
def test_types_come_from_the_extension(file, kind):
    assert serving.media_type(file) == kind


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("v0.1/servers", True),
        ("v0/servers", True),
        ("registry/team/v0.1/servers", True),
        ("registry/team/servers/a/b/", False),
        ("v0.1", False),
        ("v0x1/servers", False),
        ("servers/v0.1/x", False),
    ],
)
def test_api_addresses_are_told_from_pages(path, expected):
    assert serving.is_api(path) is expected
