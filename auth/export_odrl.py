"""The regulations in force as W3C ODRL 2.2 policies in JSON-LD, with the Data Privacy Vocabulary's words where it has them.

Each regulation is a Set. A permission of it is a Permission for each of its portions, because what is read, what is masked in one
way and what is searched by are different actions; it names whom (assignee), what (target) and under which constraints. DPV tells
purposes, legal basis, consent, recipients and the data controller, which is the holder. What neither has a word for (roles,
cases, access, whose subject, that a resident is shown what was read) is of a profile, `urn:madang:terms:`. An exception to a
prohibition is said as ODRL can say it: the prohibition holds where one of the exception's parts does not. That a coordinate is
hidden is no rule, and is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from auth.access import Mask, Since, Span
from auth.authorizer import RegulationAuthorizer
from auth.document import Word
from auth.portions import Portion, portions
from auth.rules import Condition, Exemption, Parties, Period, Permission, Prohibition, Purpose, Regulation, Title

Data = dict[str, Any]

TERMS = "urn:madang:terms:"
CONTEXT = [
    "http://www.w3.org/ns/odrl.jsonld",
    {
        "odrl": "http://www.w3.org/ns/odrl/2/",
        "dpv": "https://w3id.org/dpv#",
        "dcterms": "http://purl.org/dc/terms/",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "madang": TERMS,
    },
]


def document(law: RegulationAuthorizer) -> Data:
    """All regulations in force on the law's day, with the parties and purposes that they name."""
    sets = [_set(regulation, law.parties) for regulation in law.regulations]
    purposes = [_purpose(code, purpose) for code, purpose in law.declared_purposes.items()]
    return {"@context": CONTEXT, "@graph": [*sets, *_parties(law.parties), *purposes]}


def iri(kind: str, name: str) -> str:
    """How an agency, a group, a role, a purpose, a coordinate or a regulation is called outside."""
    return f"urn:madang:{kind}:{name}"


def _set(regulation: Regulation, parties: Parties) -> Data:
    uid = iri("regulation", f"{regulation.name}:{regulation.version}")
    holder = iri("agency", regulation.holder)
    writer = _Writer(uid, holder, parties)
    found: Data = {
        "@type": "Set",
        "uid": uid,
        "profile": TERMS,
        "conflict": "prohibit",
        "dpv:hasDataController": {"@id": holder},
        "dcterms:identifier": regulation.number,
        "dcterms:issued": _typed(str(regulation.approved_on), "date"),
    }
    permissions = [each for permission in regulation.permissions for each in writer.permissions(permission)]
    prohibitions = [writer.prohibition(prohibition) for prohibition in regulation.prohibitions]
    # ODRL asks of a Set that it has a rule; one that only hides coordinates has none to tell.
    return found | ({"permission": permissions} if permissions else {}) | ({"prohibition": prohibitions} if prohibitions else {})


class _Writer:
    """Writes the rules of one regulation."""

    def __init__(self, uid: str, holder: str, parties: Parties) -> None:
        self.uid, self.holder, self.parties = uid, holder, parties

    def permissions(self, permission: Permission) -> Iterator[Data]:
        constraints = [
            *_named("purpose", "purpose", permission.purposes),
            *_named("madang:role", "role", permission.roles),
            _constraint("madang:access", "isAnyOf", [f"madang:{access}" for access in permission.access]),
            *_days(permission.valid),
            *_of_rows(permission),
            *(_condition(condition) for condition in permission.rows),
        ]
        for number, portion in enumerate(portions(permission), 1):
            found = self.rule(f"{permission.id}-{number}", permission.basis, portion.coordinates)
            found |= {"action": _action(portion), "assignee": self.recipients(permission.recipients)}
            duties = list(_duties(permission)) if portion.use == "read" else []
            yield found | {"constraint": [*constraints, *_limits(permission)]} | ({"duty": duties} if duties else {})

    def prohibition(self, prohibition: Prohibition) -> Data:
        found = self.rule(prohibition.id, prohibition.basis, map(str, prohibition.items)) | {"action": "use"}
        if prohibition.recipients:
            found["assignee"] = self.recipients(prohibition.recipients)
        constraints = [
            *_named("purpose", "purpose", prohibition.purposes),
            *_named("madang:role", "role", prohibition.roles),
            *_days(prohibition.valid),
            *(_condition(condition) for condition in prohibition.when),
            *(self.exception(exempt) for exempt in prohibition.exempt),
        ]
        return found | ({"constraint": constraints} if constraints else {})

    def rule(self, id: str, basis: str, coordinates: Iterable[str]) -> Data:
        return {
            "uid": f"{self.uid}#{id}",
            "assigner": self.holder,
            "target": [iri("coordinate", name) for name in coordinates],
            "dpv:hasLegalBasis": {"@type": "dpv:LegalBasis", "dcterms:title": basis},
        }

    def recipients(self, words: Iterable[Word]) -> list[str]:
        return [iri("group" if word in self.parties.groups else "agency", word) for word in words]

    def exception(self, exempt: Exemption) -> Data:
        """That it does not apply."""
        parts = [_constraint("recipient", "isNoneOf", self.recipients(exempt.recipients))] if exempt.recipients else []
        parts += [
            *_named("madang:role", "role", exempt.roles, "isNoneOf"),
            *_named("purpose", "purpose", exempt.purposes, "isNoneOf"),
        ]
        return {"or": parts} if len(parts) > 1 else parts[0]


