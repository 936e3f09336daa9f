"""The citizen's app (`examples/citizen`) in a real browser, against a real server: what a resident reads, and changes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from click.testing import CliRunner
from playwright.async_api import Browser, Locator, Page, Route, expect

from madang.cli import main
from madang.embedded import Embedded, known_residents
from tests.madang.browsing import launched, needs_browser, watched

ROOT = Path(__file__).parents[2]
APP = ROOT / "examples" / "citizen"
RRN = known_residents()["citizen"]
KOREAN = {"locale": "ko-KR", "timezone_id": "Asia/Seoul"}
ENGLISH = {"locale": "en-GB", "timezone_id": "Asia/Seoul"}
PAGES = ("record", "looked", "consents", "move")
MOVED = "2026-11-11"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@asynccontextmanager
async def app(browser: Browser, served: str, name: str, **options: Any) -> AsyncIterator[Page]:
    async with watched(browser, served, **options) as page:
        await go(page, served, name)
        yield page


async def go(page: Page, served: str, name: str) -> None:
    await page.goto(f"{served}/citizen/#/{name}")
    await read(page)


async def read(page: Page) -> None:
    """Wait until the page has been read, which it says to those who hear it."""
    await expect(page.locator("main h1")).to_be_visible()
    await expect(page.locator("main .loading")).to_have_count(0)
    await expect(page.locator("main [aria-busy=true]")).to_have_count(0)


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs node and npm on the path")
def test_its_types_are_those_that_codegen_makes_of_the_schema() -> None:
    """And the code is right by them."""
    if not (APP / "node_modules" / "@graphql-codegen").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=APP, check=True, capture_output=True, timeout=180)
    done = subprocess.run(["npm", "run", "check"], cwd=APP, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def military_service(officer: httpx.Client) -> Any:
    """What a passport officer is shown of the citizen's military service, which takes the citizen's consent."""
    query = f'{{ resident(rrn: "{RRN}") {{ name militaryService {{ kind }} }} }}'
    return officer.post("/graphql", json={"query": query}).raise_for_status().json()["data"]["resident"]["militaryService"]


@pytest.fixture
def unchanged(nation: Embedded) -> Iterator[None]:
    """The nation is everybody's: what a test reports is undone after it, by the registers' owners."""

    async def saved() -> tuple[list[asyncpg.Record], list[asyncpg.Record], int, int]:
        mois, own = await asyncpg.connect(nation.owner_dsns["mois"]), await asyncpg.connect(nation.gateway_owner_dsn)
        home = "household_id = (SELECT household_id FROM resident WHERE rrn = $1)"
        people = await mois.fetch(
            f"SELECT id, household_id, address, district_code, moved_in_on FROM resident WHERE {home} ORDER BY id", RRN
        )
        consents = await own.fetch("SELECT id, revoked FROM consent WHERE rrn = $1 ORDER BY id", RRN)
        found = (
            people,
            consents,
            await mois.fetchval("SELECT max(id) FROM move_in"),
            await own.fetchval("SELECT max(id) FROM consent"),
        )
        await mois.close()
        await own.close()
        return found

    async def undo(people: list[asyncpg.Record], consents: list[asyncpg.Record], last_move: int, last_consent: int) -> None:
        mois, own = await asyncpg.connect(nation.owner_dsns["mois"]), await asyncpg.connect(nation.gateway_owner_dsn)
        async with mois.transaction():
            for id, home, address, district, since in people:
                await mois.execute("UPDATE household SET address = $2, district_code = $3 WHERE id = $1", home, address, district)
                change = "UPDATE resident SET address = $2, district_code = $3, moved_in_on = $4 WHERE id = $1"
                await mois.execute(change, id, address, district, since)
            await mois.execute("DELETE FROM move_in WHERE id > $1", last_move)
            await mois.execute("DELETE FROM outbox; DELETE FROM report")
        await own.execute("DELETE FROM consent WHERE id > $1", last_consent)
        await own.executemany(
            "UPDATE consent SET revoked = $2 WHERE id = $1", [(each["id"], each["revoked"]) for each in consents]
        )
        await own.execute("DELETE FROM outbox; DELETE FROM report")
        await mois.close()
        await own.close()

    before = asyncio.run(saved())
    yield
    asyncio.run(undo(*before))
    assert asyncio.run(saved()) == before


async def tab_to(page: Page, control: Locator) -> None:
    """Go on by the tabulator until a control has the focus, and see that one sees that it has."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await control.evaluate("(one) => one === document.activeElement"):
            ring = await control.evaluate("(one) => getComputedStyle(one.closest('.switch label') ?? one).outlineStyle")
            assert ring != "none"
            return
    raise AssertionError(f"{control} is not reached by key")


