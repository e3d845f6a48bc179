"""The page in a real Chromium: collections made, chosen, renamed and deleted."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.end_to_end.browser import Visits
from tests.end_to_end.page import tiles
from tests.end_to_end.server import Server

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts


def test_another_collection_can_be_chosen_and_keeps_the_query(
    visits: Visits, filled: str, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[2:3])
    page = visits.open(f"/?collection={filled}&q=a+cat")
    expect(tiles(page)).to_have_count(7)

    page.get_by_role("button", name=f"Collection {filled}").click()
    visits.shoot(page, "menu")
    page.get_by_role("button", name=re.compile(rf"^{empty} ")).click()

    expect(tiles(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(rf"collection={empty}&q=a\+cat$"))


def test_a_menu_that_is_opened_before_the_collections_are_known_fills_and_takes_the_focus(
    visits: Visits,
) -> None:
    page = visits.open()
    held: list[Route] = []
    page.route("**/v1/collections", lambda route: held.append(route))
    page.reload()
    page.locator("#collections").click()
    expect(page.locator("#collection-menu")).to_be_visible()
    expect(page.locator("#collection-menu button")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(page.locator("#collection-menu [aria-current=true]")).to_be_focused()


def test_a_collection_is_made_renamed_and_deleted_and_a_bad_name_is_told_in_the_dialog(
    visits: Visits, new_collection: Callable[[], str]
) -> None:
    taken = new_collection()
    page = visits.open()
    page.get_by_role("button", name="Collection default").click()
    page.get_by_role("button", name="New collection").click()
    dialog = page.get_by_role("dialog", name="New collection")
    dialog.get_by_label("Name").fill(taken)
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text(taken)
    visits.shoot(page, "taken")
    dialog.get_by_label("Name").fill(f"{taken}-new")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(re.compile(f"collection={taken}-new$"))
    expect(page.get_by_role("heading", name="Begin with a few photos")).to_be_visible()

    page.get_by_role("button", name=f"Collection {taken}-new").click()
    page.get_by_role("button", name=f"Rename “{taken}-new”").click()
    page.get_by_role("dialog").get_by_label("Name").fill(f"{taken}-other")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(page).to_have_url(re.compile(f"collection={taken}-other$"))

    page.get_by_role("button", name=f"Collection {taken}-other").click()
    page.get_by_role("button", name=f"Delete “{taken}-other”").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Collection default")).to_be_visible()
    page.get_by_role("button", name="Collection default").click()
    expect(page.get_by_role("button", name=f"{taken}-other")).to_have_count(0)
