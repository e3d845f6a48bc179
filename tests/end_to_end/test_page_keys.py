"""The page of a service that asks for keys."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from service.keyring import REFRESH_SECONDS
from tests.end_to_end.browser import Visits
from tests.end_to_end.page import drop, first, tiles
from tests.end_to_end.server import ROOT, Server, serving
from tests.service.jobs.packing import zipped

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("locked")


@pytest.fixture(scope="module")
def locked(store: Path, photos: list[Path]) -> Iterator[Server]:
    """A server with two photos in `default`, which asks for a key from then on."""
    with serving(store) as server:
        server.add("default", photos[:2])
        key(store, "operator", "admin")
        yield server


@pytest.fixture
def guests(locked: Server, browser: Browser) -> Iterator[Visits]:
    visits = Visits(browser, locked.address, "keys")
    yield visits
    visits.close()
    assert visits.complaints == []


def key(store: Path, name: str, scope: str) -> str:
    """A new one, made as an operator makes it, and known to the server by now."""
    command = [sys.executable, "-m", "service", "keys", "create", name, "--scope", scope]
    command += ["--store", str(store / "store")]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    time.sleep(REFRESH_SECONDS + 0.1)
    return next(line for line in told.splitlines() if line.startswith("pvt_"))


def enter(page: Page, secret: str) -> None:
    page.get_by_role("dialog").get_by_label("Key").fill(secret)
    page.get_by_role("dialog").get_by_role("button", name="Log in").click()


def test_a_key_opens_the_page_until_it_is_logged_out(guests: Visits, store: Path) -> None:
    page = guests.open()
    dialog = page.get_by_role("dialog", name="This service asks for a key")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("Key")).to_be_focused()
    expect(dialog.get_by_label("Key")).to_have_attribute("type", "password")
    guests.shoot(page, "asked")

    enter(page, "pvt_wrong")
    expect(dialog.get_by_role("alert")).to_contain_text("The key is wrong")
    expect(tiles(page)).to_have_count(0)

    enter(page, key(store, "guest", "read"))
    expect(dialog).to_be_hidden()
    expect(tiles(page)).to_have_count(2)
    assert page.evaluate("document.cookie") == ""  # no script can read it

    page.reload()
    expect(tiles(page)).to_have_count(2)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("dialog")).to_contain_text("You use the key “guest” (may look)")
    page.get_by_role("dialog").get_by_role("button", name="Log out").click()
    expect(dialog).to_be_visible()
    expect(tiles(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    page.reload()
    expect(dialog).to_be_visible()


def test_the_page_offers_what_the_key_may_do(guests: Visits, store: Path) -> None:
    offered = {"read": 0, "write": 1, "admin": 1}
    for scope, buttons in offered.items():
        page = guests.open()
        enter(page, key(store, f"can-{scope}", scope))
        expect(tiles(page)).to_have_count(2)
        expect(page.get_by_role("button", name="Log out")).to_be_visible()
        expect(page.get_by_role("button", name="Add photos")).to_have_count(buttons)
        expect(page.get_by_role("button", name="Add a folder")).to_have_count(buttons)

        page.get_by_role("button", name="Collection default").click()
        expect(page.get_by_role("button", name="New collection")).to_have_count(buttons)
        deletes = page.get_by_role("button", name="Delete “default”")
        expect(deletes).to_have_count(1 if scope == "admin" else 0)
        page.keyboard.press("ArrowUp")  # from the first to the last that is there
        expect(page.locator("#collection-menu button:focus")).to_have_text(
            re.compile({"read": "^default", "write": "New collection", "admin": "Delete “default”"}[scope])
        )
        page.keyboard.press("Escape")

        first(page).click()
        large = page.get_by_role("dialog")
        expect(large.get_by_role("button", name="More like this")).to_be_visible()
        expect(large.get_by_role("button", name="Delete")).to_have_count(buttons)
        expect(large.get_by_role("button", name="Edit")).to_have_count(buttons)
        page.keyboard.press("Delete")
        expect(page.locator("#photos > li")).to_have_count(2 - buttons)
        if scope != "read":
            expect(page.locator("#undo-text")).to_contain_text("Deleted")
            page.keyboard.press("Escape")
            page.keyboard.press("Control+z")
            expect(tiles(page)).to_have_count(2)


def test_a_key_that_may_only_look_changes_nothing(
    guests: Visits, locked: Server, store: Path, photos: list[Path], tmp_path: Path
) -> None:
    archive = tmp_path / "holiday.zip"
    archive.write_bytes(zipped({"rocket.jpg": photos[3].read_bytes()}))
    guest = key(store, "onlooker", "read")
    page = guests.open()
    enter(page, guest)
    expect(tiles(page)).to_have_count(2)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))

    drop(page, "main", [archive, photos[3]])
    page.locator("#photos-chosen").set_input_files([archive, photos[3]])
    tiles(page).first.get_by_role("button", name="Select").click()
    selected = page.get_by_role("region", name="Selected photos")
    expect(selected.get_by_role("button", name="More like these")).to_be_visible()
    expect(selected.get_by_role("button", name="Delete")).to_have_count(0)
    page.keyboard.press("Delete")
    first(page).focus()
    page.keyboard.press("Delete")
    expect(tiles(page)).to_have_count(2)
    expect(page.locator("#uploads, #imports, #undo").filter(visible=True)).to_have_count(0)

    writer = {"Authorization": f"Bearer {key(store, 'owner', 'admin')}"}
    url = f"{locked.address}/v1/collections"
    httpx.post(url, json={"name": "bare"}, headers=writer).raise_for_status()
    page.goto(f"{guests.address}/?collection=bare")
    expect(page.get_by_role("heading", name="Begin with a few photos")).to_be_visible()
    expect(page.get_by_role("button", name="Add")).to_have_count(0)
    assert not [one for one in asked if not one.startswith("GET ") and "/search" not in one]


def test_an_import_is_shown_to_whoever_may_look_but_not_its_cancelling(
    guests: Visits, locked: Server, store: Path, dots: Callable[[int], list[Path]]
) -> None:
    writer = {"Authorization": f"Bearer {key(store, 'importer', 'write')}"}
    guest = key(store, "watcher", "read")
    url = f"{locked.address}/v1/collections"
    httpx.post(url, json={"name": "filling"}, headers=writer).raise_for_status()
    archive = zipped({path.name: path.read_bytes() for path in dots(600)})
    files = {"archive": ("dots.zip", archive)}
    job = httpx.post(f"{url}/filling/imports", files=files, headers=writer).raise_for_status().json()

    page = guests.open("/?collection=filling")
    enter(page, guest)
    expect(page.locator("#imports").get_by_role("status")).to_contain_text("of 600")
    expect(page.locator("#imports").get_by_role("button")).to_have_count(0)
    httpx.post(f"{locked.address}/v1/jobs/{job['id']}/cancel", headers=writer).raise_for_status()
    expect(page.locator("#imports").get_by_role("status")).to_contain_text("Cancelled")


def test_whoever_puts_the_question_off_finds_a_way_back_to_it(guests: Visits, store: Path) -> None:
    page = guests.open()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("alert").get_by_role("button", name="Enter a key").click()
    enter(page, key(store, "later", "read"))
    expect(tiles(page)).to_have_count(2)
