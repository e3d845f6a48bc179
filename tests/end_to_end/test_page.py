"""The page in a real Chromium, before a real server: finding photos and looking through them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.end_to_end.browser import Visits
from tests.end_to_end.page import compose, drop, first, search, tile, tiles
from tests.end_to_end.server import Server

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts


def test_a_photo_dropped_on_the_search_box_is_searched_by_and_not_added(
    visits: Visits, server: Server, filled: str, photos: list[Path]
) -> None:
    page = visits.open(f"/?collection={filled}")
    drop(page, "#q", photos[1:2])
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. chelsea\.png"))
    expect(page.locator("#sought")).to_contain_text("chelsea.png")
    expect(page.locator("#uploads")).to_be_hidden()
    assert len(server.filenames(filled)) == 7


def test_the_photo_button_searches_and_typing_takes_its_place(
    visits: Visits, filled: str, photos: list[Path]
) -> None:
    page = visits.open(f"/?collection={filled}")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Search by a photo").click()
    chooser.value.set_files(photos[2])
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. coffee\.png"))

    search(page, "a cat")
    expect(page.locator("#sought")).to_be_hidden()
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. chelsea\.png"))

    page.go_back()
    expect(page.locator("#sought")).to_contain_text("coffee.png")
    expect(first(page)).to_have_accessible_name(re.compile(r"^1\. coffee\.png"))


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
    page.wait_for_function("document.documentElement.hasAttribute('data-busy')")
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
        expect(page.locator("#sought")).to_contain_text("Similar to chelsea.png")
        expect(tiles(page)).to_have_count(6)
        expect(tile(page, "chelsea.png")).to_have_count(0)
        page.reload()

    page.get_by_role("button", name="Remove this photo from the search").click()
    expect(tiles(page)).to_have_count(7)


def test_delete_asks_first_and_a_deleted_photo_stays_away(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[:3])
    page = visits.open(f"/?collection={empty}")
    doomed = tile(page, "chelsea.png").get_by_role("button", name="Delete chelsea.png")
    dialog = page.get_by_role("dialog", name="Delete this photo?")

    doomed.click()
    visits.shoot(page, "question")
    dialog.get_by_role("button", name="Keep it").click()
    expect(tiles(page)).to_have_count(3)

    doomed.click()
    dialog.get_by_role("button", name="Delete").click()
    expect(tiles(page)).to_have_count(2)
    expect(page.locator("#summary")).to_have_text("Deleted chelsea.png · 2 photos")
    assert server.filenames(empty) == ["astronaut.png", "coffee.png"]

    page.reload()
    expect(tiles(page)).to_have_count(2)
    search(page, "a cat")
    expect(tiles(page)).to_have_count(2)


def test_further_photos_come_while_scrolling(
    visits: Visits, server: Server, empty: str, dots: Callable[[int], list[Path]]
) -> None:
    server.add(empty, dots(70))
    page = visits.open(f"/?collection={empty}", size=(400, 500))
    expect(tiles(page)).to_have_count(60)
    expect(page.locator("#summary")).to_have_text("70 photos")

    page.mouse.wheel(0, 100_000)

    expect(tiles(page)).to_have_count(70)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()


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


def test_a_question_asked_again_at_once_is_answered(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[:2])
    page = visits.open(f"/?collection={empty}")
    # Closed and opened within one task, as fast fingers may: the `close` event comes when it is open again.
    tile(page, "chelsea.png").get_by_role("button", name="Delete chelsea.png").evaluate(
        "button => { button.click(); document.querySelector('dialog').close(); button.click(); }"
    )
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(tiles(page)).to_have_count(1)


def test_a_photo_that_could_not_be_deleted_stays_until_it_can(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[:2])
    page = visits.open(f"/?collection={empty}")
    page.route(
        "**/images/*", lambda route: route.abort() if route.request.method == "DELETE" else route.continue_()
    )
    tile(page, "chelsea.png").get_by_role("button", name="Delete chelsea.png").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alert")).to_be_in_viewport()
    expect(tiles(page)).to_have_count(2)

    page.unroute("**/images/*")
    page.get_by_role("button", name="Try again").click()

    expect(tiles(page)).to_have_count(1)
    expect(page.get_by_role("alert")).to_be_hidden()
    assert server.filenames(empty) == ["astronaut.png"]


def test_an_unknown_collection_is_told_and_leads_to_the_default_one(visits: Visits) -> None:
    page = visits.open("/?collection=nowhere")
    expect(page.get_by_role("alert")).to_contain_text("nowhere")
    page.get_by_role("alert").get_by_role("button").click()
    expect(page).to_have_url(f"{visits.address}/")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_role("button", name="Add photos")).to_be_visible()


def test_another_collection_can_be_chosen_and_keeps_the_query(
    visits: Visits, filled: str, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[2:3])
    page = visits.open(f"/?collection={filled}&q=a+cat")
    expect(tiles(page)).to_have_count(7)

    page.get_by_label("Collection").select_option(empty)

    expect(tiles(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(rf"collection={empty}&q=a\+cat$"))


def test_the_original_opens_from_the_photo(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}&q=a+cat")
    with page.context.expect_page() as opened:
        first(page).click()
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.images[0].naturalWidth") == 451
    opened.value.close()
