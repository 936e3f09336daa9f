"""The page in a real browser, against a real server: what a persona sees, what is withheld, and that nothing else is asked.

`MADANG_PICTURE=docs/page.png` also takes the README's picture.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Request, Route, expect

from tests.madang.browsing import launched, needs_browser, watched

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "madang" / "static"

# What each example of the menu lacks.
WITHHELD_BY_EXAMPLE = {
    "Passport renewal across the registers": {"Resident.taxCertificates"},
    "Livelihood benefit: a household's means": set(),
    "Change of address: a household moves in": set(),
    "Driving licence renewal without papers": {"Resident.employments"},
    "My own records in every register": set(),
    "Residents of a district by age and sex": {"Resident.name"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, served: str) -> AsyncIterator[Page]:
    """A fresh page with the graph read."""
    async with watched(browser, served) as page:
        await open_page(page, served)
        yield page


async def open_page(page: Page, served: str) -> None:
    await page.goto(f"{served}/")
    await expect(page.locator(".graphiql-query-editor .view-line").first).to_be_visible()
    await expect(docs(page)).to_contain_text("Root Types")


def docs(page: Page) -> Locator:
    return page.locator(".graphiql-doc-explorer")


def is_query(request: Request) -> bool:
    return request.url.endswith("/graphql") and "IntrospectionQuery" not in (request.post_data or "")


async def run(page: Page) -> dict[str, Any]:
    """Run the query in the editor and give the body of its response."""
    async with page.expect_response(lambda response: is_query(response.request)) as response:
        await page.get_by_role("button", name="Execute query").click()
    body: dict[str, Any] = await (await response.value).json()
    await expect(page.get_by_role("region", name="What the answer lacks")).to_be_visible()
    return body


@needs_browser
async def test_passport_query_shows_the_data_and_why_income_is_withheld(page: Page) -> None:
    await page.get_by_label("Asking as").select_option("passport-officer")
    await expect(page.get_by_label("For the purpose")).to_have_value("passport-renewal")
    body = await run(page)

    resident = body["data"]["resident"]
    assert all((resident["passports"], resident["household"]["members"], resident["militaryService"]))
    assert resident["taxCertificates"] is None
    await expect(page.get_by_role("region", name="Result Window")).to_contain_text(resident["name"])
    lacks = page.get_by_role("region", name="What the answer lacks")
    await expect(lacks).to_contain_text("Withheld: 1 field")
    (error,) = body["errors"]
    assert error["extensions"]["coordinate"] == "Resident.taxCertificates"
    for shown in (
        "Resident.taxCertificates",
        error["message"].split(" is withheld: ")[1],
        error["extensions"]["rules"][0]["basis"],
    ):
        await expect(lacks).to_contain_text(shown)
    if picture := os.environ.get("MADANG_PICTURE"):
        await docs(page).get_by_text("Query", exact=True).click()
        await docs(page).get_by_text("Resident", exact=True).first.click()
        await page.mouse.move(0, 0)
        await page.wait_for_timeout(500)
        await page.screenshot(path=ROOT / picture)


@needs_browser
async def test_docs_show_the_graph_as_the_caller_sees_it(page: Page) -> None:
    await page.get_by_label("Asking as").select_option("passport-officer")
    await page.get_by_label("My view").check()
    await expect(docs(page)).to_contain_text("Passport")
    await expect(docs(page)).not_to_contain_text("TaxCertificate")

    await page.get_by_label("Asking as").select_option("citizen")
    await expect(docs(page)).to_contain_text("TaxCertificate")

    await page.get_by_label("Asking as").select_option("passport-officer")
    await expect(docs(page)).not_to_contain_text("TaxCertificate")
    await page.get_by_label("Whole catalogue").check()
    await expect(docs(page)).to_contain_text("TaxCertificate")


@needs_browser
async def test_docs_say_under_which_article_a_field_is_shared(page: Page) -> None:
    await page.get_by_label("Asking as").select_option("passport-officer")
    await page.get_by_label("My view").check()
    await expect(docs(page)).not_to_contain_text("TaxCertificate")
    await docs(page).get_by_text("Query", exact=True).click()
    await docs(page).get_by_text("Resident", exact=True).first.click()
    await docs(page).get_by_text("passports", exact=True).click()
    await expect(docs(page)).to_contain_text("Shared under Passport Act, art")
    await expect(docs(page)).to_contain_text("for passport-renewal.")


@needs_browser
async def test_purpose_is_the_chosen_personas_and_goes_with_the_request(page: Page) -> None:
    await page.get_by_label("Asking as").select_option("citizen")
    await expect(page.get_by_label("For the purpose")).to_have_value("own-records")
    await page.get_by_label("Case").fill("2026-00017")
    async with page.expect_request(is_query) as request:
        await page.get_by_role("button", name="Execute query").click()
    headers = (await request.value).headers
    assert headers["madang-purpose"] == "own-records"
    assert headers["madang-case"] == "2026-00017"
    assert headers["authorization"].startswith("Bearer ")


@needs_browser
async def test_every_example_of_the_menu_is_answered(page: Page) -> None:
    for title, withheld in WITHHELD_BY_EXAMPLE.items():
        await page.get_by_role("button", name="Examples").click()
        await expect(page.get_by_role("menuitem")).to_have_count(len(WITHHELD_BY_EXAMPLE))
        await page.get_by_role("menuitem", name=title).click()
        errors = (await run(page)).get("errors", [])
        assert {error["extensions"].get("coordinate", error["message"]) for error in errors} == withheld, title
        await expect(page.locator(".squiggly-error")).to_have_count(0)


@needs_browser
async def test_a_token_that_ran_out_is_renewed(browser: Browser, served: str) -> None:
    async def spoil(route: Route) -> None:
        personas = await (await route.fetch()).json()
        await route.fulfill(json=[{**persona, "token": persona["token"][:-8] + "AAAAAAAA"} for persona in personas])

    page = await browser.new_page()
    await page.route("**/personas", spoil, times=1)
    statuses: list[int] = []
    page.on("response", lambda response: statuses.append(response.status) if response.url.endswith("/graphql") else None)
    await open_page(page, served)
    assert statuses == [401, 200]
    await page.close()


@needs_browser
async def test_policy_keeps_foreign_scripts_and_hosts_out(browser: Browser, served: str) -> None:
    page = await browser.new_page()
    await open_page(page, served)
    broken = await page.evaluate(
        """async () => {
            const broken = [];
            addEventListener('securitypolicyviolation', (event) => broken.push(event.effectiveDirective));
            document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.inlined = true' }));
            document.body.append(Object.assign(document.createElement('img'), { src: 'http://127.0.0.1:9/x.png' }));
            await fetch('http://127.0.0.1:9/').catch(() => {});
            const blob = URL.createObjectURL(new Blob(['1'], { type: 'text/javascript' }));
            try { new Worker(blob); } catch { /* some versions throw as well */ }
            await new Promise((done) => setTimeout(done, 200));
            return [window.inlined ?? null, broken.sort()];
        }"""
    )
    assert broken == [None, ["connect-src", "img-src", "script-src-elem", "worker-src"]]
    await page.close()


def test_committed_build_is_current() -> None:
    names = ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"]
    own = [ROOT / "web" / name for name in names] + list((ROOT / "web" / "src").iterdir())
    sources = own + list((ROOT / "examples" / "queries").glob("*.graphql"))
    hashed = hashlib.sha256()
    for name, path in sorted((path.relative_to(ROOT).as_posix(), path) for path in sources):
        hashed.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    current = (STATIC / "sources.sha256").read_text().strip()
    assert hashed.hexdigest() == current, "madang/static is older than web/ or examples/queries/; run `make web` and commit it"


def test_build_names_no_other_host() -> None:
    locked = json.loads((ROOT / "web" / "package-lock.json").read_text())
    assert not any("resolved" in package for package in locked["packages"].values())
    page = (STATIC / "index.html").read_text()
    assert "http" not in page
    assert "<script>" not in page


def test_every_font_of_the_build_has_its_licence() -> None:
    fonts = {
        path.name.partition("-")[0]
        for path in (STATIC / "assets").iterdir()
        if path.suffix in {".ttf", ".otf", ".woff", ".woff2"}
    }
    assert fonts == {"codicon"}
    codicons = (STATIC / "licenses.md").read_text().partition("## Codicons (CC-BY-4.0)\n")[2]
    assert "Microsoft Corporation" in codicons
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in codicons