# What a resident reads


@needs_browser
async def test_ones_record_is_told_in_either_language(browser: Browser, served: str) -> None:
    async with app(browser, served, "", **KOREAN) as page:
        await expect(page.locator("html")).to_have_attribute("lang", "ko")
        await expect(page).to_have_title("내 기록과 우리 세대 – 내 정보 마당")
        household = page.get_by_role("region", name="우리 세대")
        await expect(household.get_by_role("row", name="이서연 배우자 1983년 7월 2일")).to_be_visible()
        await expect(household).to_contain_text("보유기관: 행정안전부")
        passports = page.get_by_role("region", name="여권")
        await expect(passports).to_contain_text("일반여권 M548E0468유효")
        await expect(passports).to_contain_text("Passport Act, art. 9(4)")
        await expect(page.locator("main")).not_to_contain_text(RRN[7:])
        await page.get_by_role("button", name="번호 전체 보기").click()
        await expect(page.locator("main")).to_contain_text(f"{RRN[:6]}-{RRN[6:]}")

        await page.get_by_role("radio", name="English").check()
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await expect(page.get_by_role("row", name="이서연 Spouse 2 July 1983")).to_be_visible()
        await expect(page.get_by_role("region", name="Family")).to_contain_text("they are not of your household")
        await expect(page.get_by_role("region", name="Income and income tax")).to_contain_text("₩80,724,000")
        await expect(page.get_by_role("region", name="My applications")).to_contain_text("Driving licence renewal")
        await page.reload()
        await expect(page.get_by_role("heading", level=1)).to_have_text("My record and household")


@needs_browser
async def test_who_looked_is_told_once_somebody_looked(browser: Browser, served: str, officer: httpx.Client) -> None:
    for _ in range(11):
        military_service(officer)
    async with app(browser, served, "looked", **ENGLISH) as page:
        log = page.get_by_role("region", name="Every time somebody looked")
        await log.get_by_label("Agency").select_option("mofa")
        await read(page)
        await expect(log.get_by_role("article")).to_have_count(10)
        latest = log.get_by_role("article").first
        for text in (
            "Ministry of Foreign Affairs",
            "Passport renewal",
            "Passport officer",
            "Military service",
            "with your consent",
        ):
            await expect(latest).to_contain_text(text)
        await log.get_by_role("button", name="Show more").click()
        await read(page)
        await expect(log.get_by_role("article").nth(10)).to_be_focused()
        await page.get_by_role("radio", name="김하윤").check()
        await read(page)
        await expect(page.get_by_role("region", name="What you must be told of")).to_be_visible()


# What changes by a resident


@needs_browser
async def test_a_consent_takes_effect_at_once_and_so_does_its_withdrawal(
    browser: Browser, served: str, officer: httpx.Client, unchanged: None
) -> None:
    assert military_service(officer) is not None
    async with app(browser, served, "consents", **ENGLISH) as page:
        given = page.get_by_role("region", name="You agree at present")
        await given.get_by_role("button", name="Withdraw: Ministry of Foreign Affairs, Passport renewal").click()
        await expect(page.get_by_text("If you withdraw")).to_be_focused()
        await page.get_by_role("button", name="Yes, withdraw").click()
        await expect(page.get_by_role("heading", name="Your consent is withdrawn")).to_be_focused()
        await expect(given.get_by_role("article").filter(has_text="Ministry of Foreign Affairs")).to_have_count(0)
        assert military_service(officer) is None

        form = page.get_by_role("region", name="Agree to something new")
        await form.get_by_label("Until").fill("2020-01-01")
        await form.get_by_role("button", name="I agree").click()
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.get_by_role("group", name="Who may have what")).to_have_accessible_description("Choose one.")
        await form.get_by_role("radio", name="Ministry of Foreign Affairs – Passport renewal").check()
        await form.get_by_role("button", name="I agree").click()
        # The register's own word, where the form shows it.
        await expect(form.get_by_label("Until")).to_have_accessible_description(
            "The last day. You can withdraw before. Give today or a later day."
        )
        await form.get_by_label("Until").fill("2027-11-30")
        await form.get_by_role("button", name="I agree").click()
        await expect(page.get_by_role("heading", name="Your consent holds from now on")).to_be_focused()
        await expect(given.get_by_role("article").filter(has_text="30 November 2027")).to_contain_text("Military service")
        assert military_service(officer) is not None


