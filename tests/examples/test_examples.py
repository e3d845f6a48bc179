"""The examples do what they say, where their language is there to run them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service

EXAMPLES = Path(__file__).parents[2] / "examples"
ADDED = ["red.png created", "green.png created", "blue.png created"]


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    for name, colour in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        (tmp_path / f"{name}.png").write_bytes(plain(colour))
    return [str(tmp_path / f"{name}.png") for name in ("red", "green", "blue")]


def run(program: str, example: str, *words: str) -> "subprocess.CompletedProcess[str]":
    interpreter = shutil.which(program)
    if interpreter is None:
        pytest.skip(f"{program} is not installed")
    return subprocess.run(
        [interpreter, str(EXAMPLES / example), *words],
        cwd=EXAMPLES.parent,
        env={"PYTHONPATH": str(EXAMPLES.parent), "PATH": "/usr/bin:/bin"},
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("program", "example"), [(sys.executable, "search.py"), ("node", "search.mjs"), ("php", "search.php")]
)
def test_photos_are_added_found_in_german_counted_and_deleted(
    service: Service, photos: list[str], program: str, example: str
) -> None:
    ran = run(program, example, str(service.client.base_url).rstrip("/"), *photos)
    lines = [line.strip() for line in ran.stdout.splitlines()]
    assert (ran.returncode, ran.stderr) == (0, "")
    assert lines[:3] == ADDED
    assert lines[3].startswith("1 photo-0 ")
    assert lines[6:] == ["3 images", "1 deleted"]


@pytest.mark.parametrize(
    ("program", "example"), [(sys.executable, "search.py"), ("node", "search.mjs"), ("php", "search.php")]
)
def test_what_the_service_finds_wrong_is_told(
    service: Service, tmp_path: Path, program: str, example: str
) -> None:
    (tmp_path / "notes.txt").write_text("no photo")
    url = str(service.client.base_url).rstrip("/")
    ran = run(program, example, f"{url}/nowhere", str(tmp_path / "notes.txt"))
    assert ran.returncode == 1
    assert "nothing at /nowhere/v1/collections" in ran.stderr


def test_curl_does_the_same(service: Service, photos: list[str]) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    ran = run("sh", "search.sh", str(service.client.base_url).rstrip("/"), photos[0])
    assert (ran.returncode, ran.stderr) == (0, "")
    _, added, found, page, deleted = [line for line in ran.stdout.splitlines() if line]
    assert '"status":"created"' in added
    assert '"external_id":"photo-0"' in found
    assert '"external_id":"photo-0"' in page
    assert deleted.startswith('{"deleted":1,')
    assert service.client.get("/v1/collections/curl-example").json()["images"] == 0
