"""The command line as a process of its own: what becomes of accepted work when it is ended or killed."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import IO

import httpx
import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 60
NO_HOLD = 10**9
BATCHES_UNDER_WAY = 32  # photos: two batches of 16

Process = subprocess.Popen[str]
Start = Callable[..., Process]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A held encoder goes on once this file exists."""
    return tmp_path / "release"


@pytest.fixture
def start(tmp_path: Path, release: Path) -> Iterator[Start]:
    """Starts commands with the encoder that knows colours, which holds after some images."""
    running: list[tuple[Process, Timer]] = []

    def start(*command: str | Path, hold_after: int = NO_HOLD) -> Process:
        environment = {**os.environ, "PIVOT_STORE": str(tmp_path / "store"), "PIVOT_DECODE_WORKERS": "1"}
        words = ["-m", "tests.end_to_end.colours", str(hold_after), str(release), *map(str, command)]
        process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", *words],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a group of its own, as a terminal would make it
        )
        too_long = Timer(SECONDS, process.send_signal, [signal.SIGABRT])  # it tells where it was
        too_long.start()
        running.append((process, too_long))
        return process

    yield start
    release.touch()
    for process, too_long in running:
        too_long.cancel()
        if process.poll() is None:
            process.kill()
        if process.stderr is not None and not process.stderr.closed:
            sys.stderr.write(process.communicate(timeout=SECONDS)[1])


@pytest.fixture
def folder(dots: Callable[[int], list[Path]]) -> Path:
    """Eighty tiny photos, all different."""
    return dots(80)[0].parent


def test_a_killed_index_has_lost_nothing_and_goes_on(start: Start, release: Path, folder: Path) -> None:
    killed = start("index", folder, hold_after=BATCHES_UNDER_WAY + 1)
    wait_for("holding", killed.stdout)
    killed.kill()
    killed.wait(SECONDS)
    release.touch()
    added, existing, failed = counts(start("index", folder))
    assert existing >= 16  # a whole batch at least was through before the last images got to the encoder
    assert (added + existing, failed) == (80, 0)
    assert counts(start("index", folder)) == (0, 80, 0)


def test_ctrl_c_finishes_the_files_under_way_and_tells_what_is_safe(
    start: Start, release: Path, folder: Path
) -> None:
    indexing = start("index", folder, hold_after=BATCHES_UNDER_WAY + 1)
    wait_for("holding", indexing.stdout)
    os.killpg(indexing.pid, signal.SIGINT)
    wait_for("Stopping as soon as the files under way are stored.", indexing.stderr)
    release.touch()
    out, err = indexing.communicate(timeout=SECONDS)
    assert indexing.returncode == 130
    assert err == "Stopped. What is added is safe; the same command goes on from here.\n"
    safe = numbers(out)[0]
    assert 0 < safe < 80
    assert counts(start("index", folder)) == (80 - safe, safe, 0)


def test_sigterm_finishes_the_upload_that_was_accepted(
    start: Start, release: Path, dots: Callable[[int], list[Path]]
) -> None:
    photo = dots(1)[0]
    server = start("serve", "--port", "0", hold_after=0)
    address = wait_for(r"Pivot is at (http://127\.0\.0\.1:\d+)", server.stdout)
    with ThreadPoolExecutor(1) as client:
        answer = client.submit(upload, address, photo)
        wait_for("holding", server.stdout)
        server.terminate()
        wait_for("Shutting down", server.stderr)
        release.touch()
        assert answer.result(SECONDS).status_code == 201
    server.communicate(timeout=SECONDS)
    assert server.returncode == -signal.SIGTERM
    assert counts(start("index", photo.parent)) == (0, 1, 0)


def test_a_client_that_stalls_does_not_keep_the_service_from_stopping(start: Start) -> None:
    server = start("serve", "--port", "0")
    address = httpx.URL(wait_for(r"Pivot is at (http://127\.0\.0\.1:\d+)", server.stdout))
    with socket.create_connection((address.host, address.port)) as client:
        client.sendall(
            b"POST /v1/collections/default/images HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n--x"
        )
        client.settimeout(0.5)
        with suppress(TimeoutError):
            client.recv(1)  # half a second in which the request gets to its place
        server.terminate()
        _, err = server.communicate(timeout=SECONDS)
    assert server.returncode == -signal.SIGTERM
    assert "Application shutdown complete" in err


def test_ctrl_c_ends_the_service_in_good_order(start: Start) -> None:
    server = start("serve", "--port", "0")
    wait_for("Pivot is at ", server.stdout)
    os.killpg(server.pid, signal.SIGINT)
    _, err = server.communicate(timeout=SECONDS)
    assert server.returncode == 0
    assert "Traceback" not in err


def test_a_reader_that_has_seen_enough_is_no_error(start: Start, folder: Path) -> None:
    counts(start("index", folder))
    search = start("search", "rot", "-k", "80", "--json")
    assert search.stdout is not None
    search.stdout.close()
    assert search.stderr is not None
    assert search.stderr.read() == ""


def test_the_trained_model_finds_a_demo_photo_asked_in_german(tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="the extra `demo` is not installed")
    pytest.importorskip("sklearn", reason="the extra `demo` is not installed")
    photos, store = tmp_path / "photos", tmp_path / "store"
    assert "photos are in" in trained("service.demo", photos)
    assert re.match(
        r"11 added, .* 1 of other kinds skipped", trained("service", "index", photos, "--store", store)
    )
    found = trained("service", "search", "eine Katze", "-k", "1", "--store", store).splitlines()
    assert "cat.png" in found[1]
    assert found[2].startswith("language de (detected, ")


def trained(module: str, *words: str | Path) -> str:
    """What a command with the trained model prints; it has to end well."""
    command = [sys.executable, "-m", module, *map(str, words)]
    return subprocess.run(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, timeout=3 * SECONDS, check=True
    ).stdout


def wait_for(pattern: str, stream: IO[str] | None) -> str:
    """Read on until a line has the pattern; its first group, or all that matched."""
    assert stream is not None
    seen = []
    for line in stream:
        seen.append(line)
        if found := re.search(pattern, line):
            return found.group(found.lastindex or 0)
    pytest.fail(f"ended without {pattern!r}:\n{''.join(seen)}")


def counts(indexing: Process) -> tuple[int, int, int]:
    """How many were added, were there, and failed, once it is done."""
    out, err = indexing.communicate(timeout=SECONDS)
    assert indexing.returncode == 0, err
    added, existing, failed, _ = numbers(out)
    return added, existing, failed


def numbers(out: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", out)]


def upload(address: str, photo: Path) -> httpx.Response:
    files = {"files": (photo.name, photo.read_bytes())}
    return httpx.post(f"{address}/v1/collections/default/images", files=files, timeout=SECONDS)
