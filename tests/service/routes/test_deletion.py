from typing import Any

import pytest

from tests.service.pictures import plain
from tests.service.serving import Service
from tests.service.uploading import added


def left(service: Service, collection: str) -> list[int]:
    return [one["id"] for one in service.client.get(f"/v1/collections/{collection}/images").json()["images"]]


def delete(service: Service, collection: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = service.client.post(f"/v1/collections/{collection}/images/delete", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_images_are_deleted_by_id_external_id_and_filter_in_steps(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.deletion.STEP", 2)
    images = [added(service, collection, plain((n, 4, 4), (8 + n, 8))) for n in range(6)]
    ids = [image["id"] for image in images]
    service.library.gallery.create_collection(f"{collection}-other")
    other = added(service, f"{collection}-other", plain((9, 4, 4)))["id"]
    body = {"filter": {"field": "width", "gte": 11}}
    assert delete(service, collection, {**body, "dry_run": True}) == {"deleted": 3, "ids": ids[3:]}
    assert left(service, collection) == ids
    assert delete(service, collection, body) == {"deleted": 3, "ids": ids[3:]}
    chosen = [ids[2], ids[0], ids[1], other, 2**70]
    assert delete(service, collection, {"ids": chosen, "dry_run": True})["ids"] == ids[:3]
    assert delete(service, collection, {"ids": chosen}) == {"deleted": 3, "ids": ids[:3]}
    assert left(service, collection) == []
    assert left(service, f"{collection}-other") == [other]


def test_no_choice_and_two_choices_delete_nothing(service: Service, collection: str) -> None:
    id = added(service, collection, plain((1, 4, 5)))["id"]
    bodies: list[dict[str, Any]] = [
        {},
        {"ids": [id], "filter": {"field": "width", "gte": 1}},
        {"filter": {}},
    ]
    for body in bodies:
        answer = service.client.post(f"/v1/collections/{collection}/images/delete", json=body)
        assert answer.status_code == 422
    assert left(service, collection) == [id]
