"""Asks what an analyst may ask, for the purpose of statistics: counts by age and sex, and pages of residents without a name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXTransport

HERE = Path(__file__).parent
WIDTH = 5
"""Years of an age group; the last one, from 100, is open."""

Group = tuple[str, int]
"""`women` or `men`, and the lowest age."""


def group_name(age: int) -> str:
    """What an age group is called, by its lowest age."""
    return "100+" if age == 100 else f"{age}–{age + WIDTH - 1}"


def demo_token(address: str) -> str:
    """A token of the demo's analyst; here goes your own issuer of tokens."""
    people = httpx.get(f"{address}/personas", timeout=10).raise_for_status().json()
    return next(str(person["token"]) for person in people if person["name"] == "analyst")


class Graph:
    """The graph at an address, all of it or one district. Raises gql's `TransportError`, also where anything was withheld."""

    def __init__(self, address: str, token: str, district: str | None) -> None:
        headers = {
            "Accept": "application/graphql-response+json",
            "Authorization": f"Bearer {token}",
            "Madang-Purpose": "statistics",
        }
        self._client = Client(transport=HTTPXTransport(f"{address}/graphql", headers=headers, timeout=30))
        self._filter = {} if district is None else {"district": district}
        self.law = ""
        """The regulations under which the last answer was given."""

    def _ask(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        request = GraphQLRequest((HERE / document).read_text("utf-8"), variable_values={**self._filter, **variables})
        result = self._client.execute_sync(request, get_execution_result=True)
        self.law = (result.extensions or {})["regulations"]
        return result.data or {}

    def population(self) -> Counter[Group]:
        """How many residents each group has."""
        found: Counter[Group] = Counter()
        for alias, counted in self._ask("population.graphql", {}).items():
            word, age = re.fullmatch(r"(women|men)(\d+)", alias).groups()  # type: ignore[union-attr]
            found[word, int(age)] = counted["totalCount"]
        return found

    def employment(self) -> tuple[Counter[Group], Counter[Group]]:
        """How many residents of 15 and over each group has, and how many of them have an insured employment on record."""
        everybody: Counter[Group] = Counter()
        employed: Counter[Group] = Counter()
        for resident in self._residents():
            group = ("women" if resident["sex"] == "FEMALE" else "men", min(resident["age"] // WIDTH * WIDTH, 100))
            everybody[group] += 1
            employed[group] += bool(resident["employments"])
        return everybody, employed

    def _residents(self) -> Iterator[dict[str, Any]]:
        after: str | None = None
        while True:
            page = self._ask("employment.graphql", {"after": after})["residents"]
            yield from (edge["node"] for edge in page["edges"])
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]
