"""A real server in a process of its own, photos that packages ship, and a browser to visit it with."""

import importlib.util
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.end_to_end.browser import Visits, find_chromium, running
from tests.end_to_end.server import Server, serving

PHOTOS = {
    "skimage/data": ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"],
    "sklearn/datasets/images": ["china.jpg", "flower.jpg"],
}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> str:
    return find_chromium()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    # Not for the whole session: the main thread has an event loop meanwhile, which other tests trip over.
    with running(chromium) as browser:
        yield browser


@pytest.fixture
def visits(server: Server, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visits]:
    """Pages of the server; at the end they must have caused no error and asked no other host."""
    visits = Visits(browser, server.address, re.sub(r"\W+", "-", request.node.name))
    yield visits
    visits.close()
    assert visits.complaints == []


@pytest.fixture(scope="session")
def photos() -> list[Path]:
    """What packages ship: an astronaut, a cat, coffee, a rocket, a motorcycle, a temple, a flower."""
    return [package_folder(folder) / name for folder, names in PHOTOS.items() for name in names]


def package_folder(path: str) -> Path:
    package, _, rest = path.partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"{package} is not installed: its photos are part of the extra `demo`")
    return Path(spec.origin).parent / rest


@pytest.fixture(scope="session")
def new_collection(server: Server) -> Callable[[], str]:
    """Makes an empty collection with each call, so that tests share a server but no photos."""
    numbers = itertools.count(1)

    def create() -> str:
        name = f"album-{next(numbers)}"
        httpx.post(f"{server.address}/v1/collections", json={"name": name}).raise_for_status()
        return name

    return create


@pytest.fixture
def empty(new_collection: Callable[[], str]) -> str:
    return new_collection()


@pytest.fixture(scope="session")
def filled(new_collection: Callable[[], str], server: Server, photos: list[Path]) -> str:
    """A collection with the seven photos, for tests that only look."""
    name = new_collection()
    server.add(name, photos)
    return name


@pytest.fixture
def dots(tmp_path: Path) -> Callable[[int], list[Path]]:
    """Makes that many tiny pictures that differ from each other."""

    def make(count: int) -> list[Path]:
        paths = [tmp_path / f"dot-{number:03}.png" for number in range(count)]
        for number, path in enumerate(paths):
            Image.new("RGB", (8, 8), (number % 256, number // 256, 99)).save(path)
        return paths

    return make