@needs_browser
async def test_a_move_is_reported_by_key_alone_and_once_though_the_answer_is_lost(
    browser: Browser, served: str, unchanged: None
) -> None:
    sent: list[dict[str, Any]] = []

    async def lose(route: Route) -> None:
        """Of the reports that are right, the first one's answer is lost on its way."""
        body = route.request.post_data_json or {}
        if "mutation" not in body["query"]:
            return await route.continue_()
        sent.append(body["variables"])
        if body["variables"]["input"]["movedOn"] == MOVED and sum(each["input"]["movedOn"] == MOVED for each in sent) == 1:
            answer = await (await route.fetch()).json()
            assert answer["data"]["reportMoveIn"]["receipt"]
            return await route.fulfill(status=200, content_type="text/html", body="<p>lost</p>")
        return await route.continue_()

    async with app(browser, served, "", **KOREAN) as page:
        await page.route("**/graphql", lose)
        keys = page.keyboard
        await keys.press("Tab")
        await expect(page.get_by_role("link", name="본문으로 바로가기")).to_be_focused()
        await tab_to(page, page.get_by_role("link", name="전입신고"))
        await keys.press("Enter")
        await read(page)
        await expect(page.get_by_role("heading", level=1)).to_be_focused()
        await tab_to(page, page.get_by_label("시·도", exact=True))
        await keys.press("ArrowDown")
        await expect(page.get_by_label("시·도", exact=True)).to_have_value("서울특별시")
        await tab_to(page, page.get_by_label("시·군·구"))
        for key in ("End", "ArrowUp", "ArrowUp"):
            await keys.press(key)
        await expect(page.get_by_label("시·군·구")).to_have_value("11680")
        await tab_to(page, page.get_by_label("나머지 주소"))
        await keys.type("역삼동 역삼로7길 17, 301호")
        await tab_to(page, page.get_by_label("이사한 날"))
        await keys.type("12122099")
        await tab_to(page, page.get_by_role("radio", name="직업"))
        await keys.press("Space")
        await keys.press("Enter")

        alert = page.get_by_role("alert")
        await expect(alert).to_be_focused()
        await expect(alert).to_contain_text("이사한 날: 아직 오지 않은 날입니다")
        await keys.press("Tab")
        await keys.press("Enter")
        day = page.get_by_label("이사한 날")
        await expect(day).to_be_focused()
        await expect(day).to_have_attribute("aria-invalid", "true")
        await keys.type("11112026")
        await keys.press("Enter")
        await expect(alert).to_contain_text("같은 신고이므로 두 번 처리되지 않습니다")
        await expect(page.get_by_label("나머지 주소")).to_be_disabled()
        await page.reload()
        await read(page)
        await expect(alert).to_be_focused()
        await keys.press("Tab")
        await keys.press("Enter")
        await expect(page.get_by_role("heading", name="전입신고가 처리되었습니다")).to_be_focused()
        await expect(page.get_by_role("region", name="전입신고가 처리되었습니다")).to_contain_text(
            "김민준, 이서연, 김하윤 및 김도윤"
        )
        await tab_to(page, page.get_by_role("link", name="내 기록 보기"))
        await keys.press("Enter")
        await read(page)
        await expect(page.get_by_role("region", name="내 정보")).to_contain_text("서울특별시 강남구 역삼동 역삼로7길 17, 301호")
        moves = page.get_by_role("region", name="이전 거주지")
        await expect(moves.get_by_text("2026년 11월 11일")).to_have_count(1)
    first, second, third = sent
    assert first["key"] != second["key"]
    assert second == third
    assert second["input"]["to"]["districtCode"] == "11680"


# For everybody, and when something is wrong


@needs_browser
async def test_everybody_can_use_it(browser: Browser, served: str, officer: httpx.Client) -> None:
    """By the rules of axe-core, in light and dark, on a phone as narrow as any, with forms that are filled in wrongly."""
    military_service(officer)
    axe = Axe()
    async with app(browser, served, "record", **ENGLISH, viewport={"width": 320, "height": 640}, reduced_motion="reduce") as page:
        for name in PAGES:
            await page.locator(f"nav a[href='#/{name}']").click()
            await read(page)
            await page.evaluate("for (const one of document.querySelectorAll('details')) { one.open = true; break; }")
            if name in {"consents", "move"}:
                await page.locator("form button[type=submit]").click()
                await expect(page.get_by_role("alert")).to_be_visible()
            await page.emulate_media(color_scheme="light")
            found = (await axe.run(page, options={"resultTypes": ["violations"]})).response["violations"]
            await page.emulate_media(color_scheme="dark")
            found += (await axe.run(page, options={"resultTypes": ["violations"], "runOnly": ["color-contrast"]})).response[
                "violations"
            ]
            assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == [], name
            assert await page.evaluate("document.documentElement.scrollWidth") == 320, name


