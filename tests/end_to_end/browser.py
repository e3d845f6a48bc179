"""The system's Chromium, and visits to the page with it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

ARTEFACTS = Path(__file__).parents[2] / "artefacts" / "page"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = (1280, 800)
PHONE = (360, 740)
PATIENCE_MS = 20_000  # how long a slow machine may take to show what is expected

expect.set_options(timeout=PATIENCE_MS)


def find_chromium() -> str:
    """Its path. Skips where there is none; fails where PIVOT_REQUIRE_BROWSER=1 says there must be one."""
    path = shutil.which("chromium")
    if path is None:
        reason = "no `chromium` on the PATH: install it to test the page"
        if os.environ.get("PIVOT_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@contextmanager
def running(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visits:
    """Opens pages of a server, each in its own context, and remembers what they should not have done."""

    browser: Browser
    address: str
    name: str
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(
        self,
        path: str = "/",
        *,
        size: tuple[int, int] = DESKTOP,
        language: str = "en-US",
        dark: bool = False,
        scale: float = 1,
    ) -> Page:
        """`scale` is that of the screen: its pixels for one of the page."""
        width, height = size
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            locale=language,
            color_scheme="dark" if dark else "light",
            has_touch=size == PHONE,
            is_mobile=size == PHONE,
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("request", self._watch)
        page.goto(self.address + path)
        return page

    def shoot(self, page: Page, what: str) -> None:
        """Keeps a screenshot, for a person to look at."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"{self.name}-{what}.png")

    def close(self) -> None:
        for context in self.contexts:
            for number, page in enumerate(context.pages):
                self.shoot(page, f"end{number or ''}")
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        # Chromium logs every answer of 400 and above; whether one was due is for the test to say.
        expected = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"{message.type}: {message.text}")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.address, "blob:", "data:")):
            self.complaints.append(f"asked another host: {request.url}")
