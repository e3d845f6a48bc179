"""A collection as one file, and the examination of a store, while the service goes on."""

import io
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from index import doctor
from index.errors import UnknownCollection
from index.imports import import_bundle
from service.routes import upkeep
from tests.service.pictures import BLUE, GREEN, RED, encoded, noisy, plain
from tests.service.serving import Service, serving


def add(service: Service, collection: str, *contents: bytes) -> None:
    files = [("files", (f"{number}.png", content)) for number, content in enumerate(contents)]
    service.client.post(f"/v1/collections/{collection}/images", files=files).raise_for_status()


def test_an_export_can_be_imported(tmp_path: Path) -> None:
    with serving(tmp_path / "served") as service:
        add(service, "default", plain(RED), plain(BLUE))
        answer = service.client.get("/v1/collections/default/export")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/x-tar"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="default.tar"'
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        assert archive.getnames()[-1] == "collection.json"
        archive.extractall(tmp_path / "bundle", filter="data")
    assert import_bundle(tmp_path / "bundle", tmp_path / "new", None, lambda _: None).added == 2


def test_an_export_of_nothing_is_told(service: Service) -> None:
    answer = service.client.get("/v1/collections/nowhere/export")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:pivot:unknown-collection")


def test_whoever_leaves_an_export_leaves_room_for_the_next(tmp_path: Path) -> None:
    with serving(tmp_path / "served") as service:
        add(service, "default", *(encoded(noisy((1200, 1000)), "PNG") for _ in range(6)))
        for _ in range(6):  # more than there are places
            with service.client.stream("GET", "/v1/collections/default/export") as answer:
                assert next(answer.iter_bytes(1)) == b"o"  # of originals/
                assert service.client.get("/livez").is_success
        assert service.client.get("/v1/collections/default/export").is_success


def test_head_tells_of_an_export_without_making_it(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def tar(*_: object) -> Iterator[bytes]:
        for piece in range(1000):
            made.append(piece)
            yield b"piece"

    monkeypatch.setattr(upkeep, "tar_of", tar)
    answer = service.client.head(f"/v1/collections/{collection}/export")
    assert (answer.headers["Content-Type"], answer.content) == ("application/x-tar", b"")
    for _ in range(1000):
        if not service.app.state.context.upkeep.inside:
            break
        threading.Event().wait(0.01)
    assert len(made) < 100


def test_what_goes_wrong_before_an_export_begins_is_a_problem_like_any_other(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deleted_meanwhile(_: Path, name: str) -> Iterator[bytes]:
        raise UnknownCollection(name)
        yield b""

    monkeypatch.setattr(upkeep, "tar_of", deleted_meanwhile)
    answer = service.client.get(f"/v1/collections/{collection}/export")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:pivot:unknown-collection")


def test_a_healthy_store_has_no_findings(tmp_path: Path) -> None:
    with serving(tmp_path / "served") as service:
        add(service, "default", plain(GREEN))
        answer = service.client.post("/v1/doctor", json={"thorough": True}).json()
    assert answer == {"healthy": True, "thorough": True, "found": {}, "findings": []}


def test_a_lost_file_is_found_beside_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.examine_beside_a_service, "__kwdefaults__", {"pause": 0.01})
    with serving(tmp_path / "served") as service:
        add(service, "default", plain(GREEN))
        gallery = service.library.gallery
        gallery.original(gallery.image("default", 1)).unlink()
        answer = service.client.post("/v1/doctor").json()
    (finding,) = answer["findings"]
    assert (answer["healthy"], answer["found"]) == (False, {"original-missing": 1})
    assert finding["image"] == "default/1 (0.png)"


def test_what_the_doctor_does_not_know_is_refused(service: Service) -> None:
    answer = service.client.post("/v1/doctor", json={"repair": True})
    assert (answer.status_code, answer.json()["field"]) == (422, "repair")


def test_an_export_that_breaks_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        yield b"half"
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr("service.routes.upkeep.tar_of", broken)
    with (
        serving(tmp_path / "served") as service,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        service.client.get("/v1/collections/default/export")
