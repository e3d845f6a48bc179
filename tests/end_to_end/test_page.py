"""The page in a real Chromium, before a real server: finding photos and looking through them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.end_to_end.browser import Visits
from tests.end_to_end.page import compose, drop, first, paste, search, small_pages, tile, tiles
from tests.end_to_end.server import Server

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts


def test_a_photo_dropped_on_the_search_box_is_searched_by_and_not_added(
    visits: Visits, server: Server, filled: str, photos: list[Path]
) -> None:
    page = visits.open(f"/?collection={filled}")
    drop(page, "#q", photos[1:2])
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. chelsea\.png"))
    expect(page.locator("#parts")).to_contain_text("chelsea.png")
    expect(page.locator("#uploads")).to_be_hidden()
    assert len(server.filenames(filled)) == 7


def test_the_photo_button_searches_and_words_are_added_to_the_photo(
    visits: Visits, filled: str, photos: list[Path]
) -> None:
    page = visits.open(f"/?collection={filled}")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Search by a photo").click()
    chooser.value.set_files(photos[2])
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. coffee\.png"))

    with page.expect_request("**/search") as asked:
        search(page, "a cat")
    words, photo = json.loads(asked.value.post_data or "")["parts"]
    assert words == {"q": "a cat"}
    assert photo["image"].startswith("data:image/jpeg;base64,")
    expect(page.get_by_role("heading", name="Results")).to_be_visible()
    page.get_by_role("button", name="Remove from the search: Looks like coffee.png").click()
    expect(page.locator("#parts")).to_be_hidden()
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. chelsea\.png"))

    page.go_back()
    expect(page.locator("#parts")).to_contain_text("coffee.png")


def test_a_pasted_picture_is_searched_by(visits: Visits, filled: str, photos: list[Path]) -> None:
    page = visits.open(f"/?collection={filled}")
    expect(tiles(page)).to_have_count(7)
    paste(page, photos[1])
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. chelsea\.png"))
    expect(page.locator("#parts")).to_contain_text("Looks like chelsea.png")


def test_a_photo_that_results_shall_be_unlike_is_mixed_with_the_words(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}&q=a+cat")
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. chelsea\.png"))

    tile(page, "chelsea.png").get_by_role("button", name="Not like chelsea.png").click()

    expect(page.locator("#parts")).to_contain_text("Not like chelsea.png")
    expect(page.get_by_role("searchbox")).to_have_value("a cat")
    expect(tile(page, "chelsea.png")).to_have_count(0)
    expect(tiles(page)).to_have_count(6)
    page.reload()
    expect(page.locator("#parts")).to_contain_text("Not like chelsea.png")
    visits.shoot(page, "unlike")
    page.get_by_role("button", name="Remove from the search: Not like chelsea.png").click()
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. chelsea\.png"))


@pytest.mark.parametrize(
    ("query", "filename"),
    [
        ("eine Katze", "chelsea.png"),
        ("a cat", "chelsea.png"),
        ("eine Tasse Kaffee auf einem Tisch", "coffee.png"),
        ("a cup of coffee on a table", "coffee.png"),
    ],
)
def test_a_query_in_either_language_finds_the_same_photo_first(
    visits: Visits, filled: str, query: str, filename: str
) -> None:
    page = visits.open(f"/?collection={filled}")
    search(page, query)
    expect(first(page)).to_have_accessible_name(re.compile(rf"^1\. {re.escape(filename)}"))
    expect(tiles(page)).to_have_count(7)


def test_the_line_above_the_results_tells_number_language_and_time(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}&q=eine+Tasse+Kaffee+auf+einem+Tisch", language="de-DE")
    expect(page.locator("#summary")).to_have_text(
        re.compile(r"^7 Treffer · verstanden als Deutsch .* · in\s[\d.]+\sms$")
    )
    expect(tiles(page).first.locator(".score")).to_have_text(re.compile(r"^−?[01],\d\d$"))
    expect(tiles(page).first).to_contain_text("Symmetrischer Wert")


def test_typing_searches_by_itself_and_back_returns_to_all_photos(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    page.get_by_role("searchbox").press_sequentially("a cat", delay=60)
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. chelsea\.png"))
    expect(page).to_have_url(re.compile(r"[?&]q=a\+cat$"))

    page.go_back()
    expect(page).not_to_have_url(re.compile("q="))
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator("#summary")).to_have_text("7 photos")


def test_words_of_an_input_method_are_searched_for_once_they_are_composed(
    visits: Visits, filled: str
) -> None:
    page = visits.open(f"/?collection={filled}")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(tiles(page)).to_have_count(7)
    sought: list[str] = []
    page.on(
        "request",
        lambda request: sought.append(request.post_data or "") if request.method == "POST" else None,
    )

    compose(page, "ねこ", "猫")

    expect(page).to_have_url(re.compile("[?&]q=%E7%8C%AB$"))
    expect(page.get_by_role("heading", name="Results")).to_be_visible()
    assert [json.loads(body)["q"] for body in sought] == ["猫"]


def test_typing_asks_for_the_collections_no_more(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    expect(tiles(page)).to_have_count(7)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))

    for words in ["a cat", " on", " a chair"]:
        with page.expect_response("**/search"):
            page.keyboard.type(words)
    expect(page.get_by_role("heading", name="Results")).to_be_visible()

    assert asked.count(f"/v1/collections/{filled}/search") == 3
    assert "/v1/collections" not in asked


def test_photos_added_elsewhere_are_found_and_counted(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    page = visits.open(f"/?collection={empty}")
    expect(page.locator("#welcome")).to_be_visible()
    server.add(empty, photos[:3])

    search(page, "a cat")
    expect(tiles(page)).to_have_count(3)
    expect(page.locator("#welcome")).to_be_hidden()

    page.get_by_role("button", name="All photos").click()
    expect(page.locator("#summary")).to_have_text("3 photos")


def test_a_late_answer_never_overwrites_a_newer_one(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    held: list[Route] = []
    page.route(
        "**/search",
        lambda route: (
            held.append(route) if "coffee" in (route.request.post_data or "") else route.continue_()
        ),
    )
    search(page, "a cup of coffee")
    expect(page.locator("html")).to_have_attribute("data-busy", "")
    search(page, "a cat")
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. chelsea\.png"))

    assert len(held) == 1
    held[0].continue_()
    expect(page.locator("html")).not_to_have_attribute("data-busy", "")
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. chelsea\.png"))


def test_reload_keeps_the_query_and_its_results(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    search(page, "eine Katze")
    expect(first(page)).to_have_accessible_name(re.compile("chelsea"))

    page.reload()

    expect(page.get_by_role("searchbox")).to_have_value("eine Katze")
    expect(first(page)).to_have_accessible_name(re.compile("chelsea"))
    expect(page).to_have_title("eine Katze · Pivot")


def test_similar_shows_the_others_and_survives_a_reload(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    tile(page, "chelsea.png").get_by_role("button", name="Photos similar to chelsea.png").click()

    expect(page.get_by_role("heading", name="Similar photos")).to_be_focused()
    for _ in range(2):
        expect(page.locator("#parts")).to_contain_text("Similar to chelsea.png")
        expect(tiles(page)).to_have_count(6)
        expect(tile(page, "chelsea.png")).to_have_count(0)
        page.reload()

    page.get_by_role("button", name="Remove from the search: Similar to chelsea.png").click()
    expect(tiles(page)).to_have_count(7)


def seventy_photos(visits: Visits, server: Server, empty: str, dots: Callable[[int], list[Path]]) -> Page:
    """More than the page asks for at once, in a small window."""
    server.add(empty, dots(70))
    page = visits.open(size=(400, 500))
    small_pages(page)
    page.goto(f"{visits.address}/?collection={empty}")
    expect(page.locator("#summary")).to_have_text("70 photos")
    return page


def test_further_photos_come_while_scrolling_and_few_are_in_the_document(
    visits: Visits, server: Server, empty: str, dots: Callable[[int], list[Path]]
) -> None:
    page = seventy_photos(visits, server, empty, dots)
    expect(tiles(page).first).to_have_attribute("aria-posinset", "1")

    page.mouse.wheel(0, 100_000)

    expect(tiles(page).last).to_have_attribute("aria-posinset", "70")
    assert tiles(page).count() < 40
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()


def test_no_further_page_is_asked_for_while_another_search_is_under_way(
    visits: Visits, server: Server, empty: str, dots: Callable[[int], list[Path]]
) -> None:
    page = seventy_photos(visits, server, empty, dots)
    expect(tiles(page).first).to_have_attribute("aria-setsize", "60")
    held: list[Route] = []
    page.route("**/search", lambda route: held.append(route))
    search(page, "a cat")
    expect(page.locator("html")).to_have_attribute("data-busy", "")

    page.mouse.wheel(0, 100_000)
    expect(tiles(page).last).to_have_attribute("aria-posinset", "60")
    page.wait_for_timeout(300)

    assert len(held) == 1
    held[0].continue_()
    expect(tiles(page).last).to_have_attribute("aria-setsize", "60")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_server_that_is_gone_is_told_with_a_way_to_retry(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    expect(tiles(page)).to_have_count(7)
    page.route("**/search", lambda route: route.abort())
    search(page, "a cat")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    expect(tiles(page)).to_have_count(0)
    visits.shoot(page, "gone")

    page.unroute("**/search")
    page.get_by_role("button", name="Try again").click()

    expect(first(page)).to_have_accessible_name(re.compile("chelsea"))
    expect(page.get_by_role("alert")).to_be_hidden()


def test_the_problem_of_a_query_is_told_in_the_words_of_the_server(
    visits: Visits, server: Server, filled: str
) -> None:
    query = "z" * 5000
    answer = httpx.get(f"{server.address}/v1/collections/{filled}/search", params={"q": query})
    problem = answer.json()
    page = visits.open(f"/?collection={filled}")
    search(page, query)

    expect(page.get_by_role("alert")).to_contain_text(problem["detail"])
    expect(page.get_by_role("alert")).to_contain_text(problem["remedy"])
    page.get_by_role("alert").get_by_role("button", name="All photos").click()
    expect(tiles(page)).to_have_count(7)


def test_an_unknown_collection_is_told_and_leads_to_the_default_one(visits: Visits) -> None:
    page = visits.open("/?collection=nowhere")
    expect(page.get_by_role("alert")).to_contain_text("nowhere")
    page.get_by_role("alert").get_by_role("button").click()
    expect(page).to_have_url(f"{visits.address}/")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_role("button", name="Add photos")).to_be_visible()
