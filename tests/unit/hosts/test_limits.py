"""The size of a tree beside a host's limits."""

import pytest

from regpress.errors import BuildRefusedError
from regpress.hosts.base import Limits
from regpress.hosts.cloudflare import WORKERS
from regpress.hosts.generic import Generic
from regpress.hosts.github_pages import GitHubPages
from regpress.hosts.limits import (
    fitting_profiles,
    human_bytes,
    limit_findings,
    limit_summary,
    with_fullest_folder,
    with_most_files,
)
from regpress.hosts.table import PROFILES
from regpress.model.artifact import TreeSize
from regpress.rendering import refuse_excess

SMALL = TreeSize(files=30_012, largest="v0.1/servers.json", largest_bytes=1_200_000, total_bytes=80_000_000)
HUGE = SMALL._replace(total_bytes=1_500_000_000)


def test_size_of_a_tree_names_its_largest_file():
    assert TreeSize.of([("b", 5), ("a", 7), ("c", 7)]) == TreeSize(3, "a", 7, 19)
    assert TreeSize.of([]) == TreeSize(0, "", 0, 0)
    assert TreeSize.of([(".nojekyll", 0)]) == TreeSize(1, ".nojekyll", 0, 0)


def test_size_of_a_tree_names_its_fullest_folder():
    size = with_fullest_folder(SMALL, ["a/x", "b/x", "b/y", "c", "b/c/z"])
    assert (size.fullest, size.fullest_files) == ("b", 2)


def test_summary_sets_counts_beside_limits():
    assert limit_summary(GitHubPages(), SMALL) == (
        "30,012 files (no limit), largest 1.2 MB (v0.1/servers.json), total 80 MB of 1 GB"
    )
    assert limit_summary(Generic(limits=Limits(files=20_000, file_bytes=26_214_400)), SMALL) == (
        "30,012 files of 20,000, largest 1.2 MB of 26.2 MB (v0.1/servers.json), total 80 MB"
    )


def test_a_tree_within_the_limits_has_no_findings():
    assert limit_findings(GitHubPages(), SMALL) == []
    assert limit_findings(GitHubPages(), SMALL._replace(total_bytes=1_000_000_000)) == []
    assert limit_findings(Generic(), HUGE) == []


def test_each_exceeded_limit_says_by_how_much():
    strict = Generic(name="strict", title="Strict", limits=Limits(files=20_000, file_bytes=1_000_000, total_bytes=10))
    assert limit_findings(strict, SMALL) == [
        "Strict: 30,012 files are 10,012 more than the 20,000 that it accepts",
        "Strict: v0.1/servers.json has 1.2 MB, 200 kB more than the 1 MB that it accepts",
        "Strict: the whole tree has 80 MB, 80 MB more than the 10 bytes that it accepts",
    ]


def test_a_larger_plan_is_named_with_its_setting_and_lifts_the_limit():
    many = SMALL._replace(largest_bytes=1)
    (finding,) = limit_findings(WORKERS, many)
    assert finding == (
        "Cloudflare Workers: 30,012 files are 10,012 more than the 20,000 that it accepts "
        "(paid plans accept 100,000: say so with site.maxFiles)"
    )
    assert limit_findings(with_most_files(WORKERS, 100_000), many) == []
    assert with_most_files(WORKERS, None) is WORKERS


@pytest.mark.parametrize("name", [name for name, host in PROFILES.items() if host.limits != Limits()])
def test_a_host_with_limits_refuses_what_exceeds_them_and_accepts_what_does_not(name):
    host = PROFILES[name]
    limits = {field: getattr(host.limits, field) for field in Limits.__dataclass_fields__}
    exact = TreeSize(
        limits["files"] or 1,
        "big",
        limits["file_bytes"] or 1,
        limits["total_bytes"] or 1,
        "full",
        limits["folder_files"] or 1,
    )
    assert limit_findings(host, exact) == []
    assert name in fitting_profiles(PROFILES.values(), exact)
    fields = {
        "files": "files",
        "folder_files": "fullest_files",
        "file_bytes": "largest_bytes",
        "total_bytes": "total_bytes",
    }
    for limit, field in fields.items():
        if limits[limit] is None:
            continue
        over = exact._replace(**{field: limits[limit] + 1})
        (finding,) = limit_findings(host, over)
        assert finding.startswith(f"{host.title}: ")
        assert "more than" in finding
        assert name not in fitting_profiles(PROFILES.values(), over)
        assert "nginx" in fitting_profiles(PROFILES.values(), over)
        with pytest.raises(BuildRefusedError, match=r"profiles that would do: .*nginx"):
            refuse_excess(host, over)


def test_profiles_that_would_do_are_named():
    assert fitting_profiles([Generic(), GitHubPages()], HUGE) == ["generic"]
    assert fitting_profiles([Generic(), GitHubPages()], SMALL) == ["generic", "github-pages"]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1_234_567, "1.2 MB"),
        (80_000_000, "80 MB"),
        (10**12, "1000 GB"),
    ],
)
def test_sizes_are_readable(size, text):
    assert human_bytes(size) == text
