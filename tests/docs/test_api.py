"""docs/api.md tells what is: its requests run in order, and are answered as it says."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import serving

PAGE: Final = Path(__file__).parents[2] / "docs" / "api.md"
ANY: Final = "…"
# A request, and what follows it up to the next one.
EXAMPLE: Final = re.compile(r"^```sh\n(.*?)^```\n(.*?)(?=^```sh\n|\Z)", re.M | re.S)
ANSWER: Final = re.compile(r"^```json\n(.*?)^```\n", re.M | re.S)
SECRET: Final = re.compile(r'"secret": ?"(.*?)"')  # of the first key, which the page calls KEY
SEPARATOR: Final = "\n--status: "


@dataclass(frozen=True)
class Example:
    line: int
    script: str
    status: str
    answer: Any


def examples() -> Iterator[Example]:
    text = PAGE.read_text()
    for block in EXAMPLE.finditer(text):
        script, after = block.groups()
        line = text.count("\n", 0, block.start()) + 1
        status = re.match(r"\n`(\d{3})`", after)
        assert status, f"{PAGE.name}, line {line}: no status below this request"
        answer = ANSWER.search(after)
        yield Example(line, script, status[1], answer and json.loads(answer[1]))


def differences(told: Any, found: Any, at: str = "answer") -> Iterator[str]:
    """Where `found` lacks what was told, or has something else there."""
    if told == ANY:
        return
    if isinstance(told, dict) and isinstance(found, dict):
        for name, value in told.items():
            if name in found:
                yield from differences(value, found[name], f"{at}.{name}")
            else:
                yield f"{at}.{name} is missing"
    elif isinstance(told, list) and isinstance(found, list):
        if len(told) != len(found):
            yield f"{at} has {len(found)} entries, not {len(told)}"
        for place, (one, other) in enumerate(zip(told, found, strict=False)):
            yield from differences(one, other, f"{at}[{place}]")
    elif told != found:
        yield f"{at} is {found!r}, not {told!r}"


def asked(script: str, environment: dict[str, str], folder: Path) -> tuple[str, str]:
    """The status and the body of what the last curl of a script got."""
    ran = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    body, _, status = ran.stdout.rpartition(SEPARATOR)
    return status, body


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_each_request_of_the_page_is_answered_as_it_tells(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, colour in (("ball", RED), ("boat", BLUE), ("meadow", GREEN)):
        (photos / f"{name}.png").write_bytes(plain(colour))
    # So that the page need not: curl reads it before its options.
    (tmp_path / ".curlrc").write_text('silent\nshow-error\nwrite-out = "\\n--status: %{http_code}"\n')
    environment = {"PATH": os.environ["PATH"], "CURL_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    wrong: list[str] = []
    with serving(tmp_path / "store") as service:
        environment["PIVOT"] = str(service.client.base_url).rstrip("/")
        for example in examples():
            status, body = asked(example.script, environment, photos)
            if secret := SECRET.search(body):
                environment.setdefault("KEY", secret[1])
            found = [f"the status is {status}, not {example.status}: {body[:300]}"]
            if status == example.status:
                found = [] if example.answer is None else list(differences(example.answer, json.loads(body)))
            wrong += [f"line {example.line}: {one}" for one in found]
    assert wrong == []


def test_a_page_that_tells_something_else_is_noticed() -> None:
    told = {"created": 1, "items": [{"id": ANY}], "error": None}
    assert not list(differences(told, {"created": 1, "items": [{"id": 7, "more": True}], "error": None}))
    assert list(differences(told, {"created": 2, "items": [], "also": 1})) == [
        "answer.created is 2, not 1",
        "answer.items has 0 entries, not 1",
        "answer.error is missing",
    ]
