"""The military service register over HTTP: its own process, started with the embedded demo."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from examples.korea.mma import MOST_KEYS
from madang.embedded import Embedded, known_residents

SEARCH = "/v1/military_service/search"


@pytest.fixture(scope="session")
async def api(nation: Embedded) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {nation.mma_api_key}"}
    async with httpx.AsyncClient(base_url=nation.mma_url, headers=headers, trust_env=False) as client:
        yield client


async def test_records_are_those_of_the_database(nation: Embedded, api: httpx.AsyncClient) -> None:
    connection = await asyncpg.connect(nation.dsns["mma"])
    try:
        rows = await connection.fetch("SELECT * FROM military_service ORDER BY rrn LIMIT 500")
    finally:
        await connection.close()
    fields = ["rrn", "kind", "enlisted_on", "discharged_on", "rank"]
    answer = await api.post(SEARCH, json={"key": "rrn", "keys": [row["rrn"] for row in rows], "fields": fields})
    assert answer.status_code == 200
    told = sorted(answer.json()["records"], key=lambda record: record["rrn"])
    dates = ("enlisted_on", "discharged_on")
    assert told == [{**row, **{name: row[name] and row[name].isoformat() for name in dates}} for row in rows]
    assert len(told) == MOST_KEYS


async def test_a_search_gives_the_fields_it_names_and_no_absent_key(api: httpx.AsyncClient) -> None:
    known = known_residents()
    keys = [known["citizen"], known["citizen"], known["citizen-spouse"], "0000000000000"]
    answer = await api.post(SEARCH, json={"key": "rrn", "keys": keys, "fields": ["kind", "rrn"]})
    assert answer.json() == {"records": [{"rrn": known["citizen"], "kind": "ACTIVE"}]}
    assert (await api.post(SEARCH, json={"key": "rrn", "keys": [], "fields": ["rrn"]})).json() == {"records": []}


async def test_healthz(nation: Embedded) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{nation.mma_url}/healthz")).json() == {"status": "ok"}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic eDp5", "Bearer é"])
async def test_without_its_key_it_tells_nothing(api: httpx.AsyncClient, header: str) -> None:
    body = {"key": "rrn", "keys": [known_residents()["citizen"]], "fields": ["rrn"]}
    answer = await api.post(SEARCH, json=body, headers={b"Authorization": header.encode()})
    assert (answer.status_code, answer.json()) == (401, {"error": "the API key is missing or wrong"})


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"key": "rrn", "keys": ["1"], "fields": ["rrn", "salary"]}, 400, "there is no field `salary`"),
        ({"key": "rrn", "keys": ["1"], "fields": ['rrn" --']}, 400, 'there is no field `rrn" --`'),
        ({"key": "rrn", "keys": ["1"], "fields": []}, 400, "`fields` is not a list of names"),
        ({"key": "rrn", "keys": ["1"], "fields": [{}]}, 400, "there is no field `{}`"),
        ({"key": "kind", "keys": ["ACTIVE"], "fields": ["rrn"]}, 400, "records are not found by `kind`"),
        ({"keys": ["1"], "fields": ["rrn"]}, 400, "records are not found by `None`"),
        ({"key": "rrn", "keys": "1", "fields": ["rrn"]}, 400, "`keys` is not a list of strings"),
        ({"key": "rrn", "keys": [1], "fields": ["rrn"]}, 400, "`keys` is not a list of strings"),
        ({"key": "rrn", "keys": ["1\0"], "fields": ["rrn"]}, 400, "a key has a character that no text holds"),
        ({"key": "rrn", "keys": ["1"] * (MOST_KEYS + 1), "fields": ["rrn"]}, 413, "there are more than 500 keys"),
        ([], 400, "the body is not an object"),
    ],
)
async def test_a_bad_search_is_refused(api: httpx.AsyncClient, body: object, status: int, error: str) -> None:
    answer = await api.post(SEARCH, json=body)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


async def test_errors_of_paths_and_bodies_are_json_too(api: httpx.AsyncClient) -> None:
    asked = {"key": "rrn", "keys": ["1"], "fields": ["rrn"]}
    unknown = await api.post("/v1/pg_roles/search", json=asked)
    assert (unknown.status_code, unknown.json()) == (404, {"error": "there is no table `pg_roles`"})
    broken = await api.post(SEARCH, content=b"{")
    assert (broken.status_code, broken.json()) == (400, {"error": "the body is not JSON"})
    method = await api.get(SEARCH)
    assert (method.status_code, method.json()) == (405, {"error": "method not allowed"})
    nowhere = await api.get("/")
    assert (nowhere.status_code, nowhere.json()) == (404, {"error": "not found"})


async def test_it_connects_anew_when_the_database_dropped_it(nation: Embedded, api: httpx.AsyncClient) -> None:
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
    connection = await asyncpg.connect(nation.dsns["mma"])
    try:
        assert await connection.fetch(others)
    finally:
        await connection.close()
    body = {"key": "rrn", "keys": [known_residents()["citizen"]], "fields": ["kind"]}
    first = await api.post(SEARCH, json=body)
    assert first.status_code == 200 or (first.status_code, first.json()) == (503, {"error": "the database does not answer"})
    assert (await api.post(SEARCH, json=body)).json() == {"records": [{"kind": "ACTIVE"}]}
