"""Households are families that make sense, and the family register agrees with them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise

from examples.korea.calendar import REFERENCE_DAY
from tests.examples.population import Population


def years_later(born: str, years: int) -> str:
    """The same day so many years later, as ISO 8601 text; good for comparing with others."""
    return f"{int(born[:4]) + years}{born[4:]}"


def days_between(one: str, other: str) -> int:
    return abs((date.fromisoformat(one) - date.fromisoformat(other)).days)


def is_adult(born: str) -> bool:
    return years_later(born, 19) <= REFERENCE_DAY.isoformat()


def test_a_household_has_one_adult_head_and_the_size_it_says(population: Population) -> None:
    assert {row["id"] for row in population["mois.household"]} == set(population.households)
    for row in population["mois.household"]:
        members = population.households[row["id"]]
        heads = [member for member in members if member["relation_to_head"] == "HEAD"]
        assert [head["id"] for head in heads] == [row["head_id"]]
        assert is_adult(heads[0]["birth_date"])
        assert len(members) == int(row["size"])
        assert {(member["address"], member["district_code"]) for member in members} == {(row["address"], row["district_code"])}


def test_only_the_registered_have_a_household(population: Population) -> None:
    for row in population["mois.resident"]:
        assert (row["status"] == "REGISTERED") == (row["household_id"] != "\\N")
        assert (row["status"] == "DECEASED") == (row["death_date"] != "\\N")


def test_relations_to_the_head_are_in_the_family_register(population: Population) -> None:
    relations = population.relations
    seen: Counter[str] = Counter()
    for row in population["mois.household"]:
        head = population.by_id[row["head_id"]]
        for member in population.households[row["id"]]:
            kind = member["relation_to_head"]
            seen[kind] += 1
            if kind in ("SPOUSE", "CHILD", "PARENT"):
                assert (head["rrn"], kind, member["rrn"]) in relations
            elif kind == "SIBLING":
                shared = set(population.parents[head["rrn"]]) & set(population.parents[member["rrn"]])
                unknown = not population.parents[head["rrn"]] and not population.parents[member["rrn"]]
                assert shared or (unknown and head["name"][0] == member["name"][0])
            elif kind == "GRANDCHILD":
                assert any(head["rrn"] in population.parents[parent] for parent in population.parents[member["rrn"]])
    assert set(seen) == {"HEAD", "SPOUSE", "CHILD", "PARENT", "SIBLING", "GRANDCHILD", "OTHER"}
    assert seen["OTHER"] < 0.02 * seen.total()


def test_relations_stand_from_both_sides_and_once(population: Population) -> None:
    other = {"PARENT": "CHILD", "CHILD": "PARENT", "SPOUSE": "SPOUSE"}
    assert len(population.relations) == len(population["scourt.family_relation"])
    for rrn, relation, relative in population.relations:
        assert (relative, other[relation], rrn) in population.relations


def test_everybody_has_a_birth_that_names_the_parents_of_the_register(population: Population) -> None:
    # One of the known residents has none.
    assert len(population["scourt.birth"]) == len(population["mois.resident"]) - 1
    for row in population["scourt.birth"]:
        born = population.by_rrn[row["rrn"]]["birth_date"]
        assert born < row["registered_on"] <= REFERENCE_DAY.isoformat() or born == REFERENCE_DAY.isoformat()
        for column, sex in (("father_rrn", "MALE"), ("mother_rrn", "FEMALE")):
            assert row[column] == "\\N" or population.by_rrn[row[column]]["sex"] == sex
    named = {(rrn, "PARENT", parent) for rrn, parents in population.parents.items() for parent in parents}
    assert named == {relation for relation in population.relations if relation[1] == "PARENT"}


def test_parents_are_18_to_45_years_older(population: Population) -> None:
    for rrn, parents in population.parents.items():
        born = population.by_rrn[rrn]["birth_date"]
        for parent in parents:
            theirs = population.by_rrn[parent]["birth_date"]
            assert years_later(theirs, 18) <= born <= years_later(theirs, 45)


def test_children_of_one_mother_are_twins_or_ten_months_apart(population: Population) -> None:
    children: dict[str, list[str]] = {}
    for row in population["scourt.birth"]:
        if row["mother_rrn"] != "\\N":
            children.setdefault(row["mother_rrn"], []).append(population.by_rrn[row["rrn"]]["birth_date"])
    for births in children.values():
        births.sort()
        for earlier, later in pairwise(births):
            assert earlier == later or days_between(earlier, later) > 300


def test_a_child_has_the_fathers_family_name_or_else_the_mothers(population: Population) -> None:
    for rrn, parents in population.parents.items():
        if parents:
            assert population.by_rrn[rrn]["name"][0] == population.by_rrn[parents[0]]["name"][0]


def test_marriages_are_couples_of_plausible_age(population: Population) -> None:
    rows = {row["rrn"]: row for row in population["scourt.marriage"]}
    assert len(rows) == len(population["scourt.marriage"])
    gaps = []
    for rrn, row in rows.items():
        other = rows[row["spouse_rrn"]]
        assert (other["spouse_rrn"], other["married_on"], other["status"]) == (rrn, row["married_on"], row["status"])
        one, two = population.by_rrn[rrn], population.by_rrn[row["spouse_rrn"]]
        assert {one["sex"], two["sex"]} == {"MALE", "FEMALE"}
        assert years_later(one["birth_date"], 18) <= row["married_on"] <= REFERENCE_DAY.isoformat()
        gaps.append(days_between(one["birth_date"], two["birth_date"]) / 365.25)
        dead = [person for person in (one, two) if person["status"] == "DECEASED"]
        assert (row["status"] == "WIDOWED") == bool(dead)
        assert all(row["married_on"] <= person["death_date"] for person in dead)
        assert ((rrn, "SPOUSE", row["spouse_rrn"]) in population.relations) == (row["status"] != "DIVORCED")
    assert max(gaps) < 16
    assert sum(gaps) / len(gaps) < 4.5
    assert {row["status"] for row in rows.values()} == {"MARRIED", "DIVORCED", "WIDOWED"}


def test_nobody_is_married_to_a_parent_child_or_sibling(population: Population) -> None:
    for row in population["scourt.marriage"]:
        parents = set(population.parents[row["rrn"]])
        assert row["spouse_rrn"] not in parents
        assert not parents & set(population.parents[row["spouse_rrn"]])


def test_minors_live_with_an_adult_and_nearly_all_with_a_parent(population: Population) -> None:
    minors = alone = 0
    for members in population.households.values():
        assert any(is_adult(member["birth_date"]) for member in members)
        there = {member["rrn"] for member in members}
        for member in members:
            if not is_adult(member["birth_date"]):
                minors += 1
                alone += not there & set(population.parents[member["rrn"]])
    assert minors > 3_000
    assert alone < 0.03 * minors


def test_the_dead_died_after_what_they_took_part_in(population: Population) -> None:
    for rrn, parents in population.parents.items():
        for parent in parents:
            row = population.by_rrn[parent]
            assert row["status"] != "DECEASED" or row["death_date"] > population.by_rrn[rrn]["birth_date"]
    dead = [row for row in population["mois.resident"] if row["status"] == "DECEASED"]
    assert all(row["birth_date"] <= row["death_date"] <= REFERENCE_DAY.isoformat() for row in dead)


def test_many_adults_live_apart_from_parents_who_are_on_record(population: Population) -> None:
    apart = adults = 0
    for row in population["mois.resident"]:
        if row["household_id"] != "\\N" and is_adult(row["birth_date"]):
            adults += 1
            homes = {population.by_rrn[parent]["household_id"] for parent in population.parents[row["rrn"]]}
            apart += bool(homes - {"\\N", row["household_id"]})
    assert 0.15 < apart / adults < 0.6


def test_married_parents_have_custody_together_and_divorced_ones_apart(population: Population) -> None:
    custody = {
        (row["rrn"], row["relative_rrn"]): row["custody"] == "t"
        for row in population["scourt.family_relation"]
        if row["relation"] == "CHILD"
    }
    assert all(row["relation"] == "CHILD" for row in population["scourt.family_relation"] if row["custody"] == "t")
    marriages = {row["rrn"]: row for row in population["scourt.marriage"]}
    seen: Counter[str] = Counter()
    for child, parents in population.parents.items():
        row = population.by_rrn[child]
        living = [parent for parent in parents if population.by_rrn[parent]["status"] != "DECEASED"]
        having = [parent for parent in parents if custody[parent, child]]
        if is_adult(row["birth_date"]) or row["status"] == "DECEASED":
            assert not having
        elif len(living) == 2 and marriages[living[0]]["status"] == "DIVORCED":
            seen["divorced"] += 1
            assert len(having) == 1
            homes = {parent: population.by_rrn[parent]["household_id"] for parent in living}
            assert row["household_id"] not in homes.values() or homes[having[0]] == row["household_id"]
        else:
            seen["together" if len(living) == 2 else "alone"] += 1
            assert having == living
    assert all(seen[kind] > 30 for kind in ("divorced", "together", "alone")), seen


def test_moves_end_at_the_address_and_begin_from_nowhere(population: Population) -> None:
    moves: dict[str, list[dict[str, str]]] = {}
    for row in population["mois.move_in"]:
        moves.setdefault(row["household_id"], []).append(row)
    for home in population["mois.household"]:
        chain = sorted(moves[home["id"]], key=lambda row: row["date"])
        assert chain[0]["from_address"] == "\\N"
        assert home["address"] != "\\N" or {row["to_address"] for row in chain} == {"\\N"}
        assert [row["from_address"] for row in chain[1:]] == [row["to_address"] for row in chain[:-1]]
        assert chain[-1]["to_address"] == home["address"]
        for member in population.households[home["id"]]:
            assert member["moved_in_on"] == max(chain[-1]["date"], member["birth_date"])
