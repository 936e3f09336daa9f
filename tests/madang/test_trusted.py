"""Trusted documents over HTTP: a document by its hash, agencies that may send no others, and the services in the graph."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from madang.embedded import Embedded, known_residents
from madang.settings import ServiceSettings, Settings
from tests.madang.conftest import Serve

SERVICES = Path(__file__).parents[2] / "examples/korea/services"
GRAPHQL, JSON = "application/graphql-response+json", "application/json"
RENEWAL, MOVE = ((SERVICES / name / "operation.graphql").read_text("utf-8") for name in ("passport-renewal", "change-of-address"))
REPORT = (SERVICES / "change-of-address" / "report.graphql").read_text("utf-8")
CITIZEN = {"rrn": known_residents()["citizen"]}
UNKNOWN = "0" * 64


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def identified(text: str) -> dict[str, Any]:
    return {"documentId": f"sha256:{hash_of(text)}"}


def persisted(hash: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}}


def post(client: httpx.Client, body: Mapping[str, Any], **headers: str) -> httpx.Response:
    return client.post("/graphql", json={"variables": CITIZEN, **body}, headers=headers)


def get(client: httpx.Client, parameters: Mapping[str, Any]) -> httpx.Response:
    written = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    return client.get("/graphql", params={"variables": json.dumps(CITIZEN), **written})


def code(response: httpx.Response) -> str:
    body = response.json()
    assert "data" not in body
    assert len(body["errors"]) == 1
    assert "김민준" not in response.text
    found: str = body["errors"][0]["extensions"]["code"]
    return found


def name(response: httpx.Response) -> str:
    found: str = response.json()["data"]["resident"]["name"]
    return found


@pytest.fixture(scope="module")
def strict(nation: Embedded, settings: Settings, serve: Serve) -> Iterator[str]:
    """A server that takes approved documents alone, but from municipalities."""
    own = ServiceSettings(SERVICES, "approved", {"jongno": "free"})
    with serve(dataclasses.replace(settings, services=own), nation) as address:
        yield address


def client_of(address: str, token: str, purpose: str, case: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}", "Madang-Purpose": purpose, "Madang-Case": case, "Accept": GRAPHQL}
    return httpx.Client(base_url=address, headers=headers, timeout=20)


@pytest.fixture
def passports(strict: str, tokens: dict[str, str]) -> Iterator[httpx.Client]:
    """A passport officer, who may send approved documents alone."""
    with client_of(strict, tokens["passport-officer"], "passport-renewal", "2026-passport-008841") as client:
        yield client


def test_a_document_is_known_by_its_hash_in_either_form_and_by_either_method(officer: httpx.Client) -> None:
    whole = post(officer, {"query": RENEWAL}).json()["data"]
    assert whole["resident"]["name"] == "김민준"
    for given in (identified(RENEWAL), persisted(hash_of(RENEWAL)), {**persisted(hash_of(RENEWAL)), **identified(RENEWAL)}):
        assert post(officer, given).json()["data"] == whole
        assert post(officer, {**given, "query": RENEWAL}).json()["data"] == whole
        assert post(officer, {**given, "operationName": "PassportRenewal"}, Accept=JSON).json()["data"] == whole
        assert get(officer, given).json()["data"] == whole


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200)])
def test_an_unknown_hash_is_told_in_the_words_that_clients_wait_for(officer: httpx.Client, accept: str, status: int) -> None:
    response = post(officer, {"documentId": f"sha256:{UNKNOWN}"}, Accept=accept)
    assert (response.status_code, code(response)) == (status, "DOCUMENT_NOT_FOUND")
    response = post(officer, persisted(UNKNOWN), Accept=accept)
    assert (response.status_code, code(response)) == (status, "PERSISTED_QUERY_NOT_FOUND")
    assert response.json()["errors"][0]["message"] == "PersistedQueryNotFound"


def test_no_request_makes_a_document_known(officer: httpx.Client) -> None:
    text = "query($rrn: String!) { resident(rrn: $rrn) { name } }"
    assert code(post(officer, persisted(hash_of(text)))) == "PERSISTED_QUERY_NOT_FOUND"
    assert name(post(officer, {"query": text, **persisted(hash_of(text))})) == "김민준"
    assert code(post(officer, persisted(hash_of(text)))) == "PERSISTED_QUERY_NOT_FOUND"
    assert code(get(officer, persisted(hash_of(text)))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "body",
    [
        {"query": RENEWAL + " ", **identified(RENEWAL)},
        {"query": "{ __typename }", **persisted(hash_of(RENEWAL))},
        {"query": "", **identified(RENEWAL)},
        {**identified(RENEWAL), **persisted(hash_of(MOVE))},
        {"query": None},
        {"documentId": hash_of(RENEWAL)},
        {"documentId": f"sha256:{hash_of(RENEWAL).upper()}"},
        {"documentId": f"sha256:{hash_of(RENEWAL)}\n"},
        {"documentId": f"md5:{UNKNOWN}"},
        {"documentId": 1},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": hash_of(RENEWAL)}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(RENEWAL)[:63]}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": None}}},
        {"extensions": {"persistedQuery": hash_of(RENEWAL)}},
    ],
)
def test_what_names_no_document_or_two_is_refused(officer: httpx.Client, body: dict[str, Any]) -> None:
    response = post(officer, body)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


def test_an_approved_document_is_answered_by_hash_and_by_its_text(passports: httpx.Client) -> None:
    for given in ({"query": RENEWAL}, identified(RENEWAL), persisted(hash_of(RENEWAL))):
        for response in (post(passports, given), post(passports, given, Accept=JSON), get(passports, given)):
            assert name(response) == "김민준"
            assert "errors" not in response.json()


@pytest.mark.parametrize(
    "text",
    [
        RENEWAL + " ",
        RENEWAL.rstrip(),
        RENEWAL.rstrip().removesuffix("}"),
        RENEWAL.replace("name\n", "name \n", 1),
        RENEWAL.replace("\n", "\r\n"),
        "\ufeff" + RENEWAL,
        RENEWAL + "query Other($rrn: String!) { resident(rrn: $rrn) { name } }",
        RENEWAL.replace("    sex\n", ""),
        MOVE,
        "{ __schema { queryType { name } } }",
        "{ __typename }",
        "mutation { __typename }",
        "{",
        "\ud800",
    ],
)
def test_whoever_may_send_approved_documents_alone_may_send_nothing_like_them(passports: httpx.Client, text: str) -> None:
    for accept in (GRAPHQL, JSON):
        content = json.dumps({"query": text, "variables": CITIZEN})
        response = passports.post("/graphql", content=content, headers={"Content-Type": JSON, "Accept": accept})
        expected = (400, "BAD_REQUEST") if text == "\ud800" else (403, "DOCUMENT_NOT_APPROVED")  # half a character is no JSON
        assert (response.status_code, code(response)) == expected
    if text != "\ud800":
        response = get(passports, {"query": text})
        assert (response.status_code, code(response)) == (403, "DOCUMENT_NOT_APPROVED")


def test_a_document_that_is_approved_for_another_agency_or_role_is_not_for_this_one(
    strict: str, passports: httpx.Client, tokens: dict[str, str]
) -> None:
    for given in (identified(MOVE), persisted(hash_of(MOVE)), {"query": MOVE, **identified(MOVE)}):
        assert code(post(passports, given)) == "DOCUMENT_NOT_APPROVED"
        assert code(get(passports, given)) == "DOCUMENT_NOT_APPROVED"
    for persona, purpose in (("tax-officer", "income-tax-assessment"), ("citizen", "own-records")):
        with client_of(strict, tokens[persona], purpose, "2026-income-tax-000412") as client:
            for body in (identified(RENEWAL), {"query": RENEWAL}, {"query": "{ __schema { types { name } } }"}):
                assert code(post(client, body)) == "DOCUMENT_NOT_APPROVED"
            assert code(post(client, persisted(UNKNOWN))) == "PERSISTED_QUERY_NOT_FOUND"


def test_that_somebody_sent_what_is_not_approved_is_in_the_ledger(passports: httpx.Client, nation: Embedded) -> None:
    async def recorded() -> list[str]:
        connection = await asyncpg.connect(nation.gateway_dsn)
        forms = await connection.fetch("SELECT content FROM ledger_form")
        await connection.close()
        return [form["content"] for form in forms]

    assert code(post(passports, {"query": "{ __typename }"})) == "DOCUMENT_NOT_APPROVED"
    forms = [json.loads(form) for form in asyncio.run(recorded())]
    [found] = [form for form in forms if form["refused"] == "DOCUMENT_NOT_APPROVED" and form["agency"] == "mofa"]
    assert (found["asked"], found["operation"]) == ([], None)


def test_a_service_reports_by_its_approved_document(strict: str, passports: httpx.Client, tokens: dict[str, str]) -> None:
    moves = {"address": "서울특별시 종로구 창신동 창신길 1", "districtCode": "11110"}
    given = {"residents": [CITIZEN], "to": moves, "movedOn": "2999-01-01", "reason": "HOUSING"}
    body = {**identified(REPORT), "variables": {"key": "approved-1", "input": given}}
    assert code(post(passports, body)) == "DOCUMENT_NOT_APPROVED"
    with client_of(strict, tokens["resident-clerk"], "change-of-address", "2026-00018") as clerk:
        told = post(clerk, body).json()["data"]["reportMoveIn"]
        assert [each["code"] for each in told["errors"]] == ["IN_FUTURE"]
        assert clerk.get("/graphql", params={**identified(REPORT)}).status_code == 405


def test_the_name_of_another_operation_does_not_get_one_in(passports: httpx.Client) -> None:
    response = post(passports, {**identified(RENEWAL), "operationName": "Other"})
    assert (response.status_code, code(response)) == (400, "OPERATION_RESOLUTION_FAILURE")


def test_an_approved_document_is_under_the_law_like_any_other(passports: httpx.Client) -> None:
    for purpose, expected in ((None, (400, "PURPOSE_REQUIRED")), ("change-of-address", (403, "PURPOSE_NOT_ALLOWED"))):
        kept = [(n, v) for n, v in passports.headers.multi_items() if n != "madang-purpose"]
        with httpx.Client(base_url=passports.base_url, headers=kept) as client:
            response = post(client, identified(RENEWAL), **({} if purpose is None else {"Madang-Purpose": purpose}))
        assert (response.status_code, code(response)) == expected


def test_an_agency_of_which_it_is_said_otherwise_may_ask_freely(strict: str, tokens: dict[str, str]) -> None:
    with client_of(strict, tokens["resident-clerk"], "change-of-address", "2026-00018") as client:
        assert name(post(client, {"query": MOVE + "\n"})) == "김민준"
        assert name(post(client, identified(MOVE))) == "김민준"
        assert post(client, {"query": "{ __typename }"}).json()["data"] == {"__typename": "Query"}


def test_a_minors_guardians_are_read_with_the_passport(passports: httpx.Client) -> None:
    minor = {"rrn": known_residents()["citizen-daughter"]}
    found = post(passports, {**identified(RENEWAL), "variables": minor}).json()["data"]["resident"]
    assert not found["isAdult"]
    assert {each["name"] for each in found["guardians"]} == {"김민준", "이서연"}
    ward = post(passports, {**identified(RENEWAL), "variables": {"rrn": known_residents()["ward"]}}).json()["data"]["resident"]
    assert [each["name"] for each in ward["guardians"]] == ["신유나"]
    assert len(ward["parents"]) == 2
    assert post(passports, identified(RENEWAL)).json()["data"]["resident"]["guardians"] == []


ASKED = """{ services {
  code title { ko en } description { en } purpose article documentId document reportId report subject reads mine papersReplaced
  papers { code title { ko } office { en } minorsOnly shows } registers { code title holder { code title { ko } } }
} }"""


def test_the_graph_lists_the_services_and_whose_they_are(served: str, tokens: dict[str, str]) -> None:
    with client_of(served, tokens["passport-officer"], "passport-renewal", "") as client:
        del client.headers["madang-case"]
        del client.headers["madang-purpose"]
        listed = {each["code"]: each for each in post(client, {"query": ASKED, "variables": {}}).json()["data"]["services"]}
    birth, move, renewal = (listed[name] for name in ("birth", "change-of-address", "passport-renewal"))
    assert [each["mine"] for each in (birth, move, renewal)] == [False, False, True]
    assert (renewal["code"], renewal["subject"], renewal["purpose"]) == ("passport-renewal", "rrn", "passport-renewal")
    assert renewal["title"] == {"ko": "여권 재발급", "en": "Passport renewal"}
    assert renewal["document"] == RENEWAL
    assert renewal["documentId"] == f"sha256:{hash_of(RENEWAL)}"
    assert (move["report"], move["reportId"], renewal["report"]) == (REPORT, f"sha256:{hash_of(REPORT)}", None)
    assert [each["papersReplaced"] for each in (birth, move, renewal)] == [6, 4, 5]
    assert [paper["code"] for paper in renewal["papers"] if paper["minorsOnly"]] == ["guardian-consent", "basic-certificate"]
    assert [register["code"] for register in renewal["registers"]] == ["mois", "scourt", "mofa", "moj", "mma"]
    assert {register["holder"]["code"] for register in birth["registers"]} == {"mois", "scourt", "nhis", "mohw"}
    assert {register["holder"]["code"] for register in move["registers"]} == {"mois", "scourt", "molit"}
    assert set(renewal["papers"][0]["shows"]) - set(renewal["reads"]) >= {"Resident.rrn", "MoveIn.toAddress"}
    with client_of(served, tokens["resident-clerk"], "change-of-address", "") as client:
        del client.headers["madang-case"]
        listed = post(client, {"query": "{ services { code mine } }", "variables": {}}).json()["data"]["services"]
    assert {each["code"] for each in listed if each["mine"]} == {"birth", "change-of-address"}
