"""Archives that are dropped on the page or chosen in it, and the jobs that they become."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.end_to_end.browser import Visits
from tests.end_to_end.page import drop, tiles
from tests.end_to_end.server import Server
from tests.service.jobs.packing import tarred, zipped

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts

IMPORTS = re.compile("/imports$")


def contents(paths: list[Path]) -> dict[str, bytes]:
    return {f"holiday/{path.name}": path.read_bytes() for path in paths}


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_an_archive_dropped_on_the_page_is_imported_and_what_failed_is_named(
    visits: Visits, empty: str, photos: list[Path], tmp_path: Path
) -> None:
    files = {**contents(photos[:3]), "broken.jpg": b"these are words", "notes.txt": b"no photo"}
    page = visits.open(f"/?collection={empty}")

    drop(page, "main", [written(tmp_path / "holiday.zip", zipped(files))])

    imports = page.get_by_role("complementary", name="Imports")
    expect(imports).to_contain_text("Import finished")
    expect(imports).to_contain_text("3 added, 0 already there, 1 failed")
    expect(imports).to_contain_text("1 file in it is no photo")
    expect(imports.get_by_role("listitem")).to_contain_text("broken.jpg")
    expect(imports.get_by_role("listitem")).to_contain_text("not an image")
    expect(tiles(page)).to_have_count(3)
    expect(page.get_by_role("complementary", name="Photos being added")).to_be_hidden()
    visits.shoot(page, "done")

    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("#imports")).to_contain_text("3 hinzugefügt, 0 schon vorhanden, 1 fehlgeschlagen")
    expect(page.locator("#imports")).to_contain_text("1 Datei darin ist kein Foto")
    page.locator("#imports").get_by_role("button", name="Schließen").click()
    expect(page.locator("#imports")).to_be_hidden()


def test_archives_and_photos_can_be_chosen_together(
    visits: Visits, empty: str, photos: list[Path], tmp_path: Path
) -> None:
    archive = written(tmp_path / "holiday.tar.gz", tarred(contents(photos[:2]), "w:gz"))
    page = visits.open(f"/?collection={empty}")

    page.locator("#photos-chosen").set_input_files([archive, photos[2]])

    expect(page.locator("#imports")).to_contain_text("2 added, 0 already there, 0 failed")
    expect(page.locator("#uploads")).to_contain_text("1 added, 0 already there, 0 failed")
    expect(tiles(page)).to_have_count(3)
    visits.shoot(page, "both")


def test_an_archive_that_is_none_is_named_with_its_remedy_and_the_next_one_is_imported(
    visits: Visits, empty: str, photos: list[Path], tmp_path: Path
) -> None:
    archives = [
        written(tmp_path / "words.zip", b"these are words"),
        written(tmp_path / "photo.zip", zipped(contents(photos[:1]))),
    ]
    page = visits.open(f"/?collection={empty}")

    page.locator("#photos-chosen").set_input_files(archives)

    expect(page.locator("#imports")).to_contain_text("1 added, 0 already there, 1 failed")
    failure = page.locator("#imports").get_by_role("listitem")
    expect(failure).to_contain_text("words.zip")
    expect(failure).to_contain_text("Pack the photos again")


def test_a_reload_picks_the_import_up_again_and_it_can_be_cancelled(
    visits: Visits, server: Server, empty: str, dots: Callable[[int], list[Path]], tmp_path: Path
) -> None:
    archive = written(tmp_path / "dots.zip", zipped(contents(dots(600))))
    page = visits.open(f"/?collection={empty}")
    page.locator("#photos-chosen").set_input_files(archive)
    imports = page.locator("#imports")
    expect(imports.get_by_role("status")).to_contain_text(re.compile("^Adding .* of 600$"))

    page.reload()  # the archive has arrived: nobody is asked whether to leave

    expect(imports.get_by_role("status")).to_contain_text(re.compile("^Adding [1-9].* of 600$"))
    expect(tiles(page).first).to_be_visible()  # the first photos are shown before the last ones are there
    visits.shoot(page, "running")
    imports.get_by_role("button", name="Cancel").click()
    expect(imports).to_contain_text("Cancelling")
    expect(imports).to_contain_text("Cancelled")
    added = count(page)
    assert 0 < added < 600
    expect(imports).to_contain_text(f"{added} added, 0 already there, 0 failed")
    collection = httpx.get(f"{server.address}/v1/collections/{empty}").json()
    assert collection["images"] == added
    expect(page.locator("#summary")).to_have_text(f"{added} photos")


def count(page: Page) -> int:
    told = re.search(r"(\d+) added", page.locator("#imports").inner_text())
    assert told is not None
    return int(told.group(1))


def test_an_archive_can_be_cancelled_on_its_way_and_goes_on_when_the_server_is_back(
    visits: Visits, server: Server, empty: str, photos: list[Path], tmp_path: Path
) -> None:
    archive = written(tmp_path / "photo.zip", zipped(contents(photos[:1])))
    page = visits.open(f"/?collection={empty}")
    imports = page.locator("#imports")
    page.route(IMPORTS, lambda route: route.abort())

    page.locator("#photos-chosen").set_input_files(archive)
    expect(imports).to_contain_text("The server does not answer")
    expect(imports).to_contain_text("1 archive was not sent")
    imports.get_by_role("button", name="Cancel").click()
    expect(imports).to_contain_text("Cancelled")

    page.locator("#photos-chosen").set_input_files(archive)
    expect(imports).to_contain_text("Stopped")
    page.unroute(IMPORTS)
    imports.get_by_role("button", name="Try again").click()
    expect(imports).to_contain_text("1 added, 0 already there, 0 failed")
    assert server.filenames(empty) == [photos[0].name]


def test_a_job_is_followed_through_an_outage(
    visits: Visits, empty: str, photos: list[Path], tmp_path: Path
) -> None:
    page = visits.open(f"/?collection={empty}")
    looks: list[Route] = []

    def away_at_first(route: Route) -> None:
        looks.append(route)
        if len(looks) == 1:
            route.abort()
        else:
            route.continue_()

    page.route(re.compile(r"/v1/jobs/\d+$"), away_at_first)
    page.locator("#photos-chosen").set_input_files(
        written(tmp_path / "photo.zip", zipped(contents(photos[:1])))
    )
    expect(page.locator("#imports")).to_contain_text("The server does not answer")
    expect(page.locator("#imports")).to_contain_text("1 added, 0 already there, 0 failed")
    expect(page.locator("#imports")).not_to_contain_text("The server does not answer")
    expect(tiles(page)).to_have_count(1)
