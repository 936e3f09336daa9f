"""What `services.graphql` takes and answers. Made by `generate.py`: do not change it here."""

from typing import TypedDict


class ServicesResultServices(TypedDict):
    code: str
    mine: bool
    documentId: str


class ServicesResult(TypedDict):
    services: list[ServicesResultServices]
