"""A passport officer's renewal, from token to evidence: python -m examples.ministry.renew --key ledger-key.pem

What six registers say of the applicant is printed in the words of the decision. What the decision rested on is kept as a file of
evidence, and that is checked with the gateway's public key, offline.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from gql import GraphQLRequest

from examples.ministry import demo
from examples.ministry.gateway import Answer, Approved, Gateway, Refused
from examples.ministry.operations.evidence import EvidenceResult
from examples.ministry.operations.passport_renewal import PassportRenewalResult
from examples.ministry.operations.passport_renewal import PassportRenewalResultResident as Applicant
from examples.ministry.operations.services import ServicesResult

OPERATIONS = Path(__file__).parent / "operations"
SERVICE = PURPOSE = "passport-renewal"


def main() -> None:
    parser = argparse.ArgumentParser(description="Renew a passport: look, decide, keep the evidence.")
    parser.add_argument("--case", default="2026-passport-008841", help="the number of an open case (%(default)s)")
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="the gateway's address (%(default)s)")
    parser.add_argument("--key", type=Path, required=True, help="the gateway's public key, as `madang ledger key` printed it")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where the evidence is kept (%(default)s)")
    given = parser.parse_args()
    try:
        rrn = demo.applicant(given.case)
        gateway = Gateway(given.address, lambda: demo.token(given.address), PURPOSE, given.case)
        print("\n".join(told(asked(gateway, rrn))))
        file = kept(gateway, given.case, given.out)
    except (LookupError, Refused) as error:
        sys.exit(f"not decided: {error}")
    print(f"\nevidence kept in {file}; checked offline:")
    sys.exit(verified(file, given.key))


def asked(gateway: Gateway, rrn: str) -> Answer:
    """The answer to the service's document about the applicant; raises `Refused`."""
    try:
        answer = gateway.ask(Approved((OPERATIONS / "passport_renewal.graphql").read_text("utf-8"), {"rrn": rrn}))
    except Refused as error:
        if error.code not in ("DOCUMENT_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND"):
            raise
        services: ServicesResult = gateway.ask(GraphQLRequest((OPERATIONS / "services.graphql").read_text("utf-8"))).data
        now = next((each["documentId"] for each in services["services"] if each["code"] == SERVICE and each["mine"]), "none")
        raise Refused(error.code, f"another document is approved now ({now}): take it over and run `generate.py`") from None
    silent = sorted(each["extensions"]["coordinate"] for each in answer.errors if code(each) == "SOURCE_UNAVAILABLE")
    if silent:
        raise Refused(
            "SOURCE_UNAVAILABLE", f"a register does not answer, so there is nothing to decide on yet: {', '.join(silent)}"
        )
    return answer


def told(answer: Answer) -> Iterator[str]:
    """The answer in words: the applicant, what the decision turns on, what was withheld, and what is owed."""
    result: PassportRenewalResult = answer.data
    applicant = result["resident"]
    if applicant is None:
        raise Refused("NOT_FOUND", "nobody has the applicant's resident number, or it is withheld")
    yield f"applicant   {applicant['name']}, born {applicant['birthDate']}, {str(applicant['sex']).lower()}"
    yield f"address     {applicant['address'] or 'unknown or withheld'}"
    yield "decision"
    yield from (f"  - {point}" for point in points(applicant))
    for error in answer.errors:
        articles = "; ".join(rule["basis"] for rule in error["extensions"].get("rules", []))
        yield f"not shown   {error['message']} ({articles})"
    for duty in answer.duties:
        owed = f"to be kept for {duty['retain']}" if "retain" in duty else "not to be stored in records of your own"
        yield f"duty        {', '.join(duty['coordinates'])}: {owed} ({duty['rule']['basis']})"


def points(applicant: Applicant) -> Iterator[str]:
    """What the decision turns on, under the Passport Act: a person, parental consent, the old passport, service, journeys."""
    yield "is registered" if applicant["status"] == "REGISTERED" else f"is not registered any more: {applicant['status']}"
    if applicant["isAdult"]:
        yield "is of age: nobody's consent is needed"
    else:
        guardians = ", ".join(str(each["name"]) for each in applicant["guardians"] or []) or "a guardian whom no register names"
        yield f"is a minor: {guardians} must consent"
    for passport in applicant["passports"] or []:
        if passport["status"] in ("VALID", "LOST"):
            todo = "is invalidated by the renewal" if passport["status"] == "VALID" else "is reported lost"
            yield f"passport {passport['number']} ({passport['romanizedName']}), good until {passport['expiresOn']}, {todo}"
    if service := applicant["militaryService"]:
        until = f", discharged on {service['dischargedOn']}" if service["dischargedOn"] else ""
        yield f"military service: {str(service['kind']).lower()}{until}"
    if journeys := applicant["borderCrossings"]:
        last = journeys[0]
        where = "in the country" if last["direction"] == "ENTRY" else "abroad"
        yield f"{where}, by the last crossing: {last['crossedOn']}, {last['port']}"


def kept(gateway: Gateway, case: str, directory: Path) -> Path:
    """The file of evidence of the case, saved byte by byte; raises `Refused`."""
    variables = {"service": SERVICE, "case": case}
    answer = gateway.ask(Approved((OPERATIONS / "evidence.graphql").read_text("utf-8"), variables))
    result: EvidenceResult = answer.data
    if result["evidence"] is None:
        raise Refused(code(answer.errors[0]), answer.errors[0]["message"])
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / f"{case}.evidence.json"
    file.write_bytes(result["evidence"]["file"].encode())
    return file


def verified(file: Path, key: Path) -> int:
    """Checks evidence with nothing but the file and the key, and prints what holds; gives the exit code."""
    command = [sys.executable, "-m", "madang", "evidence", "verify", str(file), "--key", str(key)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    holds, _, _ = done.stdout.partition("\n\n")
    print(holds or done.stderr.strip())
    return done.returncode


def code(error: dict[str, object]) -> str:
    """The stable code of an error."""
    extensions = error.get("extensions")
    return str(extensions.get("code")) if isinstance(extensions, dict) else "NO_ANSWER"


if __name__ == "__main__":
    main()
