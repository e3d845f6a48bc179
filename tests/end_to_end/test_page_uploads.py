"""Photos on their way from the page to the server, and what the page says of them."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.end_to_end.browser import Visits
from tests.end_to_end.page import drop, tiles
from tests.end_to_end.server import Server

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts


def test_photos_of_the_file_input_appear_and_are_counted(
    visits: Visits, empty: str, photos: list[Path]
) -> None:
    page = visits.open(f"/?collection={empty}")
    expect(page.get_by_role("heading", name="Begin with a few photos")).to_be_visible()
    visits.shoot(page, "welcome")

    page.locator("#photos-chosen").set_input_files(photos)

    uploads = page.get_by_role("complementary", name="Photos being added")
    expect(uploads).to_contain_text("7 added, 0 already there, 0 failed")
    expect(tiles(page)).to_have_count(7)
    expect(page.get_by_role("status").filter(has_text="7 photos")).to_be_visible()
    expect(page.get_by_role("heading", name="Begin with a few photos")).to_be_hidden()
    uploads.get_by_role("button", name="Close").click()
    expect(uploads).to_be_hidden()


def test_the_same_photos_again_are_already_there(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[:2])
    page = visits.open(f"/?collection={empty}")

    page.locator("#photos-chosen").set_input_files(photos[:3])

    expect(page.locator("#uploads")).to_contain_text("1 added, 2 already there, 0 failed")
    expect(tiles(page)).to_have_count(3)


def test_many_photos_go_in_batches_with_progress(
    visits: Visits, empty: str, dots: Callable[[int], list[Path]]
) -> None:
    page = visits.open(f"/?collection={empty}")
    page.evaluate(
        "window.headlines = [];"
        "const panel = document.querySelector('#uploads');"
        "const observer = new MutationObserver(() => headlines.push(panel.querySelector('h2').textContent));"
        "observer.observe(panel, { childList: true, subtree: true });"
    )

    page.locator("#photos-chosen").set_input_files(dots(20))

    expect(page.locator("#uploads")).to_contain_text("20 added")
    assert list(dict.fromkeys(page.evaluate("headlines"))) == [
        "Adding 0 of 20",
        "Adding 8 of 20",
        "Adding 16 of 20",
        "Adding 20 of 20",
        "Finished",
    ]


def test_a_broken_file_is_named_with_its_remedy_and_the_others_are_added(
    visits: Visits, server: Server, empty: str, photos: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "holiday.jpg"
    broken.write_bytes(b"these are words, not a picture")
    with httpx.Client(base_url=server.address) as client:
        answer = client.post(
            f"/v1/collections/{empty}/images", files=[("files", (broken.name, broken.read_bytes()))]
        )
    problem = answer.json()["items"][0]["error"]
    page = visits.open(f"/?collection={empty}")

    page.locator("#photos-chosen").set_input_files([*photos[:2], broken])

    uploads = page.locator("#uploads")
    expect(uploads).to_contain_text("2 added, 0 already there, 1 failed")
    failure = uploads.get_by_role("listitem")
    expect(failure).to_contain_text(broken.name)
    expect(failure).to_contain_text(problem["detail"])
    expect(failure).to_contain_text(problem["remedy"])
    expect(tiles(page)).to_have_count(2)


def test_a_folder_gives_its_photos_and_leaves_the_rest(
    visits: Visits, empty: str, dots: Callable[[int], list[Path]], tmp_path: Path
) -> None:
    dots(3)
    (tmp_path / "Thumbs.db").write_bytes(b"no photo")
    page = visits.open(f"/?collection={empty}")

    page.locator("#folder-chosen").set_input_files(tmp_path)

    expect(page.locator("#uploads")).to_contain_text("3 added, 0 already there, 0 failed")
    expect(page.locator("#uploads")).to_contain_text("1 file in the folder is no photo")


def test_a_cancelled_upload_stops_and_says_what_was_not_sent(
    visits: Visits, server: Server, empty: str, dots: Callable[[int], list[Path]]
) -> None:
    page = visits.open(f"/?collection={empty}")
    held: list[Route] = []
    page.route("**/images", lambda route: held.append(route))  # the first batch never gets through
    page.locator("#photos-chosen").set_input_files(dots(20))
    expect(page.locator("#uploads")).to_contain_text("Adding 0 of 20")
    visits.shoot(page, "sending")

    page.get_by_role("button", name="Cancel").click()

    expect(page.locator("#uploads")).to_contain_text("Cancelled")
    expect(page.locator("#uploads")).to_contain_text("20 photos were not sent")
    assert len(held) == 1
    assert server.filenames(empty) == []


def test_an_upload_goes_on_when_the_server_is_back(
    visits: Visits, empty: str, dots: Callable[[int], list[Path]]
) -> None:
    page = visits.open(f"/?collection={empty}")
    page.route("**/images", lambda route: route.abort())
    page.locator("#photos-chosen").set_input_files(dots(10))
    expect(page.locator("#uploads")).to_contain_text("The server does not answer")
    expect(page.locator("#uploads")).to_contain_text("10 photos were not sent")
    visits.shoot(page, "stopped")

    page.unroute("**/images")
    page.locator("#uploads").get_by_role("button", name="Try again").click()

    expect(page.locator("#uploads")).to_contain_text("10 added, 0 already there, 0 failed")


def test_a_busy_server_is_waited_for(visits: Visits, empty: str, photos: list[Path]) -> None:
    page = visits.open(f"/?collection={empty}")
    busy = iter([True, True])

    def refuse_twice(route: Route) -> None:
        if next(busy, False):
            route.fulfill(status=503, headers={"Retry-After": "0"}, body="no document, as from a proxy")
        else:
            route.continue_()

    page.route("**/images", refuse_twice)
    page.locator("#photos-chosen").set_input_files(photos[:2])
    expect(page.locator("#uploads")).to_contain_text("2 added, 0 already there, 0 failed")


def test_photos_dropped_on_the_page_are_added(visits: Visits, empty: str, photos: list[Path]) -> None:
    page = visits.open(f"/?collection={empty}")
    drop(page, "main", photos[:2])
    expect(page.locator("#uploads")).to_contain_text("2 added")
    expect(tiles(page)).to_have_count(2)


def test_an_unknown_collection_offers_no_adding_and_what_is_dropped_there_is_refused_for_good(
    visits: Visits, photos: list[Path]
) -> None:
    page = visits.open("/?collection=nowhere")
    expect(page.get_by_role("alert")).to_contain_text("nowhere")
    expect(page.get_by_role("button", name="Add photos")).to_have_count(0)

    drop(page, "main", photos[:2])

    uploads = page.locator("#uploads")
    expect(uploads).to_contain_text("Stopped")
    expect(uploads).to_contain_text("2 photos were not sent")
    expect(uploads.get_by_role("button", name="Try again")).to_have_count(0)
    uploads.get_by_role("button", name="Close").click()
    expect(uploads).to_be_hidden()


def test_a_reload_in_mid_upload_keeps_what_arrived_and_the_rest_can_follow(
    visits: Visits, server: Server, empty: str, dots: Callable[[int], list[Path]]
) -> None:
    paths = dots(12)
    page = visits.open(f"/?collection={empty}")
    page.on("dialog", lambda dialog: dialog.accept())  # the browser asks whether to leave
    sent: list[Route] = []

    def hold_the_second(route: Route) -> None:
        sent.append(route)
        if len(sent) != 2:
            route.continue_()

    page.route("**/images", hold_the_second)
    page.locator("#photos-chosen").set_input_files(paths)
    expect(page.locator("#uploads")).to_contain_text("Adding 8 of 12")

    page.reload()

    expect(page.locator("#uploads")).to_be_hidden()
    expect(tiles(page)).to_have_count(8)
    assert len(server.filenames(empty)) == 8
    page.locator("#photos-chosen").set_input_files(paths)
    expect(page.locator("#uploads")).to_contain_text("4 added, 8 already there, 0 failed")
    expect(tiles(page)).to_have_count(12)
