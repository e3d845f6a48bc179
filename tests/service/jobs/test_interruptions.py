"""Jobs that are interrupted, by a stop, a kill or a full disk, and how they go on."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.errors import StorageFull, StoreClosed
from index.gallery import Gallery
from index.records import Added
from service.batcher import Overloaded
from service.jobs.folders import FolderSource
from service.jobs.ledger import Ledger
from service.jobs.records import Entry, Result
from service.routes.context import Context
from tests.fakes import ColourEncoder
from tests.service.jobs.packing import (
    MANY,
    PHOTOS,
    archives_left,
    begun,
    counts,
    finished,
    imported,
    items,
    sent,
    zipped,
)
from tests.service.pictures import plain
from tests.service.serving import serving
from tests.service.uploading import added


def test_what_was_stored_and_not_written_down_was_created_by_the_job_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = threading.Event()

    def interrupted(*_: object) -> None:
        reached.set()
        raise StoreClosed(tmp_path)

    with serving(tmp_path) as service:
        added(service, "default", PHOTOS["a/red.png"])
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "record", interrupted)
            id = sent(service, "default", zipped(PHOTOS)).json()["id"]
            assert reached.wait(timeout=30)
    with serving(tmp_path) as service:
        job = finished(service.client, id)
    assert (job["state"], counts(job)) == ("succeeded", (2, 2, 1, 1, 0, 0))


def test_only_what_the_job_stored_itself_counts_as_created_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    colours = [plain((number * 30, 0, 90)) for number in range(8)]
    first, second, third = [0, 1, 2, 3], [0, 4, 4, 5], [6, 7]  # chunks; 6 comes from somebody else meanwhile
    files = {f"{number}.png": colours[colour] for number, colour in enumerate([*first, *second, *third])}
    record, reached = Ledger.record, threading.Event()

    def interrupted(ledger: Ledger, id: int, results: Sequence[Result]) -> None:
        if results[0].number == len(first):
            reached.set()
            raise StoreClosed(tmp_path)
        record(ledger, id, results)

    with serving(tmp_path) as service:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "record", interrupted)
            id = sent(service, "default", zipped(files)).json()["id"]
            assert reached.wait(timeout=30)
        added(service, "default", colours[6])
    with serving(tmp_path) as service:
        finished(service.client, id)
        told = [one["status"] for one in items(service, id)]
    assert told == [
        *["created"] * 4,
        *["exists", "created", "exists", "created"],
        *["exists", "created"],
    ]


def test_a_job_waits_while_the_disk_is_full_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.jobs.runner.AGAIN_SECONDS", 0.01)
    add, failures = Gallery.add, iter([StorageFull(tmp_path), Overloaded(1)])

    def full(gallery: Gallery, *args: Any, **kwargs: Any) -> list[Added]:
        if error := next(failures, None):
            raise error
        return add(gallery, *args, **kwargs)

    monkeypatch.setattr(Gallery, "add", full)
    with serving(tmp_path) as service:
        job = imported(service, "default", zipped(PHOTOS))
    assert (job["state"], counts(job)) == ("succeeded", (2, 2, 2, 0, 0, 0))


def test_the_service_stops_while_a_source_is_looked_through_and_does_so_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, data in enumerate(PHOTOS.values()):
        (photos / f"{number}.png").write_bytes(data)

    def endless(_: FolderSource) -> Iterator[Entry | None]:
        for number in count():
            yield Entry(f"{number}.png", b"nowhere")

    with serving(tmp_path / "store", folder_roots=str(tmp_path)) as service, monkeypatch.context() as patch:
        patch.setattr(FolderSource, "plan", endless)
        id = begun(service, "default", {"folder": str(photos)}).json()["id"]
        context: Context = service.app.state.context
        while next(context.ledger.waiting_items(id), None) is None:
            time.sleep(0.01)
        context.runner.stop()  # as the service does at its end
    with serving(tmp_path / "store", folder_roots=str(tmp_path)) as service:
        job = finished(service.client, id)
    assert (job["state"], counts(job)) == ("succeeded", (2, 2, 2, 0, 0, 0))


def test_archives_that_no_job_needs_are_gone_after_a_start(tmp_path: Path) -> None:
    with serving(tmp_path):
        pass
    (tmp_path / "imports" / "half").write_bytes(b"PK")
    (tmp_path / "imports" / "half.unpacked").mkdir()
    with serving(tmp_path) as service:
        assert archives_left(service) == []


def test_a_damaged_list_of_jobs_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "jobs.sqlite3").write_bytes(b"no database " * 1000)
    with serving(tmp_path) as service:
        assert service.client.get("/v1/jobs").json()["jobs"] == []
        assert imported(service, "default", zipped(PHOTOS))["state"] == "succeeded"
    assert (tmp_path / "jobs.sqlite3.damaged").read_bytes().startswith(b"no database")
    assert "send them again" in caplog.text


def test_a_job_that_waits_goes_on_in_a_collection_that_was_renamed_while_the_service_was_away(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as service:
        service.library.gallery.create_collection("trips")
        key = service.library.gallery.key("trips")
    (tmp_path / "imports" / "waits").write_bytes(zipped(PHOTOS))
    ledger = Ledger(tmp_path)
    id = ledger.create("archive", key, "waits", most_waiting=9).id
    ledger.close()
    with Gallery.open(tmp_path, dim=ColourEncoder.dim, model_version=ColourEncoder().version) as gallery:
        gallery.rename_collection("trips", "holidays")
    with serving(tmp_path) as service:
        job = finished(service.client, id)
        assert (job["state"], job["created"], job["collection"]) == ("succeeded", 2, "holidays")


SLOW = """
import sys, time
from service.__main__ import main
from tests.fakes import ColourEncoder

