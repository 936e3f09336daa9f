"""Evidence over HTTP from a real gateway with its ledger; checked by the command, and attacked."""

from __future__ import annotations

import dataclasses
import json
import os
import random
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pypdfium2
import pytest
import zxingcpp
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import expect

from auth.access import Caller
from auth.evidence import Bundle, NotEvidence, check
from auth.jws import Seal, read_facts
from auth.ledger import LedgerUnavailable
from auth.prove import Prover
from madang.cli import main
from madang.embedded import Embedded, known_residents
from madang.gateway import ledger_key, read_law
from madang.negotiate import Parameters
from madang.refusal import Refusal
from madang.settings import ServiceSettings, Settings
from madang.trusted import Documents
from madang.verification import RATE
from resolvers.evidence import DOCUMENT
from resolvers.operation import hash_of
from resolvers.services import text_hash
from tests.madang.browsing import launched, needs_browser, watched
from tests.madang.conftest import Serve

PASSPORT, PURPOSE = "2026-passport-008841", "passport-renewal"
FILE = 'query ($case: String) { evidence(service: "passport-renewal", case: $case) { entry payload jws file code html pdf } }'
EXTRACT = "query ($service: ID!) { evidence(service: $service) { entry code file html pdf } }"

PURPOSES = {"resident-extract": "own-records", "family-relation-certificate": "family-relation-certificate"}


class Asking:
    """Personas of a server."""

    def __init__(self, served: str) -> None:
        self.client = httpx.Client(base_url=served, timeout=30)
        self.tokens = {each["name"]: each["token"] for each in self.client.get("/personas").raise_for_status().json()}

    def ask(
        self, persona: str, purpose: str, query: str, headers: dict[str, str] | None = None, **variables: Any
    ) -> dict[str, Any]:
        asking = {"Authorization": f"Bearer {self.tokens[persona]}", "Madang-Purpose": purpose, **(headers or {})}
        answer = self.client.post("/graphql", headers=asking, json={"query": query, "variables": variables})
        return answer.json()  # type: ignore[no-any-return]

    def extract(self, service: str) -> dict[str, Any]:
        answer = self.ask("citizen", PURPOSES[service], EXTRACT, service=service)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]["evidence"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def asking(served: str) -> Iterator[Asking]:
    found = Asking(served)
    yield found
    found.client.close()


@pytest.fixture(scope="module")
def seal(settings: Settings) -> Seal:
    return Seal(ledger_key(settings))


@pytest.fixture(scope="module")
def evidence(asking: Asking) -> dict[str, Any]:
    """What a passport officer is given for a case."""
    answer = asking.ask("passport-officer", PURPOSE, FILE, case=PASSPORT)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]["evidence"]  # type: ignore[no-any-return]


def checked(text: str, seal: Seal) -> dict[str, Any]:
    return check(text, seal.public, hash_of)