def _action(portion: Portion) -> Any:
    name = "odrl:read" if portion.use == "read" else "madang:search"
    if portion.mask is None:
        return [{"rdf:value": {"@id": name}}]
    return [{"rdf:value": {"@id": name}, "refinement": [_masked(portion.mask)]}]


def _masked(mask: Mask) -> Data:
    return {"leftOperand": "madang:mask", "operator": "eq", "rightOperand": str(mask)}


def _of_rows(permission: Permission) -> Iterator[Data]:
    """Of whom a row must be, for which case, and with whose consent."""
    if permission.subject:
        yield _constraint("madang:subject", "isAnyOf", [f"madang:{kind}" for kind in permission.subject])
    if permission.case != "none":
        yield _constraint("madang:case", "eq", [f"madang:{permission.case}"])
    if permission.consent is not None and permission.consent.required:
        yield _constraint("dpv:hasLegalBasis", "eq", ["dpv:Consent"])


def _duties(permission: Permission) -> Iterator[Data]:
    duties = permission.duties
    if duties is not None and duties.retain is not None and duties.store:
        yield _deleted(str(duties.retain))
    if duties is not None and not duties.store:
        yield _deleted("P0D")
    if permission.consent is not None and permission.consent.ground is not None:
        notice = {"action": "inform", "informedParty": "dpv:DataSubject", "dpv:hasJustification": str(permission.consent.ground)}
        within = permission.consent.within
        yield notice | ({"constraint": [_delay("lteq", str(within))]} if within else {})
    if duties is not None and duties.defer is not None:
        defer = duties.defer
        after = _delay("gteq", str(defer)) if isinstance(defer, Span) else _date("gt", defer)
        yield {"action": "madang:showUse", "informedParty": "dpv:DataSubject", "constraint": [after]}


def _deleted(after: str) -> Data:
    return {"action": "delete", "constraint": [_delay("lteq", after)]}


def _delay(operator: str, span: str) -> Data:
    return {"leftOperand": "delayPeriod", "operator": operator, "rightOperand": _typed(span, "duration")}


def _limits(permission: Permission) -> Iterator[Data]:
    limit = permission.limit
    for bound, unit in (
        ((limit.officer, "residentsPerHourAndOfficer"), (limit.agency, "residentsPerHourAndAgency")) if limit else ()
    ):
        if bound is not None:
            count = {"leftOperand": "count", "operator": "lteq", "rightOperand": _typed(str(bound), "integer")}
            yield count | {"unit": f"{TERMS}{unit}"}


def _condition(condition: Condition) -> Data:
    """What a column must be: of the row, of a record of the same subject, or of anyone in the subject's household."""
    operand = {"leftOperand": iri("coordinate", condition.column)}
    if condition.household:
        operand["madang:of"] = "household"
    if isinstance(condition.values, Since):
        return operand | {"operator": "gteq", "rightOperand": _typed(f"-{condition.values.span}", "duration")}
    if condition.values == "jurisdiction":
        return operand | {"operator": "eq", "rightOperand": [{"@id": "madang:jurisdictionOfCaller"}]}
    return operand | {"operator": "isAnyOf", "rightOperand": [str(word) for word in condition.values]}


def _days(period: Period) -> Iterator[Data]:
    for operator, day in (("gteq", period.first), ("lteq", period.last)):
        if day is not None:
            yield _date(operator, day)


def _date(operator: str, day: date) -> Data:
    return {"leftOperand": "dateTime", "operator": operator, "rightOperand": _typed(str(day), "date")}


def _named(operand: str, kind: str, words: Iterable[Word], operator: str = "isAnyOf") -> Iterator[Data]:
    if names := [iri(kind, word) for word in words]:
        yield _constraint(operand, operator, names)


def _constraint(operand: str, operator: str, values: list[str]) -> Data:
    return {"leftOperand": operand, "operator": operator, "rightOperand": [{"@id": value} for value in values]}


def _typed(value: str, kind: str) -> Data:
    return {"@value": value, "@type": f"xsd:{kind}"}


def _parties(parties: Parties) -> Iterator[Data]:
    """Agencies, with the groups that they are part of, and groups: recipients in the words of DPV."""
    for name, group in parties.groups.items():
        yield {"@type": ["PartyCollection", "dpv:Recipient"], "uid": iri("group", name), **_titles(group.title)}
    for name, agency in parties.agencies.items():
        groups = [iri("group", group) for group, each in parties.groups.items() if name in each.agencies]
        found = {"@type": ["Party", "dpv:Recipient"], "uid": iri("agency", name), **_titles(agency.title)}
        yield found | ({"partOf": groups} if groups else {})


def _purpose(code: str, purpose: Purpose) -> Data:
    basis = {"@type": "dpv:LegalBasis", "dcterms:title": purpose.basis}
    return {"@type": "dpv:Purpose", "uid": iri("purpose", code), **_titles(purpose.title), "dpv:hasLegalBasis": basis}


def _titles(title: Title) -> Data:
    languages = (("ko", title.ko), ("en", title.en))
    return {"dcterms:title": [{"@value": text, "@language": language} for language, text in languages]}
