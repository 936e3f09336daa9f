"""The figures of the services: printed, against the registers' own rows; and on the page, against those that are printed.

`MADANG_PICTURE=docs/services.png` also takes the README's picture.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from click.testing import CliRunner, Result
from playwright.async_api import Browser, expect

from madang.cli import main
from madang.embedded import Embedded
from madang.figures import AT_ONCE
from madang.settings import Settings
from tests.madang.browsing import launched, needs_browser, watched
from tests.madang.conftest import Serve

ROOT = Path(__file__).parents[2]
SERVICE = "change-of-address"
MANY = 10

FAMILY = "SELECT relative_rrn FROM family_relation WHERE rrn = $1"
RELATIVES = "SELECT name, rrn, sex, birth_date, death_date FROM resident WHERE rrn = ANY($1)"
MEMBERS = "SELECT name, birth_date, relation_to_head FROM resident WHERE household_id = $1"
MOVES = "SELECT date, from_address, to_address, reason FROM move_in WHERE household_id = $1"
SUBJECT = """
    SELECT name, rrn, sex, birth_date, status, relation_to_head, address, district_code, moved_in_on, death_date
    FROM resident WHERE rrn = $1
"""
HOME = """
    SELECT h.size, h.id, head.name
    FROM resident r JOIN household h ON h.id = r.household_id JOIN resident head ON head.id = h.head_id
    WHERE r.rrn = $1