def verify(tmp_path: Path, text: str | bytes, seal: Seal) -> Result:
    """`madang evidence verify` with two files and nothing else."""
    file, key = tmp_path / "evidence.json", tmp_path / "key.pem"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    key.write_bytes(seal.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return CliRunner().invoke(main, ["evidence", "verify", str(file), "--key", str(key)])


def test_an_officer_is_given_what_the_decision_rests_on(evidence: dict[str, Any], seal: Seal) -> None:
    payload = checked(evidence["file"], seal)
    assert json.loads(evidence["payload"]) == payload
    assert json.loads(evidence["file"])["signature"] == evidence["jws"]
    assert payload["response"]["data"]["resident"]["name"] == "김민준"
    assert payload["caller"] == {"agency": "mofa", "role": "passport-officer", "officer": "mofa-0417", "in_person": False}
    assert (payload["purpose"], payload["case"], payload["entry"]) == (PURPOSE, PASSPORT, evidence["entry"])
    granted = {each["coordinate"]: each["rules"] for each in payload["granted"]}
    assert granted["Passport.number"][0]["basis"] == "Passport Act, arts. 8 and 11"
    assert payload["residents"] == 3, "the applicant and both parents"
    # Whoever is not shown the number by the answer is not shown it by the evidence.
    assert known_residents()["citizen"] not in evidence["file"]
    assert (evidence["code"], evidence["html"], evidence["pdf"]) == (None, None, None)


def test_what_may_not_be_stored_was_shown_and_is_not_in_it(evidence: dict[str, Any], seal: Seal) -> None:
    payload = checked(evidence["file"], seal)
    assert payload["omitted"] == ["MilitaryService.dischargedOn", "MilitaryService.kind"]
    assert {*payload["omitted"]} <= {each["coordinate"] for each in payload["granted"]}, "that it was shown stays"
    assert payload["response"]["data"]["resident"]["militaryService"] == {"kind": None, "dischargedOn": None}
    assert "2004-11-20" not in evidence["file"]
    payload["omitted"].append("Resident.rrn")
    text = json.dumps(payload)
    with pytest.raises(NotEvidence, match="said to be omitted"):
        checked(Bundle(text, seal.bundle(text), payload["entry"]).file, seal)


def test_the_command_says_what_holds_and_what_was_decided(evidence: dict[str, Any], seal: Seal, tmp_path: Path) -> None:
    result = verify(tmp_path, evidence["file"], seal)
    assert result.exit_code == 0, result.output
    for text in (
        "the signature holds",
        f"entry {evidence['entry']}",
        "mofa-0417",
        PASSPORT,
        "Passport Act, arts. 8 and 11",
        "김민준",
    ):
        assert text in result.output
    other = verify(tmp_path, evidence["file"], Seal(Ed25519PrivateKey.generate()))
    assert (other.exit_code, other.stderr) == (
        1, "the evidence does not hold: it is signed by another key than the one that was given\n",
    )  # fmt: skip
    assert verify(tmp_path, b"\xff" + evidence["file"].encode(), seal).exit_code == 1
    for arguments in ([], ["--code", "0", str(tmp_path / "key.pem")], [str(tmp_path / "key.pem")]):
        assert CliRunner().invoke(main, ["evidence", "verify", *arguments]).exit_code == 2


def test_no_byte_of_the_file_can_be_another(evidence: dict[str, Any], seal: Seal) -> None:
    whole = evidence["file"].encode()
    chosen = random.Random(len(whole))
    places = {*range(60), *range(len(whole) - 400, len(whole)), *chosen.sample(range(len(whole)), 1500)}
    for place in sorted(places):
        changed = bytearray(whole)
        changed[place] = chosen.choice([byte for byte in range(256) if byte != whole[place]])
        try:
            text = changed.decode()
        except UnicodeDecodeError:
            continue
        with pytest.raises(NotEvidence):
            checked(text, seal)
    for text in (evidence["file"] + "\n", evidence["file"][:-1], " " + evidence["file"], "[]", "{}", "", "null"):
        with pytest.raises(NotEvidence):
            checked(text, seal)


def resigned(evidence: dict[str, Any], seal: Seal, change: Callable[[dict[str, Any]], None]) -> str:
    """A file that somebody who has the gateway's key made, with other content."""
    payload = json.loads(evidence["payload"])
    change(payload)
    text = json.dumps(payload, ensure_ascii=False)
    return Bundle(text, seal.bundle(text), 0).file


def test_what_is_signed_must_also_be_what_the_ledger_has(asking: Asking, evidence: dict[str, Any], seal: Seal) -> None:
    """Whoever could sign a bundle still could not make the ledger's entry say what the bundle says."""
    again = json.loads(asking.ask("passport-officer", PURPOSE, FILE, case=PASSPORT)["data"]["evidence"]["payload"])
    extract = json.loads(json.loads(asking.extract("resident-extract")["file"])["payload"])

    def setting(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
        def change(payload: dict[str, Any]) -> None:
            for name in path[:-1]:
                payload = payload[name]
            payload[path[-1]] = to

        return change

    for change, says in (
        (lambda payload: None, None),
        (setting("ledger", to=again["ledger"]), "something else of `entry`"),
        (setting("ledger", to=extract["ledger"]), "something else of `entry`"),
        (setting("ledger", "entry", to=again["ledger"]["entry"]), "the path does not lead to the root"),
        (setting("ledger", "form", to=extract["ledger"]["form"]), "the path does not lead to the root"),
        (setting("ledger", "block", to=again["ledger"]["block"]), "no proof"),
        (setting("ledger", "block", "at", to=1), "does not bear the signature"),
        (setting("ledger", "number", to=again["entry"]), "no proof"),
        (setting("ledger", "public_key", to="00" * 32), "does not bear the signature"),
        (setting("ledger", to=None), "no proof"),
        (setting("caller", "officer", to="mofa-0418"), "something else of `caller`"),
        (setting("purpose", to="statistics"), "something else of `purpose`"),
        (setting("case", to="2026-passport-000001"), "something else of `case`"),
        (setting("request", to=again["request"]), "something else of `request`"),
        (setting("at", to=again["at"]), "something else of `at`"),
        (setting("residents", to=1), "something else of `residents`"),
        (setting("granted", to=[]), "something else of `granted`"),
        (setting("regulations", to="another"), "something else of `regulations`"),
        (setting("response", "extensions", "regulations", to="another"), "other regulations"),
        (setting("document", "text", to="{ me { name } }"), "named by its SHA-256"),
        (setting("document", to=extract["document"]), "another operation"),
        (setting("document", to={}), "not as evidence is made"),
        (setting("kind", to="another"), "no `madang evidence 1`"),
    ):  # fmt: skip
        text = resigned(evidence, seal, change)
        if says is None:
            checked(text, seal)
            continue
        with pytest.raises(NotEvidence, match=says):
            checked(text, seal)


def refused(answer: dict[str, Any]) -> tuple[str, str]:
    assert answer["data"] == {"evidence": None}
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["message"]


def test_there_is_evidence_of_nothing_but_open_cases_of_ones_own_agency(asking: Asking) -> None:
    """No such case, another agency's, one for another purpose, a closed one: it cannot be told which."""
    cases = [None, "2026-passport-999999", "2026-licence-000077", "2026-00017", "2025-00009", "x" * 10_000, "가"]
    told = {refused(asking.ask("passport-officer", PURPOSE, FILE, case=case)) for case in cases}
    code, message = told.pop()
    assert (code, told) == ("BAD_USER_INPUT", set())
    assert "open case of your agency" in message
    assert refused(asking.ask("passport-officer", PURPOSE, FILE, case="2026\0"))[0] == "BAD_USER_INPUT"
    # The header's case counts where none is named.
    named = asking.ask("passport-officer", PURPOSE, FILE, {"Madang-Case": PASSPORT})
    assert json.loads(named["data"]["evidence"]["payload"])["case"] == PASSPORT
    assert refused(asking.ask("passport-officer", PURPOSE, FILE, {"Madang-Case": PASSPORT}, case="2026-licence-000077"))


def test_there_is_no_evidence_under_another_purpose_nor_of_others_services(asking: Asking) -> None:
    def of(persona: str, purpose: str, service: str, case: str | None = PASSPORT) -> str:
        query = "query ($service: ID!, $case: String) { evidence(service: $service, case: $case) { file } }"
        code, message = refused(asking.ask(persona, purpose, query, service=service, case=case))
        assert code == "BAD_USER_INPUT"
        return message

    assert "is for the purpose `passport-renewal`" in of("passport-officer", "statistics", "passport-renewal")
    assert "none of your role's" in of("licence-officer", "driving-licence-renewal", "passport-renewal")
    assert "none of your role's" in of("citizen", "own-records", "passport-renewal")
    assert "none of your role's" in of("passport-officer", PURPOSE, "resident-extract", None)
    assert "is no service" in of("passport-officer", PURPOSE, 'resident-extract"')
    assert "takes no case" in of("citizen", "own-records", "resident-extract")


def test_evidence_is_an_operation_like_any_other(asking: Asking) -> None:
    """It stands in the ledger, and the resident sees it."""
    payload = json.loads(asking.ask("passport-officer", PURPOSE, FILE, case=PASSPORT)["data"]["evidence"]["payload"])
    log = asking.ask("citizen", "own-records", "{ me { accessLog(first: 1) { number caseNumber items { coordinate } } } }")
    (seen,) = log["data"]["me"]["accessLog"]
    assert (seen["number"], seen["caseNumber"]) == (payload["entry"], PASSPORT)
    mine = {each["coordinate"] for each in payload["granted"]}
    assert {each["coordinate"] for each in seen["items"]} == mine


def test_without_the_ledger_there_is_no_evidence(
    settings: Settings, serve: Serve, nation: Embedded, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unable(*_: Any) -> None:
        raise LedgerUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(Prover, "prove", unable)
        assert refused(asking.ask("passport-officer", PURPOSE, FILE, case=PASSPORT))[0] == "LEDGER_UNAVAILABLE"
    nowhere = dataclasses.replace(settings.gateway, address="postgresql://madang@127.0.0.1:9/gateway")
    with serve(dataclasses.replace(settings, gateway=nowhere), nation) as address:
        lost = Asking(address)
        for persona, purpose, query, variables in (
            ("passport-officer", PURPOSE, FILE, {"case": PASSPORT}),
            ("citizen", "own-records", EXTRACT, {"service": "resident-extract"}),
        ):
            answer = lost.ask(persona, purpose, query, **variables)
            assert refused(answer)[0] == "LEDGER_UNAVAILABLE"
            assert "김민준" not in json.dumps(answer, ensure_ascii=False)
        assert lost.client.get("/verify", params={"code": "0" * 20}).status_code == 503
        lost.client.close()


def test_evidence_can_be_asked_for_where_approved_documents_alone_are_taken(asking: Asking, settings: Settings) -> None:
    documents = Documents(read_law(settings).services, ServiceSettings(documents="approved"))
    officer, hash = Caller("mofa", "passport-officer", "mofa-0417"), text_hash(DOCUMENT)
    for parameters in (Parameters(DOCUMENT, None, None, None), Parameters(None, None, None, None, hash)):
        assert documents.meant(parameters, officer) == DOCUMENT
    with pytest.raises(Refusal, match="approved documents alone"):
        documents.meant(Parameters(DOCUMENT.replace("entry", "entry code"), None, None, None), officer)
    headers = {"Authorization": f"Bearer {asking.tokens['citizen']}", "Madang-Purpose": "own-records"}
    for html in (True, False):
        body = {"documentId": f"sha256:{hash}", "variables": {"service": "resident-extract", "html": html}}
        found = asking.client.post("/graphql", headers=headers, json=body).json()["data"]["evidence"]
        assert set(found) == {"entry", "payload", "jws", "file", "code"} | ({"html"} if html else set())


# Extracts


@pytest.mark.parametrize("service", ["resident-extract", "family-relation-certificate"])
def test_an_extract_is_printed_of_oneself_alone(asking: Asking, service: str, seal: Seal) -> None:
    found = asking.extract(service)
    checked(found["file"], seal)
    document = pypdfium2.PdfDocument(b64decode(found["pdf"]))
    assert len(document) == 1
    text = document[0].get_textpage().get_text_range()
    for each in ("김민준", "810314-9970008", "이서연", found["code"], str(found["entry"]), "행정정보공동이용센터"):
        assert each in text
        assert each in found["html"]
    elsewhere = "김영수" in text, "김영수" in found["html"]
    assert elsewhere == ((True, True) if service in PURPOSES.values() else (False, False)), "a father who lives elsewhere"
    # Nothing that is sent could make it another's: the document takes no variable.
    assert asking.ask("citizen", PURPOSES[service], EXTRACT, service=service, rrn="9012010970000")["data"]["evidence"]["code"]
    for persona, purpose in (("passport-officer", PURPOSE), ("resident-clerk", "change-of-address")):
        assert refused(asking.ask(persona, purpose, EXTRACT, service=service))[0] == "BAD_USER_INPUT"


def test_the_purpose_of_a_certificate_leads_to_nobody_but_those_it_names(asking: Asking) -> None:
    def ask(query: str) -> Any:
        return asking.ask("citizen", "family-relation-certificate", query)["data"]

    family = ask(
        "{ me { household { size } parents { name id rrn address parents { name } children { name } } spouse { name } } }"
    )
    assert family["me"]["household"] is None
    assert family["me"]["spouse"] == {"name": "이서연"}
    for parent in family["me"]["parents"]:
        assert parent.pop("name") in ("김영수", "박순자")
        assert set(parent.values()) == {None}
    numbers = known_residents()
    for number in (numbers["citizen"], numbers["citizen-father"], numbers["protected"]):
        assert ask(f'{{ resident(rrn: "{number}") {{ name }} }}') == {"resident": None}


def test_a_code_tells_that_it_is_genuine_and_never_whose(asking: Asking, settings: Settings) -> None:
    code = asking.extract("resident-extract")["code"]
    answer = asking.client.get("/verify", params={"code": code.lower().replace("-", " ")})
    told = answer.json()
    assert set(told) == {"genuine", "service", "title", "issued"}
    assert (told["genuine"], told["service"]) == (True, "resident-extract")
    assert answer.headers["cache-control"] == "no-store"
    other = asking.extract("family-relation-certificate")["code"]
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    inventions = [code[:-1] + ("7" if code[-1] != "7" else "8"), code[:9] + other[9:], "0" * 20, "Z" * 24, "", "?", "U" * 20]
    inventions += ["".join(random.choices(alphabet, k=20)) for _ in range(5)]
    for invention in inventions:
        assert asking.client.get("/verify", params={"code": invention}).json() == {"genuine": False}


def scanned(pdf: str) -> str:
    """What the QR code of a printed page says."""
    picture = pypdfium2.PdfDocument(b64decode(pdf))[0].render(scale=4).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    return code.text


@needs_browser
async def test_what_is_scanned_is_checked_in_the_browser_and_sent_nowhere(asking: Asking, served: str, seal: Seal) -> None:
    found = asking.extract("resident-extract")
    address = scanned(found["pdf"])
    assert f'href="{address}"' in found["html"]
    verify, _, jws = address.partition("#")
    assert verify == "http://127.0.0.1:8000/verify", "where the settings say that it is reached"
    facts = json.loads(read_facts(jws, seal.public))
    assert (facts["entry"], facts["code"], facts["service"]) == (found["entry"], found["code"], "resident-extract")
    async with launched() as browser:
        sent: list[str] = []
        async with watched(browser, served) as page:
            page.on("request", lambda request: sent.append(request.url))
            await page.goto(f"{served}/verify#{jws}")
            await expect(page.locator("#scanned .verdict")).to_have_class("verdict good")
            await expect(page.locator("#scanned tbody tr")).to_have_count(sum(len(rows) for _, _, rows in facts["tables"]))
            await expect(page.locator("#scanned")).to_contain_text("810314-9970008")
            paths = {url.removeprefix(served).partition("#")[0] for url in sent if not url.startswith("data:")}
            assert paths == {"/verify", "/verify/page.css", "/verify/page.js", "/verify/key"}
            if picture := os.environ.get("MADANG_PICTURE"):
                await page.screenshot(path=picture)
            for place in (5, len(jws) // 2, len(jws) - 8):
                other = jws[:place] + ("A" if jws[place] != "A" else "B") + jws[place + 1 :]
                await page.goto(f"{served}/verify#{other}")
                await expect(page.locator("#scanned .verdict")).to_have_class("verdict bad")
                await expect(page.locator("#scanned table")).to_have_count(0)
            await page.get_by_label("확인번호").fill(found["code"])
            await page.get_by_role("button").click()
            await expect(page.get_by_role("status")).to_contain_text("주민등록표 등본")


def test_codes_cannot_be_tried_by_the_thousand(asking: Asking) -> None:
    answers = [asking.client.get("/verify", params={"code": "0000-1000-0000-0000-0000"}) for _ in range(5 * RATE)]
    slowed = [answer for answer in answers if answer.status_code == 429]
    assert slowed
    assert all(answer.headers["retry-after"] == "1" for answer in slowed)