@needs_browser
async def test_what_is_wrong_is_told_in_words_with_what_to_do(browser: Browser, served: str) -> None:
    page = await (await browser.new_context(**ENGLISH)).new_page()
    later: list[Callable[[Route], Awaitable[None]]] = []
    statuses: list[int] = []
    page.on("response", lambda response: statuses.append(response.status) if response.url.endswith("/graphql") else None)

    async def answer(route: Route) -> None:
        await (later.pop(0)(route) if later else route.continue_())

    def refused(status: int) -> Callable[[Route], Awaitable[None]]:
        body = {"errors": [{"message": "later", "extensions": {"code": "LEDGER_UNAVAILABLE"}}]}
        return lambda route: route.fulfill(status=status, json=body, headers={"retry-after": "7"})

    async def spoiled(route: Route) -> None:
        """Tokens that are not accepted."""
        personas = await (await route.fetch()).json()
        await route.fulfill(json=[{**persona, "token": persona["token"][:-8] + "AAAAAAAA"} for persona in personas])

    async def without_passports(route: Route) -> None:
        """As if one register did not answer."""
        found = await (await route.fetch()).json()
        found["data"]["me"]["passports"] = None
        lost = {"code": "SOURCE_UNAVAILABLE", "holder": "mofa", "patterns": ["me.passports"]}
        found.setdefault("errors", []).append({"message": "away", "path": ["me", "passports"], "extensions": lost})
        await route.fulfill(json=found)

    async def as_it_is(route: Route) -> None:
        await route.continue_()

    await page.route("**/graphql", answer)
    await page.route("**/personas", answer)
    later += [
        refused(404),
        spoiled,
        as_it_is,
        as_it_is,
        lambda route: route.abort(),
        refused(503),
        refused(429),
        without_passports,
    ]
    await page.goto(f"{served}/citizen/")
    alert, retry = page.get_by_role("alert"), page.get_by_role("alert").get_by_role("button", name="Try again")
    await expect(alert).to_contain_text("You are signed out")
    # A token that is not accepted any more is replaced, and the question asked again.
    await retry.click()
    await expect(alert).to_contain_text("Please check your connection")
    assert statuses == [401]
    for text in ("Your records are safe", "Please wait a moment"):
        await retry.click()
        await expect(alert).to_contain_text(text)
        await expect(alert).to_contain_text("in 7 seconds")
    # One register that is away costs its own card.
    await retry.click()
    await expect(page.get_by_role("region", name="Passports")).to_contain_text("cannot be reached at the moment")
    await expect(page.get_by_role("region", name="Driving licence")).to_contain_text("22-07-387101-17")
    assert later == []
    await page.context.close()


# What is built


def test_it_is_built_for_the_graph_that_is_served() -> None:
    """Then its operations fit and its types are those of the graph: a build makes both, and compiles."""
    printed = CliRunner().invoke(main, ["schema", "--persona", "citizen", "--settings", str(ROOT / "madang.toml")])
    assert printed.exit_code == 0, printed.output
    current = printed.output == (APP / "schema.graphql").read_text("utf-8")
    assert current, "examples/citizen/schema.graphql is not the graph that a citizen sees; run `make citizen` and commit it"
    names = (
        "codegen.json",
        "index.html",
        "package.json",
        "package-lock.json",
        "schema.graphql",
        "tsconfig.json",
        "vite.config.ts",
    )
    sources = [APP / name for name in names] + [path for path in (APP / "src").rglob("*") if path.is_file()]
    hashed = hashlib.sha256()
    for name, path in sorted((path.relative_to(APP).as_posix(), path) for path in sources):
        hashed.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    stamp = (APP / "dist" / "sources.sha256").read_text().strip()
    assert hashed.hexdigest() == stamp, "examples/citizen/dist is older than its sources; run `make citizen` and commit it"


def test_it_is_served_like_the_page(served: str) -> None:
    """With headers that let it load nothing from elsewhere; what is named by its content is kept for good."""
    page = httpx.get(f"{served}/citizen", follow_redirects=True).raise_for_status()
    assert page.url.path == "/citizen/"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-cache"
    for asset in (APP / "dist" / "assets").iterdir():
        found = httpx.get(f"{served}/citizen/assets/{asset.name}").raise_for_status()
        assert found.content == asset.read_bytes()
        assert "immutable" in found.headers["cache-control"]


def test_its_build_names_no_other_host() -> None:
    locked = json.loads((APP / "package-lock.json").read_text())
    assert not any("resolved" in package for package in locked["packages"].values())
    page = (APP / "dist" / "index.html").read_text()
    assert "http" not in page
    assert "<script>" not in page
    licences = (APP / "dist" / "licenses.md").read_text()
    assert all(f"## {name} " in licences for name in json.loads((APP / "package.json").read_text())["dependencies"])