"""
CARS = "SELECT plate, vin, model, year, base_address, liens FROM vehicle WHERE owner_rrn = $1"
HOUSES = "SELECT pnu, use, area, approved_on FROM building WHERE owner_rrn = $1"


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["services", "demo", "--settings", str(ROOT / "madang.toml"), *arguments])


def cases(served: str, service: str) -> Any:
    return httpx.get(f"{served}/cases", params={"service": service, "first": MANY}, timeout=20).raise_for_status().json()


@pytest.fixture(scope="module")
def figures(served: str) -> dict[str, Any]:
    """What is printed as JSON of a few residents, by service."""
    done = demo("--address", served, "--residents", str(MANY), "--json")
    assert done.exit_code == 0, done.output
    return {each["service"]: each for each in json.loads(done.stdout)}


class Rows:
    """Of the registers of a move, read by SQL as their owners."""

    def __init__(self, registers: dict[str, asyncpg.Connection]) -> None:
        self.registers = registers

    async def of(self, register: str, table: str, statement: str, key: Any, *columns: str) -> set[tuple[str, str, Any]]:
        """Values that are not null, with their columns."""
        rows = await self.registers[register].fetch(statement, key)
        return {(table, c, row[c]) for row in rows for c in (columns or row.keys()) if row[c] is not None}

    async def papers(self, rrn: str) -> int:
        """What stands on the previous extract, the registers of buildings and vehicles, and the family relation certificate."""
        home = await self.registers["mois"].fetchrow(HOME, rrn)
        found = await self.of("mois", "resident", SUBJECT, rrn) | {("resident", "name", home["name"])}
        found |= await self.of("mois", "move_in", MOVES, home["id"])
        found |= await self.of("mois", "resident", RELATIVES, await self.family(rrn))
        found |= await self.of("molit_vehicles", "vehicle", CARS, rrn) | await self.of("molit_buildings", "building", HOUSES, rrn)
        return len(found)

    async def seen(self, rrn: str) -> int:
        """What `examples/korea/services/change-of-address/operation.graphql` asks for."""
        home = await self.registers["mois"].fetchrow(HOME, rrn)
        found = {("resident", "name", home["name"]), ("household", "size", home["size"])}
        found |= await self.of("mois", "resident", SUBJECT, rrn, "name", "rrn", "birth_date", "status", "district_code")
        found |= await self.of("mois", "resident", MEMBERS, home["id"])
        found |= await self.of("mois", "resident", RELATIVES, await self.family(rrn), "name")
        found |= await self.of("molit_vehicles", "vehicle", CARS, rrn, "plate", "model")
        found |= await self.of("molit_buildings", "building", HOUSES, rrn, "use", "approved_on")
        return len(found)

    async def family(self, rrn: str) -> list[str]:
        return [row["relative_rrn"] for row in await self.registers["scourt"].fetch(FAMILY, rrn)]


@pytest_asyncio.fixture(loop_scope="session")
async def rows(nation: Embedded) -> AsyncIterator[Rows]:
    names = ("mois", "scourt", "molit_vehicles", "molit_buildings")
    registers = {name: await asyncpg.connect(nation.owner_dsns[name]) for name in names}
    yield Rows(registers)
    for connection in registers.values():
        await connection.close()


async def test_the_figures_are_what_the_registers_have(served: str, figures: dict[str, Any], rows: Rows) -> None:
    given = await asyncio.to_thread(cases, served, SERVICE)
    people = [case["resident"] for case in given["cases"]]
    assert "8103149970008" in people, "the sample's citizen has reported a move"
    assert [case["onPapers"] for case in given["cases"]] == [await rows.papers(rrn) for rrn in people]
    printed = figures[SERVICE]
    assert printed["on_papers"] == sum([await rows.papers(rrn) for rrn in people])
    assert printed["seen"] == sum([await rows.seen(rrn) for rrn in people])
    assert (printed["papers"], printed["before"], printed["now"], printed["withheld"]) == (4 * MANY, 4 * MANY, MANY, 0)
    assert printed["registers"] == ["mois", "scourt", "molit_vehicles", "molit_buildings"]
    assert 0 < printed["median"] <= printed["p95"]


def test_a_minor_brought_papers_that_nobody_else_did(served: str, figures: dict[str, Any]) -> None:
    renewals = cases(served, "passport-renewal")["cases"]
    assert {case["papers"] for case in renewals} <= {5, 7}
    assert figures["passport-renewal"]["papers"] == sum(case["papers"] for case in renewals)
    assert all(figures[service]["seen"] < figures[service]["on_papers"] for service in figures)
    assert len(figures) == 3, "services about whoever asks have no case"


def test_they_are_printed_for_people(served: str) -> None:
    done = demo("--address", served, "--residents", "1")
    assert done.exit_code == 0, done.output
    move = next(line for line in done.output.splitlines() if line.startswith("Change of address"))
    assert move.split()[3:8] == ["1", "4", "4.0", "→", "1"]
    assert f"{AT_ONCE} at a time" in done.output


def test_what_is_refused_ends_with_1_and_why(nation: Embedded, settings: Settings, serve: Serve) -> None:
    nowhere = dataclasses.replace(settings.gateway, address="postgresql://nobody@127.0.0.1:1/none")
    with serve(dataclasses.replace(settings, gateway=nowhere), nation) as unrecorded:
        done = demo("--address", unrecorded, "--residents", "2")
    assert done.exit_code == 1
    assert "2 requests were refused: LEDGER_UNAVAILABLE what is shown cannot be recorded now" in done.output


def test_cases_are_told_on_this_machine_alone(served: str) -> None:
    def status(query: str, **headers: str) -> int:
        return httpx.get(f"{served}/cases?{query}", headers=headers).status_code

    assert status("service=birth&first=1") == 200
    assert status("service=birth&first=1", Host="madang.example") == 403
    wrong = ("service=birth", "service=birth&first=0", "service=birth&first=1001", "service=birth&first=x", "service=b&first=1")
    assert {status(query) for query in (*wrong, "service=resident-extract&first=1")} == {400}


@pytest_asyncio.fixture(loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@needs_browser
async def test_the_page_counts_the_same(browser: Browser, served: str, figures: dict[str, Any]) -> None:
    async with watched(browser, served, locale="en-GB", viewport={"width": 1200, "height": 900}) as page:
        await page.goto(f"{served}/")
        shown = page.get_by_role("radio", name="Services")
        await shown.focus()
        await page.keyboard.press("Space")
        await page.get_by_label("Residents of each service").select_option(str(MANY))
        begin = page.get_by_role("button", name="Ask now")
        await expect(begin).to_be_enabled()  # Once the services are there; a key is pressed without waiting for that.
        await begin.press("Enter")
        main = page.get_by_role("main")
        await expect(main.get_by_role("status")).to_have_text(f"Done: {3 * MANY} residents asked about.", timeout=20_000)
        for each in figures.values():
            of = main.get_by_role("region", name=each["title"])
            await expect(of.locator(".figures dd").first).to_have_text(f"{each['papers']:,}")
            told = [f"{each[sum] / each['residents']:.1f} facts" for sum in ("on_papers", "seen")]
            await expect(of.locator(".seen > div > :last-child")).to_contain_text(told)
            await expect(of.get_by_role("alert")).to_have_count(0)
        if picture := os.environ.get("MADANG_PICTURE"):
            await page.mouse.move(0, 0)
            await page.screenshot(path=ROOT / picture)


@needs_browser
async def test_a_phone_shows_all_of_it_in_korean(browser: Browser, served: str) -> None:
    async with watched(browser, served, locale="ko-KR", viewport={"width": 360, "height": 740}) as page:
        await page.goto(f"{served}/")
        await page.get_by_role("radio", name="Services").press("Space")
        await expect(page.get_by_role("heading", level=2)).to_have_text("서류 없는 민원")
        await expect(page.get_by_role("heading", level=3)).to_have_count(3)
        await expect(page.get_by_text("병적증명서")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
