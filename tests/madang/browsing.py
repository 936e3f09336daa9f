"""What tests in a real browser share: the browser, and a page that is watched."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the path")


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def watched(browser: Browser, served: str, **options: Any) -> AsyncIterator[Page]:
    """A page of its own; afterwards, nothing may have gone elsewhere, and nothing may have been complained of."""
    context = await browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"} | options)
    page = await context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    addresses: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    context.on("request", lambda request: addresses.append(request.url))
    yield page
    await context.close()
    assert [address for address in addresses if not address.startswith((f"{served}/", "data:"))] == []
    assert complaints == []
