"""Regulations changed while two gateways serve them: both change over at once and whole, or keep the last good ones."""

from __future__ import annotations

import dataclasses
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from madang.embedded import Embedded, known_residents
from madang.settings import Settings

Serve = Callable[[Settings, Embedded | None], AbstractContextManager[str]]
SECONDS = 2.0
QUERY = "query($rrn: String!) { resident(rrn: $rrn) { name passports { number romanizedName } } }"


@pytest.fixture
def directory(settings: Settings, tmp_path: Path) -> Path:
    """The sample's regulations, copied to where they can be changed."""
    return Path(shutil.copytree(settings.regulations, tmp_path / "regulations"))


@pytest.fixture
def gateways(serve: Serve, settings: Settings, nation: Embedded, directory: Path) -> Iterator[tuple[str, str]]:
    own = dataclasses.replace(settings, regulations=directory)
    with serve(own, nation) as one, serve(own, nation) as other:
        yield one, other


def law(address: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{address}/readyz", timeout=10).json()["regulations"]
    return found


def until(holds: Callable[[], bool]) -> float:
    """Wait until something holds; the seconds that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < 10, "it never came to hold"
        time.sleep(0.02)
    return time.monotonic() - began


def client(address: str) -> httpx.Client:
    personas = httpx.get(f"{address}/personas").json()
    token = next(persona["token"] for persona in personas if persona["name"] == "passport-officer")
    headers = {"Authorization": f"Bearer {token}", "Madang-Purpose": "passport-renewal"}
    return httpx.Client(base_url=address, headers=headers, timeout=20)


def ask(officer: httpx.Client) -> dict[str, Any]:
    body = {"query": QUERY, "variables": {"rrn": known_residents()["citizen"]}}
    answer: dict[str, Any] = officer.post("/graphql", json=body).raise_for_status().json()
    return answer


def change(directory: Path, before: str, after: str) -> None:
    """Change the passports' regulation as editors do: a new file in the old one's place."""
    file = directory / "mofa.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    new = directory / ".mofa.yaml.new"
    new.write_text(text.replace(before, after), encoding="utf-8")
    new.replace(file)


def test_a_change_is_in_force_everywhere_within_two_seconds(gateways: tuple[str, str], directory: Path) -> None:
    before = law(gateways[0])["version"]
    clients = [client(address) for address in gateways]
    assert all(ask(officer)["data"]["resident"]["passports"][0]["romanizedName"] for officer in clients)
    _unshare(directory)
    took = until(lambda: all(law(address)["version"] != before for address in gateways))
    assert took < SECONDS, "a change must be in force within two seconds"
    for officer in clients:
        answer = ask(officer)
        assert answer["data"]["resident"]["passports"][0]["romanizedName"] is None
        assert answer["extensions"]["regulations"] == law(str(officer.base_url))["version"]
        assert [e["extensions"]["coordinate"] for e in answer["errors"]] == ["Passport.romanizedName"]
        officer.close()


def _unshare(directory: Path) -> None:
    """Take the romanised name out of all that the passports' regulation shares."""
    lines = (directory / "mofa.yaml").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.strip() != "- Passport.romanizedName"]
    assert len(kept) < len(lines)
    text = "\n".join(kept).replace(", Passport.romanizedName", "").replace("Passport.romanizedName, ", "")
    (directory / "mofa.yaml").write_text(text + "\n", encoding="utf-8")


def test_under_load_no_request_fails_and_none_is_of_two_versions(gateways: tuple[str, str], directory: Path) -> None:
    answers: list[dict[str, Any]] = []
    stop = threading.Event()

    def load() -> None:
        with client(gateways[0]) as officer:
            while not stop.is_set():
                answers.append(ask(officer))

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    before = law(gateways[0])["version"]
    until(lambda: len(answers) > 30)
    _unshare(directory)
    until(lambda: law(gateways[0])["version"] != before)
    some = len(answers)
    until(lambda: len(answers) > some + 30)
    stop.set()
    for thread in threads:
        thread.join()
    shown = {
        (a["extensions"]["regulations"], a["data"]["resident"]["passports"][0]["romanizedName"] is not None) for a in answers
    }
    assert dict(shown) == {before: True, law(gateways[0])["version"]: False}
    assert len(shown) == 2, "each version answers in one way"


def test_a_broken_set_is_refused_and_said_and_the_last_good_one_stays(
    gateways: tuple[str, str], directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = law(gateways[0])["version"]
    change(directory, "recipients: mofa", "recipients: mofaa")
    until(lambda: all(law(address)["refused"] for address in gateways))
    told = law(gateways[0])
    assert told["version"] == good
    assert told["refused"]["first"].startswith("mofa.yaml:")
    assert "unknown agency or group `mofaa`" in told["refused"]["first"]
    assert told["refused"]["mistakes"] >= 1
    assert "mofaa" in caplog.text
    with client(gateways[0]) as officer:
        answer = ask(officer)
    assert (answer["extensions"]["regulations"], "errors" in answer) == (good, False)
    change(directory, "recipients: mofaa", "recipients: mofa")
    until(lambda: not any(law(address)["refused"] for address in gateways))
    assert law(gateways[0])["version"] == good


def test_a_file_that_is_being_written_and_a_comment_change_nothing(gateways: tuple[str, str], directory: Path) -> None:
    before = law(gateways[0])
    text = (directory / "mofa.yaml").read_text(encoding="utf-8")
    with (directory / "mofa.yaml").open("w", encoding="utf-8") as file:
        for line in ("# A comment.\n" + text).splitlines(keepends=True):
            file.write(line)
            file.flush()
            time.sleep(0.01)
    time.sleep(SECONDS)
    assert law(gateways[0]) == before
