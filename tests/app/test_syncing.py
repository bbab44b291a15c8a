"""Sources that change while `regpress serve` runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app_server import AppServer, serving_app
from app_site import UPSTREAM, document, own_site, wait_until
from builders import server
from sites import config, registry_file, write_file

SYNC = "/v0.1/x/dev.regpress/sync"
LATEST = f"/v0/servers/{UPSTREAM}/versions/latest"


def version(running: AppServer) -> Any:
    return running.get(LATEST).json["server"]["version"]


def change(site: Path, number: str) -> None:
    write_file(site / "list.json", registry_file(server(UPSTREAM, number)))


def test_a_source_is_read_again_when_asked_to_and_writes_stay(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    with serving_app(site, anonymous=True) as running:
        running.publish(document("com.example/kept"))
        before = running.get("/v0/servers/com.example/kept/versions").body
        change(site, "2.0.0")
        assert version(running) == "1.1.0"
        done = running.ask("POST", SYNC).json
        assert (done["phase"], done["changed"], done["trigger"]) == ("complete", True, "request")
        assert version(running) == "2.0.0"
        assert running.get("/v0/servers/com.example/kept/versions").body == before
        assert running.publish(document("com.example/kept")).status == 400
        assert running.ask("POST", f"{SYNC}?source=list").json["changed"] is False
        (site / "list.json").write_text("{")
        failed = running.ask("POST", f"{SYNC}?source=list").json
        assert (failed["phase"], version(running)) == ("failed", "2.0.0")
        assert "not JSON" in failed["message"]
        (site / "list.json").unlink()
        failed = running.ask("POST", f"{SYNC}?source=list").json
        assert failed["phase"] == "failed"
        assert "list" in failed["message"]
        assert running.ask("POST", f"{SYNC}?source=none").status == 404
        history = running.get(SYNC).json["history"]
        assert [event["sources"] for event in history] == [["list"], ["list"], ["list"], ["content", "list"]]
        written = site / "content/servers/com.example/pulled/1.0.0.json"
        write_file(written, document("com.example/pulled"))
        write_file(site / "list.json", registry_file(server(UPSTREAM, "3.0.0")))
        running.ask("POST", SYNC)
        assert running.get("/v0/servers/com.example/pulled/versions/latest").status == 200


def test_a_source_is_read_again_at_its_interval(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    settings = config(
        {"name": "content", "managed": {}},
        {"name": "list", "file": {"path": "list.json"}, "syncPolicy": {"interval": "200ms"}},
    )
    (site / "config.yaml").write_text(json.dumps(settings))
    with serving_app(site) as running:
        change(site, "2.0.0")
        wait_until(lambda: version(running) == "2.0.0")
        assert running.get(SYNC).status == running.ask("POST", SYNC).status == 401


def test_a_disk_that_cannot_be_written_is_told_and_nothing_of_the_write_shows(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    with serving_app(site, anonymous=True) as running:
        (site / "content/servers").write_text("in the way")
        answer = running.publish(document("com.example/blocked"))
        assert (answer.status, answer.json["detail"]) == (503, "The registry cannot write now")
        assert running.get("/v0/servers/com.example/blocked/versions").status == 404
        (site / "content/servers").unlink()
        assert running.publish(document("com.example/blocked")).status == 200
