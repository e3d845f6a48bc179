"""A collection goes out of one service and into another, over HTTP, and is whole."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from service.jobs import bundles
from tests.service.jobs.packing import finished, imported, items, sent, tarred
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service, serving

Files = dict[str, bytes]

KEPT = ("external_id", "filename", "format", "width", "height", "bytes", "sha256", "metadata", "created_at")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[dict[str, Any]]]:
    """The tar of a collection of three images, and the images."""
    with serving(tmp_path_factory.mktemp("exporting")) as service:
        files = [("files", (name, plain(colour))) for name, colour in (("red.png", RED), ("blue.png", BLUE))]
        told = {
            "metadata": json.dumps([{"place": "Köln"}, {}]),
            "captions": json.dumps([[{"language": "de", "text": "ein rotes Bild"}], []]),
            "external_ids": json.dumps(["r-1", None]),
        }
        service.client.post("/v1/collections/default/images", files=files, data=told).raise_for_status()
        third = [("files", ("green.png", plain(GREEN)))]
        captions = {"captions": json.dumps([{"language": "en", "text": "green"}])}
        service.client.post("/v1/collections/default/images", files=third, data=captions).raise_for_status()
        data = service.client.get("/v1/collections/default/export").content
        return data, images_of(service.client, "default")


def images_of(client: httpx.Client, collection: str) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/collections/{collection}/images", params={"sort": "filename"})
    found = answer.json()["images"]
    return sorted(found, key=lambda image: str(image["filename"]))


def kept(image: dict[str, Any]) -> tuple[Any, ...]:
    captions = [(one["language"], one["text"]) for one in image["captions"]]
    return (*(image[name] for name in KEPT), captions)


def unpacked(data: bytes) -> Files:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def whole(service: Service, data: bytes, exported: list[dict[str, Any]], collection: str) -> None:
    job = imported(service, collection, data)
    assert (job["state"], job["total"], job["created"], job["failed"]) == ("succeeded", 3, 3, 0), job
    assert list(map(kept, images_of(service.client, collection))) == list(map(kept, exported))
    again = imported(service, collection, data)
    assert (again["created"], again["existing"]) == (0, 3)
    assert list(service.folder.glob("imports/*")) == []


def test_an_export_is_imported_whole_without_the_model_at_work(
    tmp_path: Path, exported: tuple[bytes, list[dict[str, Any]]]
) -> None:
    data, images = exported
    with serving(tmp_path) as service:
        whole(service, data, images, "default")
        assert (service.encoder.image_batches, service.encoder.text_batches) == ([], [])
        asked = {"q": "rot", "language": "de", "k": "1"}
        found = service.client.get("/v1/collections/default/search", params=asked).json()["results"]
        assert [one["image"]["filename"] for one in found] == ["red.png"]
        assert service.client.get("/v1/collections/default").json()["searchable"] == 3


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_files_of_a_bundle_are_taken_in_any_order_and_compressed(
    service: Service, collection: str, exported: tuple[bytes, list[dict[str, Any]]], mode: str
) -> None:
    data, images = exported
    files = {f"./{name}": content for name, content in sorted(unpacked(data).items())}
    whole(service, tarred(dict(reversed(files.items())), mode), images, collection)


def test_vectors_of_another_model_are_made_anew(
    service: Service, collection: str, exported: tuple[bytes, list[dict[str, Any]]]
) -> None:
    data, images = exported
    files = unpacked(data)
    files["collection.json"] = files["collection.json"].replace(b"colours-1", b"another-1")
    service.encoder.image_batches.clear()
    whole(service, tarred(files), images, collection)
    assert sum(service.encoder.image_batches) == 3
    assert service.client.get(f"/v1/collections/{collection}").json()["searchable"] == 3


def without_an_original(files: Files) -> Files:
    return {name: data for name, data in files.items() if not name.startswith("originals/")}


def with_a_broken_line(files: Files) -> Files:
    return {**files, "images.jsonl": b"{}\n" + files["images.jsonl"]}


def with_wrong_vectors(files: Files) -> Files:
    out = io.BytesIO()
    np.save(out, np.full((3, 3), np.nan, np.float32))
    return {**files, "vectors-1.npy": out.getvalue()}


def without_vectors(files: Files) -> Files:
    return {name: data for name, data in files.items() if name != "vectors-1.npy"}


def of_a_newer_release(files: Files) -> Files:
    return {**files, "collection.json": files["collection.json"].replace(b'"version": 1', b'"version": 2')}


def with_a_large_manifest(files: Files) -> Files:
    return {**files, "collection.json": files["collection.json"] + b" " * 2**20}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (without_an_original, "it misses originals/"),
        (with_a_broken_line, "its images.jsonl: line 1"),
        (with_wrong_vectors, "its vectors-1.npy: row 0"),
        (without_vectors, "its vectors-1.npy: cannot be read"),
        (of_a_newer_release, "its collection.json: is not of the format"),
        (with_a_large_manifest, "its collection.json is too large"),
    ],
)
def test_a_bundle_that_is_damaged_adds_nothing_and_leaves_nothing(
    service: Service,
    collection: str,
    exported: tuple[bytes, list[dict[str, Any]]],
    spoil: Callable[[Files], Files],
    reason: str,
) -> None:
    job = imported(service, collection, tarred(spoil(unpacked(exported[0]))))
    assert (job["state"], job["created"]) == ("failed", 0)
    assert reason in job["error"]["detail"]
    assert images_of(service.client, collection) == []
    assert list(service.folder.glob("imports/*")) == []


def test_an_original_that_is_another_fails_alone(
    service: Service, collection: str, exported: tuple[bytes, list[dict[str, Any]]]
) -> None:
    files = unpacked(exported[0])
    name = next(one for one in files if one.startswith("originals/"))
    job = imported(service, collection, tarred({**files, name: plain((1, 2, 3))}))
    assert (job["state"], job["created"], job["failed"]) == ("succeeded", 2, 1)
    (failed,) = items(service, job["id"], status="failed")
    assert failed["error"]["type"] == "urn:pivot:entry-refused"


def test_what_a_bundle_unpacks_to_is_bounded(
    service: Service,
    collection: str,
    exported: tuple[bytes, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bundles, "MAX_IMAGES", 2)
    job = imported(service, collection, exported[0])
    assert (job["state"], job["error"]["limit"]) == ("failed", 2)


def test_an_import_of_a_bundle_goes_on_after_a_restart(
    tmp_path: Path, exported: tuple[bytes, list[dict[str, Any]]]
) -> None:
    data, images = exported
    with serving(tmp_path) as service:
        service.encoder.open.clear()
        held = tarred({f"{number}.png": plain((number, 1, 1)) for number in range(60)})
        for _ in range(2):  # as many as run at once: the bundle waits
            sent(service, "default", held)
        assert service.encoder.started.wait(timeout=30)
        service.client.post("/v1/collections", json={"name": "b"}).raise_for_status()
        id = sent(service, "b", data).json()["id"]
        for job in service.client.get("/v1/jobs", params={"collection": "default"}).json()["jobs"]:
            service.client.post(f"/v1/jobs/{job['id']}/cancel")
    (tmp_path / "imports" / "left.unpacked").mkdir()
    with serving(tmp_path) as service:
        job = finished(service.client, id)
        assert (job["state"], job["created"]) == ("succeeded", 3)
        assert list(map(kept, images_of(service.client, "b"))) == list(map(kept, images))
        assert list(service.folder.glob("imports/*")) == []
