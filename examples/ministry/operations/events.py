"""What `events.graphql` takes and answers. Made by `generate.py`: do not change it here."""

from typing import Literal, TypedDict

EventKind = Literal["MOVED_IN", "HEAD_CHANGED", "RESIDENT_BORN", "BIRTH_REGISTERED", "CONSENT_GIVEN", "CONSENT_REVOKED"]


class EventsResultEventsResident(TypedDict):
    rrn: str | None
    address: str | None


class EventsResultEvents(TypedDict):
    sequence: int | None
    kind: EventKind | None
    at: str | None
    resident: EventsResultEventsResident | None


class EventsResult(TypedDict):
    events: list[EventsResultEvents] | None


class EventsVariables(TypedDict):
    after: int
