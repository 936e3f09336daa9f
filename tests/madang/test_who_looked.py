"""What a citizen sees of who looked, in a real browser: looks over HTTP, then the page, in both languages.

`MADANG_PICTURE=docs/who-looked.png` also takes the README's picture, when the first test is run alone: the ledger is new then.
"""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Request, Route, expect

from tests.madang.browsing import launched, needs_browser, watched

ROOT = Path(__file__).parents[2]
SEOUL = {"timezone_id": "Asia/Seoul"}
PAGE = 20
HANGUL, LATIN = {"locale": "ko-KR", **SEOUL}, {"locale": "en-GB", **SEOUL}

PASSPORT = "passport-officer", "passport-renewal", "2026-passport-008841"
LICENCE = "licence-officer", "driving-licence-renewal", "2026-licence-000077"
WELFARE = "welfare-officer", "basic-livelihood-benefit", "2026-00017"
INVESTIGATOR = "investigator", "criminal-investigation", "2026-hyung-4471"

OF_PASSPORT = "name passports(limit: 1) { number expiresOn } children { name }"
OF_LICENCE = "name drivingLicence { number renewBy } passports(limit: 1) { number } disability { severity }"
OF_MEANS = "name taxCertificates(limit: 1) { year income }"


class Officers:
    """Those who look at the citizen's data."""

    def __init__(self, served: str) -> None:
        self.client = httpx.Client(base_url=served, timeout=20)
        personas = self.client.get("/personas").raise_for_status().json()
        self.tokens = {each["name"]: each["token"] for each in personas}
        [self.rrn] = (each["rrn"] for each in personas if each["rrn"])

    def look(self, asking: tuple[str, str, str], items: str) -> dict[str, Any]:
        persona, purpose, case = asking
        headers = {"Authorization": f"Bearer {self.tokens[persona]}", "Madang-Purpose": purpose, "Madang-Case": case}
        query = f"query ($rrn: String!) {{ resident(rrn: $rrn) {{ {items} }} }}"
        answer = self.client.post("/graphql", headers=headers, json={"query": query, "variables": {"rrn": self.rrn}})
        resident: dict[str, Any] = answer.raise_for_status().json()["data"]["resident"]
        return resident


@pytest.fixture(scope="module")
def officers(served: str) -> Iterator[Officers]:
    found = Officers(served)
    yield found
    found.client.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@asynccontextmanager
async def view(browser: Browser, served: str, **options: Any) -> AsyncIterator[Page]:
    """The citizen's view in a fresh page."""
    async with watched(browser, served, **options) as page:
        await page.goto(f"{served}/")
        await page.get_by_label("Asking as").select_option("citizen")
        await page.get_by_text("Who looked").click()
        await read(page)
        yield page


async def read(page: Page) -> None:
    await expect(page.get_by_role("main")).to_have_attribute("aria-busy", "false")


def entries(page: Page) -> Locator:
    """What agencies looked at, the latest first."""
    return page.locator(".days article")


def is_query(request: Request) -> bool:
    return request.url.endswith("/graphql") and "IntrospectionQuery" not in (request.post_data or "")


async def texts(locator: Locator) -> list[str]:
    return [" ".join(text.split()) for text in await locator.all_inner_texts()]


