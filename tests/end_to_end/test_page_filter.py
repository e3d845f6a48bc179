"""The filter and the order of what the page shows."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browser import PHONE, Visits
from tests.end_to_end.page import faint_texts, tiles

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts


def names(page: Page) -> list[str]:
    return [link.get_attribute("aria-label") or "" for link in tiles(page).get_by_role("link").all()]


def test_a_filter_narrows_list_and_search_and_its_chips_widen_them(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    expect(tiles(page)).to_have_count(7)
    page.get_by_role("button", name="Filter").click()
    panel = page.get_by_role("dialog", name="Filter")
    visits.shoot(page, "panel")
    panel.get_by_label("PNG").check()
    panel.get_by_label("Shape").select_option("Wide")
    panel.get_by_role("button", name="Apply").click()

    expect(panel).to_be_hidden()
    expect(tiles(page)).to_have_count(3)
    assert not [name for name in names(page) if ".png" not in name or "astronaut" in name]
    chips = page.get_by_role("list", name="Filters").get_by_role("listitem")
    expect(chips).to_have_text(["PNG", "Wide"])
    expect(page.locator("#summary")).to_have_text("3 photos")

    page.get_by_role("searchbox").fill("a cat")
    expect(page.get_by_role("heading", name="Results")).to_be_visible()
    expect(tiles(page)).to_have_count(3)
    page.reload()
    expect(tiles(page)).to_have_count(3)
    chips.filter(has_text="Wide").get_by_role("button").click()
    expect(tiles(page)).to_have_count(4)
    chips.filter(has_text="PNG").get_by_role("button").click()
    expect(tiles(page)).to_have_count(7)
    page.go_back()
    expect(tiles(page)).to_have_count(4)


def test_a_filter_that_nothing_passes_says_so_and_can_be_cleared(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    page.get_by_role("button", name="Filter").click()
    panel = page.get_by_role("dialog", name="Filter")
    panel.get_by_label("Metadata: key").fill("camera")
    panel.get_by_label("is", exact=True).fill("X100")
    panel.get_by_label("is", exact=True).press("Enter")
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("No photo passes the filter")
    expect(page.get_by_role("list", name="Filters")).to_contain_text("camera: X100")
    notice.get_by_role("button", name="Clear the filter").click()
    expect(tiles(page)).to_have_count(7)


def test_the_list_is_sorted_as_chosen(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    page.get_by_label("Order").select_option("By name")
    expect(page).to_have_url(re.compile("sort=filename"))
    expect(tiles(page).first.get_by_role("link")).to_have_accessible_name(re.compile("astronaut"))
    expect(tiles(page).last.get_by_role("link")).to_have_accessible_name(re.compile("rocket"))
    page.get_by_role("searchbox").fill("a cat")
    expect(page.get_by_label("Order")).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True])
def test_the_panel_fits_a_phone_and_can_be_read(visits: Visits, filled: str, dark: bool) -> None:
    address = f"/?collection={filled}&format=png&pixels=1000&from=2024-01-31&caption=Hund"
    page = visits.open(address, size=PHONE, dark=dark, language="de-DE")
    expect(page.get_by_role("list", name="Filter")).to_contain_text("ab 31.01.2024")
    visits.shoot(page, f"chips-{dark}")
    page.get_by_role("button", name="Filter", exact=True).tap()
    panel = page.get_by_role("dialog", name="Filter")
    expect(panel.get_by_label("PNG")).to_be_checked()
    visits.shoot(page, f"panel-{dark}")
    box = panel.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
    assert box["y"] + box["height"] <= PHONE[1]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    assert faint_texts(page) == []
