"""Jobs through HTTP: what they add, and what they tell."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.fetch import Fetcher, FetchFailed
from service.jobs.folders import FolderSource
from tests.service.jobs.packing import (
    MANY,
    PHOTOS,
    archives_left,
    begun,
    counts,
    events,
    finished,
    imported,
    items,
    sent,
    tarred,
    zipped,
)
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service, serving


def test_an_archive_becomes_images_with_their_paths(service: Service, collection: str) -> None:
    files = {**PHOTOS, "again.png": PHOTOS["a/red.png"], "bad.png": b"no image", "notes.txt": b"x"}
    answer = sent(service, collection, zipped(files))
    job = finished(service.client, answer.json()["id"])
    assert answer.headers["location"] == job["links"]["self"]
    assert (job["state"], counts(job)) == ("succeeded", (4, 4, 2, 1, 1, 1))
    told = items(service, job["id"])
    assert [item["status"] for item in told] == ["created", "created", "exists", "failed"]
    assert told[3]["error"]["type"] == "urn:pivot:not-an-image"
    image = service.client.get(f"/v1/collections/{collection}/images/{told[0]['image_id']}").json()
    assert (image["filename"], image["metadata"]) == ("red.png", {"path": "a/red.png"})
    assert archives_left(service) == []


def test_items_come_in_pages_and_by_status(service: Service, collection: str) -> None:
    job = imported(service, collection, tarred({"bad.png": b"x", **PHOTOS}, "w:gz"))
    assert [one["name"] for one in items(service, job["id"], status="failed")] == ["bad.png"]
    first = service.client.get(job["links"]["items"], params={"limit": 2}).json()
    last = service.client.get(job["links"]["items"], params={"cursor": first["next_cursor"]}).json()
    assert [one["index"] for one in first["items"] + last["items"]] == [0, 1, 2]
    assert last["next_cursor"] is None


def test_what_failed_is_told_in_the_language_of_whoever_reads_it(service: Service, collection: str) -> None:
    job = imported(service, collection, zipped({"bad.png": b"x"}))
    broken = imported(service, collection, tarred(MANY, "w:gz")[:500])
    for language, entry, archive in (("de", "Kein Bild", "Unbrauchbares Archiv"), ("fr", "Not an", "Unus")):
        headers = {"Accept-Language": language}
        (item,) = service.client.get(job["links"]["items"], headers=headers).json()["items"]
        assert item["error"]["title"].startswith(entry)
        told = service.client.get(broken["links"]["self"], headers=headers).json()["error"]
        assert told["title"].startswith(archive)
        assert told["type"] == "urn:pivot:archive-unusable"
        ((_, _, last),) = events(service.client.get(broken["links"]["events"], headers=headers).text)
        assert last["error"] == told


def test_jobs_are_listed_by_collection_and_state_with_the_newest_first(
    service: Service, collection: str
) -> None:
    jobs = [imported(service, collection, zipped(PHOTOS)) for _ in range(3)]
    first = service.client.get("/v1/jobs", params={"collection": collection, "limit": 2}).json()
    last = service.client.get(
        "/v1/jobs", params={"collection": collection, "cursor": first["next_cursor"]}
    ).json()
    assert [one["id"] for one in first["jobs"] + last["jobs"]] == [job["id"] for job in reversed(jobs)]
    asked = {"collection": collection, "state": "failed"}
    assert service.client.get("/v1/jobs", params=asked).json()["jobs"] == []


def test_what_is_no_archive_is_refused_at_once_and_leaves_nothing(service: Service, collection: str) -> None:
    answer = sent(service, collection, b"Rar!")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:pivot:archive-unusable")
    assert archives_left(service) == []


def test_a_truncated_archive_fails_as_a_whole(service: Service, collection: str) -> None:
    data = tarred(MANY, "w:gz")
    job = imported(service, collection, data[: len(data) // 2])
    assert (job["state"], job["created"]) == ("failed", 0)
    assert job["error"]["type"] == "urn:pivot:archive-unusable"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"folder": "/etc"}, 403, "folders-off"),
        ({"urls": ["https://photos.example/a.png"]}, 403, "fetching-off"),
        ({}, 422, "invalid-request"),
        ({"urls": []}, 422, "invalid-request"),
        ({"folder": "/a", "urls": ["b"]}, 422, "invalid-request"),
    ],
)
def test_what_cannot_begin_says_why(
    service: Service, collection: str, body: dict[str, Any], status: int, kind: str
) -> None:
    answer = begun(service, collection, body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:pivot:{kind}")


def test_an_unknown_collection_and_an_unknown_job_are_told(service: Service) -> None:
    assert sent(service, "nowhere", zipped(PHOTOS)).status_code == 404
    for path in ("", "/items", "/events"):
        assert service.client.get(f"/v1/jobs/999999{path}").json()["type"] == "urn:pivot:unknown-job"
    assert service.client.post("/v1/jobs/999999/cancel").status_code == 404


def test_a_form_without_an_archive_leaves_nothing(service: Service, collection: str) -> None:
    answer = service.client.post(f"/v1/collections/{collection}/imports", files={"other": ("a.zip", b"PK")})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:pivot:unknown-field")
    assert archives_left(service) == []


def test_folders_are_imported_below_the_roots_only(tmp_path: Path) -> None:
    root, outside = tmp_path / "photos", tmp_path / "outside"
    (root / "2024").mkdir(parents=True)
    outside.mkdir()
    for path in (root / "2024" / "red.png", outside / "secret.png", root / ".hidden.png"):
        path.write_bytes(plain(RED))
    (root / "blue.png").write_bytes(plain(BLUE))
    (root / "out.png").symlink_to(outside / "secret.png")
    (root / "away").symlink_to(outside)
    (root / "round").symlink_to(root)
    (root / "in.png").symlink_to(root / "blue.png")
    os.mkfifo(root / "pipe.png")
    with serving(tmp_path / "store", folder_roots=str(root)) as service:
        for folder in (str(outside), str(root / "away"), "photos", str(root / ".." / "outside"), "/\0"):
            answer = begun(service, "default", {"folder": folder})
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:pivot:folder-refused")
        job = finished(service.client, begun(service, "default", {"folder": str(root)}).json()["id"])
        told = {one["name"]: one["status"] for one in items(service, job["id"])}
    assert told == {
        "2024/red.png": "created",
        "away": "failed",
        "blue.png": "created",
        "in.png": "exists",
        "out.png": "failed",
        "pipe.png": "failed",
    }


def test_a_file_that_may_not_be_looked_at_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shut").mkdir()
    for path in (tmp_path / "shut" / "red.png", tmp_path / "shut" / "two.png", tmp_path / "blue.png"):
        path.write_bytes(b"x")
    is_dir = Path.is_dir

    def denied(path: Path) -> bool:
        if path.name == "red.png":
            raise PermissionError(13, "Permission denied")
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", denied)
    entries = list(FolderSource(str(tmp_path), (tmp_path,), 1000).plan())
    assert [(entry.name, entry.refusal) for entry in entries if entry is not None] == [
        ("blue.png", None),
        ("shut/red.png", "it cannot be read: Permission denied"),
        ("shut/two.png", None),
    ]


class Web(Fetcher):
    def __init__(self) -> None:
        super().__init__(1000)

    def fetch(self, url: str) -> bytes:
        if "bad" in url:
            raise FetchFailed("the server answered 404")
        return plain(RED if "red" in url else GREEN)


def test_lists_of_urls_are_fetched(tmp_path: Path) -> None:
    urls = [f"https://photos.example/{name}.png" for name in ("red", "bad", "green", "red2", "bad2", "g")]
    with serving(tmp_path, fetcher=Web()) as service:
        job = finished(service.client, begun(service, "default", {"urls": urls}).json()["id"])
        told = items(service, job["id"])
    assert counts(job) == (6, 6, 2, 2, 2, 0)
    assert [one["name"] for one in told] == urls
    assert told[1]["error"]["type"] == "urn:pivot:fetch-failed"


@contextmanager
def held(folder: Path, **settings: Any) -> Iterator[tuple[Service, int]]:
    """A service whose first job is under way, and stays so until the encoder opens."""
    with serving(folder, **settings) as service:
        service.encoder.open.clear()
        id = sent(service, "default", zipped(MANY)).json()["id"]
        assert service.encoder.started.wait(timeout=30)
        yield service, id


def test_a_cancelled_job_keeps_what_it_added_and_takes_up_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.jobs.runner.AT_ONCE", 1)  # so that the next one begins after its end
    with held(tmp_path) as (service, id):
        waiting = sent(service, "default", zipped(PHOTOS)).json()["id"]
        for one in (id, waiting):
            assert service.client.post(f"/v1/jobs/{one}/cancel").json()["state"] == "cancelled"
        assert archives_left(service) == []
        service.encoder.open.set()
        later = imported(service, "default", zipped(PHOTOS))
        assert later["state"] == "succeeded"
        assert service.client.get(f"/v1/jobs/{id}").json()["done"] < len(MANY)
        assert service.client.post(f"/v1/jobs/{id}/cancel").json()["state"] == "cancelled"
        assert archives_left(service) == []


def test_a_job_whose_collection_is_deleted_fails_and_says_so(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        service.library.gallery.create_collection("short")
        service.encoder.open.clear()
        id = sent(service, "short", zipped(MANY)).json()["id"]
        assert service.encoder.started.wait(timeout=30)
        service.client.delete("/v1/collections/short")
        service.encoder.open.set()
        job = finished(service.client, id)
    assert (job["state"], job["error"]["type"]) == ("failed", "urn:pivot:unknown-collection")


def test_as_many_jobs_wait_as_may_wait(tmp_path: Path) -> None:
    with held(tmp_path, max_jobs=1) as (service, _):
        answers = [sent(service, "default", zipped(PHOTOS)) for _ in range(6)]
        accepted = [answer.status_code for answer in answers].count(202)
        assert accepted in (1, 2)  # the second where the first was taken up in time
        refused = next(answer for answer in answers if answer.status_code != 202)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:pivot:overloaded")
        assert int(refused.headers["retry-after"]) >= 1
        service.encoder.open.set()


def test_events_tell_every_item_and_what_was_missed_and_end(service: Service, collection: str) -> None:
    answer = sent(service, collection, zipped({**PHOTOS, "bad.png": b"x"}))
    address = answer.json()["links"]["events"]
    told = events(service.client.get(address).text)
    found = [(id, data["name"]) for kind, id, data in told if kind == "item"]
    assert found == [("1", "a/red.png"), ("2", "b/blue.png"), ("3", "bad.png")]
    assert (told[-1][0], told[-1][1], told[-1][2]["state"]) == ("done", "done", "succeeded")
    missed = events(service.client.get(address, headers={"Last-Event-ID": "2"}).text)
    assert [(kind, id) for kind, id, _ in missed] == [("item", "3"), ("done", "done")]
    assert service.client.get(address, headers={"Last-Event-ID": "done"}).status_code == 204


@pytest.mark.parametrize("strange", ["", "-1", "two", "9" * 5000])
def test_a_listener_that_names_no_event_of_ours_hears_all(
    service: Service, collection: str, strange: str
) -> None:
    address = imported(service, collection, zipped(PHOTOS))["links"]["events"]
    told = events(service.client.get(address, headers={"Last-Event-ID": strange}).raise_for_status().text)
    assert [id for _, id, _ in told] == ["1", "2", "done"]


def test_who_would_listen_when_as_many_do_as_may_is_told_so(tmp_path: Path) -> None:
    with held(tmp_path, queue=1) as (service, id):
        with service.client.stream("GET", f"/v1/jobs/{id}/events") as stream:
            pieces = stream.iter_text()
            next(pieces)  # it listens, and goes on doing so
            answer = service.client.get(f"/v1/jobs/{id}/events")
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:pivot:overloaded")
        service.encoder.open.set()


def test_many_listeners_hear_a_job_as_it_happens_and_keep_nobody_waiting(tmp_path: Path) -> None:
    with held(tmp_path) as (service, id):
        texts: list[str] = []
        began = threading.Semaphore(0)

        def listen() -> None:
            with service.client.stream("GET", f"/v1/jobs/{id}/events") as stream:
                pieces = []
                for piece in stream.iter_text():
                    pieces.append(piece)
                    began.release()
                texts.append("".join(pieces))

        threads = [threading.Thread(target=listen) for _ in range(20)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert began.acquire(timeout=30)
        assert service.client.get("/livez").status_code == 200
        service.encoder.open.set()
        for thread in threads:
            thread.join(timeout=60)
    numbers = [[int(id) for kind, id, _ in events(text) if kind == "item"] for text in texts]
    assert numbers == [list(range(1, len(MANY) + 1))] * 20


def test_a_job_follows_its_collection_to_another_name(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        service.library.gallery.create_collection("trips")
        service.encoder.open.clear()
        id = sent(service, "trips", zipped(MANY)).json()["id"]
        assert service.encoder.started.wait(timeout=30)
        service.client.patch("/v1/collections/trips", json={"name": "holidays"})
        service.library.gallery.create_collection("trips")  # another one, which has no part in it
        service.encoder.open.set()
        job = finished(service.client, id)
        assert (job["state"], job["created"], job["collection"]) == ("succeeded", len(MANY), "holidays")
        found = service.client.get("/v1/jobs", params={"collection": "holidays"}).json()["jobs"]
        assert [one["id"] for one in found] == [id]