@needs_browser
async def test_what_was_looked_at_is_told_in_both_languages(browser: Browser, served: str, officers: Officers) -> None:
    assert officers.look(WELFARE, OF_MEANS)["taxCertificates"]
    assert officers.look(LICENCE, OF_LICENCE)["passports"]
    assert officers.look(PASSPORT, OF_PASSPORT)["passports"]

    shots = []
    for options, agency, purpose, said, items, masked, consented in (
        (HANGUL, "외교부", "여권 재발급", "여권 담당 공무원", ("성명", "여권번호"), "뒤 4자리만", "동의에 따름"),
        (LATIN, "Ministry of Foreign Affairs", "Passport renewal", "Passport officer", ("Name", "Passport number"),
         "last 4 characters only", "by consent"),
    ):  # fmt: skip
        async with view(browser, served, viewport={"width": 720, "height": 1080}, **options) as page:
            passport, licence, welfare = (entries(page).nth(index) for index in range(3))
            await expect(passport.get_by_role("heading")).to_have_text(agency)
            for text in (purpose, said, "2026-passport-008841", "Passport Act, arts. 8 and 11", *items):
                await expect(passport).to_contain_text(text)
            await expect(licence).to_contain_text(masked)
            await expect(welfare).to_contain_text(consented)
            await expect(passport).not_to_contain_text(consented)
            assert await page.get_by_role("main").get_attribute("lang") == options["locale"][:2]
            assert await passport.locator("cite:not([lang=en])").count() == 0
            await page.evaluate("document.querySelector('.madang-bar').remove()")
            shots.append(base64.b64encode(await page.screenshot()).decode())

    if picture := os.environ.get("MADANG_PICTURE"):
        pair = await browser.new_page(viewport={"width": 1440, "height": 1080})
        await pair.set_content("".join(f'<img src="data:image/png;base64,{shot}">' for shot in shots))
        await pair.add_style_tag(content="body { display: flex; margin: 0 }")
        await pair.screenshot(path=ROOT / picture)
        await pair.close()


@needs_browser
async def test_the_regulations_say_for_which_purpose_the_citizen_may_ask(browser: Browser, served: str) -> None:
    async with watched(browser, served, **LATIN) as page:
        await page.goto(f"{served}/")
        await page.get_by_label("Asking as").select_option("citizen")
        asked: list[Request] = []
        page.on("request", lambda request: asked.append(request) if is_query(request) else None)
        await page.get_by_text("Who looked").click()
        await read(page)
        law, looked = asked
        assert "sharing" in (law.post_data or "")
        assert "madang-purpose" not in law.headers
        assert looked.headers["madang-purpose"] == "own-records"


@needs_browser
async def test_only_a_citizen_has_the_view(browser: Browser, served: str) -> None:
    async with view(browser, served, **LATIN) as page:
        await page.get_by_label("Asking as").select_option("passport-officer")
        await expect(page.get_by_role("main")).to_have_count(0)
        await expect(page.get_by_text("Who looked")).to_have_count(0)
        await expect(page.locator(".graphiql-query-editor .view-line").first).to_be_visible()
        await page.get_by_label("Asking as").select_option("citizen")
        await expect(page.get_by_role("main")).to_be_visible()


@needs_browser
async def test_what_an_investigation_defers_is_not_there(browser: Browser, served: str, officers: Officers) -> None:
    assert officers.look(INVESTIGATOR, "name address")["address"]
    officers.look(PASSPORT, "name")
    async with view(browser, served, **HANGUL) as page:
        await expect(entries(page).first).to_contain_text("외교부")
        await expect(page.get_by_text("수사 등 법률에 따라 알림이 미뤄진 열람")).to_be_visible()
        for told in (page.locator(".days"), page.locator(".notices")):
            assert not [text for text in await texts(told) if "범죄 수사" in text or "2026-hyung-4471" in text]


@needs_browser
async def test_notices_say_why_nobody_asked_for_consent_and_when_they_were_told(
    browser: Browser, served: str, officers: Officers
) -> None:
    officers.look(LICENCE, OF_LICENCE)
    async with view(browser, served, **LATIN) as page:
        notice = page.get_by_role("region", name="Shown without asking for consent").get_by_role("article").first
        for text in (
            "Korean National Police Agency",
            "Driving licence renewal",
            "Severity of the disability",
            "Why no consent was asked for Road Traffic Act, art. 89(1)",
            "You must be told by",
            "(the same day)",
        ):
            assert text in " ".join((await notice.inner_text()).split())
        await expect(notice).not_to_contain_text("Driving licence number")