class Slow(ColourEncoder):
    def embed_images(self, images):
        time.sleep(0.03 * len(images))
        return super().embed_images(images)

sys.exit(main(["serve", "--port", "0", "--store", sys.argv[1]], lambda _: Slow()))
"""


@contextmanager
def process(store: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The service in a process of its own, which can be killed."""
    command = [sys.executable, "-c", SLOW, str(store)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PIVOT_DECODE_WORKERS": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as served:
        assert served.stdout is not None
        try:
            address = served.stdout.readline().split()[-1]
            with httpx.Client(base_url=address, timeout=60) as client:
                yield served, client
        finally:
            served.kill()


def until_some_are_done(client: httpx.Client, id: int) -> None:
    with client.stream("GET", f"/v1/jobs/{id}/events") as stream:
        for line in stream.iter_lines():
            if line == "id: 9":
                return


def test_a_job_goes_on_after_a_stop_and_after_a_kill_and_counts_every_item_once(tmp_path: Path) -> None:
    with process(tmp_path) as (served, client):
        archive = {"archive": ("a.zip", io.BytesIO(zipped(MANY)))}
        id = client.post("/v1/collections/default/imports", files=archive).json()["id"]
        until_some_are_done(client, id)
        served.send_signal(signal.SIGKILL)
        served.wait(timeout=30)
    with process(tmp_path) as (served, client):
        until_some_are_done(client, id)
        with client.stream("GET", f"/v1/jobs/{id}/events", headers={"Last-Event-ID": "9"}) as stream:
            served.send_signal(signal.SIGTERM)
            assert '"state":"succeeded"' not in stream.read().decode()  # the stream ends with the service
        assert served.wait(timeout=30) == -signal.SIGTERM  # in good order: uvicorn raises it again at its end
    with closing(Ledger(tmp_path)) as ledger:
        assert ledger.job(id).done < len(MANY)
    with process(tmp_path) as (served, client):
        job = finished(client, id)
        assert counts(job) == (len(MANY), len(MANY), len(MANY), 0, 0, 0)
        told = client.get(job["links"]["items"]).json()["items"]
        assert len({one["image_id"] for one in told}) == len(MANY)
        assert client.get("/v1/collections/default").json()["images"] == len(MANY)
    assert not list((tmp_path / "imports").iterdir())
