"""Requests that are sent again with the same Idempotency-Key."""

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.errors import StorageFull
from index.gallery import Gallery
from tests.service.pictures import BLUE, RED, plain
from tests.service.serving import Service, serving
from tests.service.uploading import Files

ONE: Files = [("files", ("red.png", plain(RED)))]


def sent(service: Service, collection: str, key: str, **options: Any) -> httpx.Response:
    given = {"files": ONE} | options
    address = f"/v1/collections/{collection}/images"
    return service.client.post(address, headers={"Idempotency-Key": key}, **given)


def test_the_same_request_again_gets_the_same_answer_and_stores_nothing_anew(
    service: Service, collection: str
) -> None:
    first = sent(service, collection, "k1", data={"captions": '[{"text": "rot"}]'})
    again = sent(service, collection, "k1", data={"captions": '[{"text": "rot"}]'})
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert (again.headers["idempotent-replayed"], "idempotent-replayed" in first.headers) == ("true", False)
    for name in ("location", "content-type"):
        assert again.headers[name] == first.headers[name]
    service.client.delete(first.headers["location"])
    assert sent(service, collection, "k1", data={"captions": '[{"text": "rot"}]'}).json() == first.json()
    assert service.client.get(f"/v1/collections/{collection}").json()["images"] == 0


@pytest.mark.parametrize(
    "other",
    [
        {"files": [("files", ("red.png", plain(BLUE)))]},
        {"files": [("files", ("blue.png", plain(RED)))]},
        {"files": ONE * 2},
        {"data": {"metadata": '{"a": 1}'}},
        {"data": {"captions": '[{"text": "rot"}]'}},
        {"data": {"external_ids": '["r"]'}},
        {"files": None, "json": {"images": [{"data": base64.b64encode(plain(RED)).decode()}]}},
    ],
)
def test_another_request_under_the_same_key_is_refused(
    service: Service, collection: str, other: dict[str, Any]
) -> None:
    assert sent(service, collection, "k2").status_code == 201
    answer = sent(service, collection, "k2", **other)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:pivot:idempotency-key-reused")
    assert answer.json()["field"] == "Idempotency-Key"
    assert service.client.get(f"/v1/collections/{collection}").json()["images"] == 1


def test_json_is_answered_again_as_well(service: Service, collection: str) -> None:
    body = {"images": [{"data": base64.b64encode(plain(RED)).decode()}]}
    first, again = (sent(service, collection, "k3", files=None, json=body) for _ in range(2))
    assert (first.json(), again.headers["idempotent-replayed"]) == (again.json(), "true")


def test_keys_belong_to_their_collection(service: Service, collection: str) -> None:
    other = service.library.gallery.create_collection(f"{collection}-other").name
    assert sent(service, collection, "k4").json()["created"] == 1
    assert sent(service, other, "k4").json()["created"] == 1


def test_what_failed_may_be_tried_again_under_the_same_key(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageFull(tmp_path)

    assert sent(service, collection, "k5", files=[("files", ("a", b"no image"))]).status_code == 415
    with monkeypatch.context() as patch:
        patch.setattr(Gallery, "add", full)
        assert sent(service, collection, "k5").status_code == 507
    answer = sent(service, collection, "k5")
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)


def test_a_second_request_while_the_first_is_under_way_is_a_conflict(
    service: Service, collection: str
) -> None:
    service.encoder.open.clear()
    service.encoder.started.clear()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(sent, service, collection, "k6")
        try:
            assert service.encoder.started.wait(30)
            second = sent(service, collection, "k6")
        finally:
            service.encoder.open.set()
        assert first.result().status_code == 201
    assert (second.status_code, second.json()["type"]) == (409, "urn:pivot:idempotency-key-in-use")
    assert second.headers["retry-after"] == "1"
    assert sent(service, collection, "k6").json() == first.result().json()


def test_a_collection_that_is_renamed_meanwhile_keeps_its_keys(service: Service, collection: str) -> None:
    service.encoder.open.clear()
    service.encoder.started.clear()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(sent, service, collection, "k8")
        try:
            assert service.encoder.started.wait(30)
            renamed = {"name": f"{collection}-renamed"}
            assert service.client.patch(f"/v1/collections/{collection}", json=renamed).status_code == 200
            second = sent(service, renamed["name"], "k8")
        finally:
            service.encoder.open.set()
        assert first.result().status_code == 201
    assert second.status_code == 409


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "ümlaut"])
def test_keys_of_other_characters_are_refused(service: Service, collection: str, key: str) -> None:
    answer = service.client.post(
        f"/v1/collections/{collection}/images",
        headers={b"Idempotency-Key": key.encode()},
        files=ONE,
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:pivot:bad-idempotency-key")


def test_a_restart_forgets_no_key(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        first = sent(service, "default", "k7")
    with serving(tmp_path) as service:
        again = sent(service, "default", "k7")
        assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