@needs_browser
async def test_pages_follow_each_other_and_reading_goes_on_where_they_do(
    browser: Browser, served: str, officers: Officers
) -> None:
    for _ in range(PAGE + 3):
        officers.look(PASSPORT, "name")
    async with view(browser, served, **LATIN) as page:
        await page.locator("select[name=agency]").select_option("mofa")
        await read(page)
        await expect(entries(page)).to_have_count(PAGE)
        await page.get_by_role("button", name="Show more").focus()
        await page.keyboard.press("Enter")
        await read(page)
        numbers = [int(number or 0) for number in [await each.get_attribute("data-number") for each in await entries(page).all()]]
        assert len(numbers) >= PAGE + 3
        assert numbers == sorted(set(numbers), reverse=True)
        await expect(entries(page).nth(PAGE)).to_be_focused()


@needs_browser
async def test_entries_are_narrowed_to_an_agency_and_a_day(browser: Browser, served: str, officers: Officers) -> None:
    officers.look(LICENCE, "name")
    officers.look(PASSPORT, "name")
    async with view(browser, served, **LATIN) as page:
        agency, since = page.locator("select[name=agency]"), page.get_by_label("Since")
        await agency.select_option("police")
        await read(page)
        assert set(await texts(entries(page).get_by_role("heading"))) == {"Korean National Police Agency"}
        await expect(page.locator(".days .quiet")).to_have_count(0)

        await since.fill("2999-01-01")
        await expect(page.get_by_text("No entry fits this choice.")).to_be_visible()
        await expect(entries(page)).to_have_count(0)
        await page.get_by_role("button", name="Show all").click()
        await expect(entries(page).first).to_contain_text("Ministry of Foreign Affairs")
        await expect(since).to_have_value("")
        await expect(agency).to_be_focused()

        async with page.expect_request(is_query) as request:
            await since.fill("2026-01-01")
        # The reader's midnight, in Seoul.
        assert (await request.value).post_data_json["variables"]["since"] == "2025-12-31T15:00:00.000Z"
        await expect(entries(page).first).to_be_visible()


@needs_browser
async def test_citizens_who_looked_are_one_quiet_line(browser: Browser, served: str) -> None:
    for _ in range(2):
        async with view(browser, served, **LATIN):
            pass
    async with view(browser, served, **LATIN) as page:
        quiet = page.locator(".days .quiet").first
        await expect(quiet).to_contain_text("You or your household looked")
        await expect(quiet.get_by_text("One's own records").first).not_to_be_visible()
        await quiet.locator("summary").press("Enter")
        await expect(quiet.get_by_text("One's own records").first).to_be_visible()


@needs_browser
async def test_who_looked_at_a_child_is_told_to_the_parent(browser: Browser, served: str, officers: Officers) -> None:
    child = officers.look(PASSPORT, OF_PASSPORT)["children"][0]["name"]
    async with view(browser, served, **HANGUL) as page:
        await page.get_by_text(child, exact=True).click()
        await expect(page.get_by_role("heading", level=2)).to_have_text(f"{child} 님의 정보 이용 내역")
        await read(page)
        await expect(entries(page).first).to_contain_text("외교부")
        await expect(entries(page).first).to_contain_text("성명")
        await expect(entries(page).first).not_to_contain_text("여권번호")
        await page.get_by_text("본인", exact=True).click()
        await expect(entries(page).first).to_contain_text("여권번호")


@needs_browser
async def test_the_language_is_the_browsers_until_another_is_chosen(browser: Browser, served: str) -> None:
    async with view(browser, served, **HANGUL) as page:
        title = page.get_by_role("heading", level=2)
        await expect(title).to_have_text("내 정보 이용 내역")
        await page.get_by_text("English", exact=True).click()
        await expect(title).to_have_text("Who looked at my data")
        await expect(page.get_by_role("main")).to_have_attribute("lang", "en")
        await page.reload()
        await expect(title).to_have_text("Who looked at my data")
        await read(page)


