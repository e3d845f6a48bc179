"""The page for everybody: languages, keyboard, small screens, contrast."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browser import PHONE, Visits
from tests.end_to_end.page import faint_texts, first, search, tab_to, tiles
from tests.end_to_end.server import Server

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts

MESSAGE_KINDS = """
async () => {
  const { messages } = await import("/web/messages.js");
  const kinds = (texts) => Object.entries(texts).map(([key, value]) => [key, typeof value]);
  return Object.values(messages).map(kinds);
}
"""


def test_the_language_follows_the_browser_until_another_is_chosen(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}", language="de-AT")
    root = page.locator("html")
    expect(root).to_have_attribute("lang", "de")
    expect(page.get_by_role("button", name="Fotos hinzufügen")).to_be_visible()
    expect(page.locator("#summary")).to_have_text("7 Fotos")

    page.get_by_role("button", name="English").click()
    expect(root).to_have_attribute("lang", "en")
    expect(page.locator("#summary")).to_have_text("7 photos")
    expect(tiles(page).first.get_by_role("button", name=re.compile("^Delete"))).to_have_count(1)

    page.reload()
    expect(root).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="English")).to_have_attribute("aria-pressed", "true")


def test_both_languages_have_every_text(visits: Visits) -> None:
    english, german = visits.open().evaluate(MESSAGE_KINDS)
    assert english == german


def test_everything_can_be_done_by_keyboard(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[:3])
    page = visits.open(f"/?collection={empty}")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("a cat")
    page.keyboard.press("Enter")
    expect(first(page)).to_have_accessible_name(re.compile("chelsea"))

    tab_to(page, first(page))
    visits.shoot(page, "focus")
    tab_to(page, tiles(page).first.get_by_role("button", name="Photos similar to chelsea.png"))
    tab_to(page, tiles(page).first.get_by_role("button", name="Delete chelsea.png"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Delete chelsea.png")).to_be_focused()

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(tiles(page)).to_have_count(2)
    expect(first(page)).to_be_focused()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Similar photos")).to_be_focused()
    expect(tiles(page)).to_have_count(1)


@pytest.mark.parametrize("language", ["en-US", "de-DE"])
def test_a_phone_never_scrolls_sideways(
    visits: Visits, filled: str, empty: str, photos: list[Path], language: str
) -> None:
    def fits(page: Page, what: str) -> None:
        visits.shoot(page, what)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0], what

    page = visits.open(f"/?collection={filled}", size=PHONE, language=language)
    expect(tiles(page)).to_have_count(7)
    fits(page, "all")
    search(page, "ein Hund springt ins Wasser")
    expect(page.locator("#summary")).to_contain_text("Deutsch" if language == "de-DE" else "German")
    fits(page, "results")
    tiles(page).first.locator("[data-action=similar]").tap()
    expect(tiles(page)).to_have_count(6)
    fits(page, "similar")
    tiles(page).first.locator("[data-action=delete]").tap()
    expect(page.get_by_role("dialog")).to_be_visible()
    fits(page, "question")

    page.goto(f"{visits.address}/?collection={empty}")
    expect(page.locator("#welcome")).to_be_visible()
    fits(page, "welcome")
    page.locator("#photos-chosen").set_input_files(photos[:1])
    expect(page.locator("#uploads")).to_have_attribute("data-state", "done")
    fits(page, "uploaded")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_has_enough_contrast(visits: Visits, filled: str, dark: bool) -> None:
    page = visits.open(f"/?collection={filled}&q=a+cat", dark=dark)
    expect(tiles(page)).to_have_count(7)
    assert faint_texts(page) == []
