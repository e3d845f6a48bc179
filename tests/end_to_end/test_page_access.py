"""The page for everybody: languages, keyboard, small screens, contrast."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.end_to_end.browser import PHONE, Visits
from tests.end_to_end.page import faint_texts, first, search, small_pages, tab_to, tiles
from tests.end_to_end.server import Server

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts

MESSAGE_KINDS = """
async () => {
  const { messages } = await import("/web/messages.js");
  const kinds = (texts) => Object.entries(texts).map(([key, value]) => [key, typeof value]);
  return Object.values(messages).map(kinds);
}
"""

# Texts of index.html, shown until the script runs, that are not those of english.js.
OTHER_TEXTS = """
async () => {
  const { messages } = await import("/web/messages.js");
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  const written = {
    text: (node) => node.textContent,
    label: (node) => node.getAttribute("aria-label"),
    placeholder: (node) => node.getAttribute("placeholder"),
  };
  return Object.entries(written).flatMap(([kind, read]) =>
    [...page.querySelectorAll(`[data-${kind}]`)]
      .filter((node) => read(node) !== messages.en[node.dataset[kind]])
      .map((node) => `${node.dataset[kind]}: ${read(node)}`));
}
"""
WEB = Path(__file__).parents[2] / "service" / "web"
SCOPES = {"read", "write", "admin"}  # the service names them


def test_the_language_follows_the_browser_until_another_is_chosen(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}", language="de-AT")
    root = page.locator("html")
    expect(root).to_have_attribute("lang", "de")
    expect(page.get_by_role("button", name="Fotos hinzufügen")).to_be_visible()
    expect(page.locator("#summary")).to_have_text("7 Fotos")

    page.get_by_role("button", name="English").click()
    expect(root).to_have_attribute("lang", "en")
    expect(page.locator("#summary")).to_have_text("7 photos")
    expect(tiles(page).first.get_by_role("button", name=re.compile("^Photos similar"))).to_have_count(1)

    page.reload()
    expect(root).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="English")).to_have_attribute("aria-pressed", "true")


def test_both_languages_have_every_text(visits: Visits) -> None:
    english, german = visits.open().evaluate(MESSAGE_KINDS)
    assert english == german


def test_the_texts_of_the_document_are_the_english_ones(visits: Visits) -> None:
    assert visits.open().evaluate(OTHER_TEXTS) == []


def test_every_text_is_used(visits: Visits) -> None:
    english, _ = visits.open().evaluate(MESSAGE_KINDS)
    others = [
        path for path in [*WEB.glob("*.js"), *WEB.glob("*.html")] if path.stem not in ("english", "german")
    ]
    used = "".join(path.read_text() for path in others)
    assert [key for key, _ in english if f'"{key}"' not in used and key not in SCOPES] == []


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
    tab_to(page, tiles(page).first.get_by_role("button", name="Not like chelsea.png"))
    first(page).focus()
    page.keyboard.press("ArrowRight")
    expect(tiles(page).nth(1).get_by_role("link")).to_be_focused()
    page.keyboard.press("End")
    expect(tiles(page).nth(2).get_by_role("link")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="chelsea.png")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Delete")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("dialog")).to_contain_text("1 of 2")
    page.keyboard.press("Escape")
    expect(tiles(page)).to_have_count(2)
    expect(first(page)).to_be_focused()
    page.keyboard.press("Control+z")
    expect(tiles(page)).to_have_count(3)

    tab_to(page, tiles(page).first.get_by_role("button", name=re.compile("^Photos similar")))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Similar photos")).to_be_focused()
    expect(tiles(page)).to_have_count(2)


def test_the_focus_moves_on_when_the_button_of_an_upload_goes(
    visits: Visits, empty: str, dots: Callable[[int], list[Path]]
) -> None:
    page = visits.open(f"/?collection={empty}")
    uploads = page.get_by_role("complementary", name="Photos being added")
    title = uploads.get_by_role("status")
    page.route("**/images", lambda route: route.abort())
    page.locator("#photos-chosen").set_input_files(dots(2))
    expect(title).to_have_text("Stopped")

    page.unroute("**/images")
    page.route("**/images", lambda _: None)  # never answered
    uploads.get_by_role("button", name="Try again").press("Enter")
    expect(title).to_have_text("Adding 0 of 2")
    expect(title).to_be_focused()

    uploads.get_by_role("button", name="Cancel").press("Enter")
    expect(title).to_have_text("Cancelled")
    expect(title).to_be_focused()

    uploads.get_by_role("button", name="Close").press("Enter")
    expect(uploads).to_be_hidden()
    expect(page.get_by_role("heading", name="Photos", exact=True)).to_be_focused()


def test_the_focus_moves_on_when_a_failed_search_is_tried_again(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    page.route("**/search", lambda route: route.abort())
    search(page, "a cat")
    retry = page.get_by_role("alert").get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    page.unroute("**/search")

    retry.press("Enter")

    expect(tiles(page)).to_have_count(7)
    expect(page.get_by_role("heading", name="Results")).to_be_focused()


def test_the_focus_moves_to_the_first_new_photo_when_the_last_page_has_come(
    visits: Visits, server: Server, empty: str, dots: Callable[[int], list[Path]]
) -> None:
    server.add(empty, dots(61))
    page = visits.open()
    small_pages(page)
    page.route("**/images?*cursor=*", lambda route: route.abort())
    page.goto(f"{visits.address}/?collection={empty}")
    more = page.get_by_role("button", name="Show more")
    retry = page.get_by_role("alert").get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    held: list[Route] = []
    page.unroute("**/images?*cursor=*")
    page.route("**/images?*cursor=*", lambda route: held.append(route))

    with page.expect_request("**/images?*cursor=*"):
        retry.press("Enter")
    expect(more).to_be_focused()
    held[0].abort()
    expect(retry).to_be_focused()
    page.unroute("**/images?*cursor=*")
    retry.press("Enter")

    expect(more).to_be_hidden()
    expect(tiles(page).last).to_have_attribute("aria-posinset", "61")
    expect(tiles(page).last.get_by_role("link")).to_be_focused()


def test_a_problem_is_not_told_anew_with_every_batch_of_an_upload(
    visits: Visits, server: Server, empty: str, photos: list[Path], dots: Callable[[int], list[Path]]
) -> None:
    server.add(empty, photos[:1])
    page = visits.open()
    page.route("**/images?*", lambda route: route.abort())
    page.goto(f"{visits.address}/?collection={empty}")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    page.evaluate(
        "window.writes = 0;"
        "const observer = new MutationObserver((changes) => (writes += changes.length));"
        "const everything = { attributes: true, childList: true, characterData: true, subtree: true };"
        "observer.observe(document.querySelector('#notice'), everything);"
    )

    page.locator("#photos-chosen").set_input_files(dots(20))

    expect(page.locator("#uploads")).to_contain_text("20 added")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    assert page.evaluate("writes") == 0
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("alert")).to_contain_text("Der Server antwortet nicht")


def test_the_list_of_failed_files_has_a_name(visits: Visits, empty: str, tmp_path: Path) -> None:
    broken = tmp_path / "holiday.jpg"
    broken.write_bytes(b"these are words, not a picture")
    page = visits.open(f"/?collection={empty}")
    page.locator("#photos-chosen").set_input_files(broken)
    failures = page.get_by_role("list", name="Files that failed")
    expect(failures).to_contain_text("holiday.jpg")
    tab_to(page, failures)


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
    tiles(page).first.locator("[data-action=unlike]").tap()
    expect(tiles(page)).to_have_count(5)
    fits(page, "unlike")
    page.locator("#choose").tap()
    tiles(page).first.tap()
    expect(page.locator("#selection")).to_contain_text("1")
    fits(page, "selection")

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
    tiles(page).nth(3).get_by_role("button", name=re.compile("^Not like")).click()
    expect(page.locator("#parts > li")).to_have_count(1)
    page.locator("#choose").click()
    tiles(page).first.click()
    page.get_by_role("button", name="Collection").first.click()
    visits.shoot(page, "menu")
    assert faint_texts(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    first(page).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    visits.shoot(page, "large")
    assert faint_texts(page) == []