@needs_browser
@pytest.mark.parametrize(
    ("locale", "outage", "refused", "empty"),
    [
        (
            HANGUL,
            "지금은 이용 내역을 불러올 수 없습니다.",
            "법령에 따라 이 기록을 볼 수 없습니다.",
            "아직 표시할 열람 내역이 없습니다.",
        ),
        (
            LATIN,
            "The record cannot be read right now.",
            "The law does not let you see this record.",
            "There is nothing to show yet.",
        ),
    ],
)
async def test_that_there_is_no_answer_is_said_in_words(
    browser: Browser, served: str, locale: dict[str, str], outage: str, refused: str, empty: str
) -> None:
    withheld = {"code": "WITHHELD", "coordinate": "Resident.accessLog", "rules": [{"basis": "Some Act, art. 1"}]}
    down = {"code": "SOURCE_UNAVAILABLE", "holder": "mois"}
    answers: list[dict[str, Any]] = [
        {"data": {"me": {"accessLog": [], "notices": [], "children": []}}},
        *({"data": {"me": {"accessLog": None}}, "errors": [{"message": "no", "extensions": each}]} for each in (withheld, down)),
    ]

    async def answer(route: Route) -> None:
        if "WhoLooked" in (route.request.post_data or "") and answers:
            await route.fulfill(json=answers.pop())
        else:
            await route.continue_()

    async with watched(browser, served, **locale) as page:
        await page.route("**/graphql", answer)
        await page.goto(f"{served}/")
        await page.get_by_label("Asking as").select_option("citizen")
        await page.get_by_text("Who looked").click()
        alert = page.get_by_role("main").get_by_role("alert")
        await expect(alert).to_contain_text(outage)
        await alert.get_by_role("button").click()
        await expect(alert).to_contain_text(refused)
        await expect(alert).to_contain_text("Some Act, art. 1")
        await alert.get_by_role("button").click()
        await expect(page.get_by_text(empty)).to_be_visible()
        await expect(alert).to_have_count(0)


@needs_browser
async def test_a_phone_shows_all_of_it(browser: Browser, served: str, officers: Officers) -> None:
    officers.look(LICENCE, OF_LICENCE)
    officers.look(WELFARE, OF_MEANS)
    for locale in (HANGUL, LATIN):
        async with view(browser, served, viewport={"width": 360, "height": 740}, **locale) as page:
            assert await page.evaluate("document.documentElement.scrollWidth") == 360
            beyond = ".filter((one) => one.getBoundingClientRect().right > 360).map((one) => one.outerHTML)"
            cut = f"[...document.querySelectorAll('main *:not(.madang-unseen)')]{beyond}"
            assert await page.evaluate(cut) == []
            for control in (page.get_by_role("combobox").last, page.locator("input[type=date]")):
                assert (await control.bounding_box() or {})["height"] >= 36


@needs_browser
async def test_all_of_it_is_reached_by_key(browser: Browser, served: str, officers: Officers) -> None:
    officers.look(PASSPORT, "name")
    async with watched(browser, served, **LATIN) as page:
        await page.goto(f"{served}/")
        await page.get_by_label("Asking as").focus()
        await page.get_by_label("Asking as").select_option("citizen")
        await page.keyboard.press("Tab")
        await page.keyboard.press("ArrowRight")
        await read(page)
        reached = []
        for _ in range(8):
            await page.keyboard.press("Tab")
            reached.append(
                await page.evaluate(
                    """() => {
                        const one = document.activeElement;
                        const ring = getComputedStyle(one.closest('.madang-switch label') ?? one);
                        return [one.name || one.tagName, ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) >= 1];
                    }"""
                )
            )
        # A date has several stops, the last of which has a ring of the browser's own; behind the last control is the body.
        assert {name for name, _ in reached} - {name for name, ring in reached if ring} <= {"BODY"}
        assert [name for name, _ in reached][:4] == ["language", "whose", "agency", "since"]
        assert await page.locator("main :is(h1, h2, h3, h4, h5)").first.evaluate("(one) => one.tagName") == "H2"
