"""The nation in parts. Each part is some districts of about the nation's mix, is made on its own, and is the same wherever it is
made: its random numbers come from the seed and the part alone, and its ids and resident numbers from shares of its own.

    part 0       the known residents
    parts 1..32  everybody else; people of one part are related to each other and to nobody outside it
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from examples.korea import civil, lives, money, petitions, things, travel
from examples.korea.households import settle
from examples.korea.kin import tie
from examples.korea.known import known
from examples.korea.names import Names
from examples.korea.people import Household, Person
from examples.korea.places import DATA, District, apportion, districts
from examples.korea.rrn import SHARES, Numbers

_POPULATION = json.loads((DATA / "population.json").read_text(encoding="utf-8"))
RESIDENTS: int = _POPULATION["residents"]
SEED: int = _POPULATION["seed"]
FEWEST: int = _POPULATION["fewest"]
MOST: int = _POPULATION["most"]
_DEAD, _EMIGRATED = 0.035, 0.012

Tables = dict[str, dict[str, list[str]]]
"""Register, or `gateway` → table → lines of PostgreSQL's text COPY format."""


@dataclass(frozen=True)
class Part:
    """What a part is made from. `districts` with how many people each has, the dead and the emigrated among them."""

    index: int
    seed: int
    first_id: int
    districts: tuple[tuple[District, int], ...]

    @property
    def residents(self) -> int:
        return sum(people for _, people in self.districts)


def parts(residents: int, seed: int) -> list[Part]:
    """The parts of a nation of so many residents; raises `ValueError` when it is too small or too large."""
    if not FEWEST <= residents <= MOST:
        raise ValueError(f"`{residents}` residents: the sample nation has between {FEWEST:,} and {MOST:,}")
    fixed = known()
    everywhere = districts()
    quotas = apportion(residents - len(fixed.people), [district.electors for district in everywhere])
    dealt: list[list[tuple[District, int]]] = [[] for _ in range(SHARES - 1)]
    by_size = sorted(zip(everywhere, quotas, strict=True), key=lambda pair: (-pair[0].electors, pair[0].code))
    for place, pair in enumerate(by_size):
        turn, hand = divmod(place, len(dealt))
        # Forth and back, so that all parts are of about one size.
        dealt[hand if turn % 2 == 0 else len(dealt) - 1 - hand].append(pair)
    found = [Part(0, seed, 1, ((fixed.households[0].district, len(fixed.people)),))]
    for share in dealt:
        found.append(Part(len(found), seed, found[-1].first_id + found[-1].residents, tuple(share)))
    return found


def make(part: Part) -> Tables:
    """The rows of one part in all registers."""
    people, households = populate(part)
    return _rows(people, households, part)


def populate(part: Part) -> tuple[list[Person], list[Household]]:
    """The people of one part and the households of those who are registered."""
    if part.index == 0:
        fixed = known()
        people, households = fixed.people, fixed.households
    else:
        rng = _random(part, "families")
        dead, emigrated = round(part.residents * _DEAD), round(part.residents * _EMIGRATED)
        registered = apportion(part.residents - dead - emigrated, [people for _, people in part.districts])
        households = []
        for (district, _), settlers in zip(part.districts, registered, strict=True):
            households += settle(district, settlers, rng)
        people = tie(households, dead, emigrated, [district for district, _ in part.districts], rng)
        lives.name(people, Names(_random(part, "names")))
    lives.number(people, part.first_id, Numbers(part.index))
    for place, household in enumerate(households, part.first_id):
        household.id = place
    lives.live(people, _random(part, "lives"))
    lives.impoverish(households, _random(part, "poverty"))
    lives.lose(people, households, _random(part, "addresses"))
    return people, households


def _random(part: Part, topic: str) -> Random:
    # Each topic has its own numbers, so that a change to one leaves the others' rows as they were. The known residents do not
    # depend on the seed.
    return Random(f"{topic}/{part.index}/{part.seed if part.index else 'known'}")


def _rows(people: list[Person], homes: list[Household], part: Part) -> Tables:
    tables: Tables = {
        "mois": {"resident": [], "household": [], "move_in": []},
        "scourt": {"birth": [], "family_relation": [], "marriage": []},
        "mofa": {"passport": []},
        "moj": {"border_crossing": []},
        "nts": {"tax_certificate": [], "business": []},
        "localtax": {"local_tax": []},
        "nhis": {"member_crosswalk": [], "health_insurance": []},
        "nps": {"pension": []},
        "moel": {"employment": []},
        "molit_vehicles": {"vehicle": []},
        "molit_buildings": {"building": []},
        "mma": {"military_service": []},
        "mohw_disability": {"disability": []},
        "mohw_livelihood": {"livelihood_benefit": []},
        "police": {"driving_licence": []},
        "petitions": {"petition": []},
        "gateway": {"consent": []},
    }
    mois, scourt, nts, nhis = tables["mois"], tables["scourt"], tables["nts"], tables["nhis"]
    civil.residents(people, mois["resident"])
    civil.households(homes, mois["household"])
    civil.moves(homes, mois["move_in"], _random(part, "moves"))
    civil.births(people, scourt["birth"], _random(part, "births"))
    civil.family_relations(people, scourt["family_relation"])
    civil.marriages(people, scourt["marriage"])
    passports, crossings = tables["mofa"]["passport"], tables["moj"]["border_crossing"]
    travel.passports_and_crossings(people, passports, crossings, _random(part, "travel"))
    money.tax_certificates(people, nts["tax_certificate"], _random(part, "tax"))
    money.businesses(people, nts["business"], _random(part, "businesses"))
    money.local_taxes(people, tables["localtax"]["local_tax"], _random(part, "local tax"))
    money.health_insurance(homes, nhis["member_crosswalk"], nhis["health_insurance"], _random(part, "health"))
    money.pensions(people, tables["nps"]["pension"], _random(part, "pensions"))
    money.employments(people, tables["moel"]["employment"], _random(part, "employments"))
    things.vehicles(people, tables["molit_vehicles"]["vehicle"], _random(part, "vehicles"))
    things.buildings(people, tables["molit_buildings"]["building"], _random(part, "buildings"))
    things.military_service(people, tables["mma"]["military_service"], _random(part, "military"))
    things.disabilities(people, tables["mohw_disability"]["disability"], _random(part, "disabilities"))
    civil.livelihood_benefits(homes, tables["mohw_livelihood"]["livelihood_benefit"], _random(part, "benefits"))
    things.driving_licences(people, tables["police"]["driving_licence"], _random(part, "licences"))
    petition, consent = tables["petitions"]["petition"], tables["gateway"]["consent"]
    if part.index == 0:
        petitions.known_petitions(petition, consent)
    else:
        petitions.petitions(people, petition, consent, _random(part, "petitions"))
        petitions.pending(people, petition, consent, _random(part, "pending petitions"))
    return tables
