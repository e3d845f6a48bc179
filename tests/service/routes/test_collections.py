import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.service.pictures import RED, plain
from tests.service.serving import Service
from tests.service.uploading import added, post


def test_a_collection_is_created_described_listed_and_deleted(service: Service) -> None:
    created = service.client.post("/v1/collections", json={"name": "holidays"})
    assert created.status_code == 201
    assert created.json()["name"] == "holidays"
    assert (created.json()["images"], created.json()["searchable"]) == (0, 0)
    assert service.client.get(created.headers["Location"]).json() == created.json()
    assert service.client.get("/v1/collections/holidays").json() == created.json()
    assert created.json() in service.client.get("/v1/collections").json()["collections"]
    deleted = service.client.delete("/v1/collections/holidays")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert service.client.get("/v1/collections/holidays").status_code == 404


def test_a_default_collection_is_there(service: Service) -> None:
    names = [one["name"] for one in service.client.get("/v1/collections").json()["collections"]]
    assert names[0] == "default"


def test_a_name_is_given_once(service: Service, collection: str) -> None:
    answer = service.client.post("/v1/collections", json={"name": collection})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:pivot:collection-exists"
    assert answer.json()["field"] == "name"


@pytest.mark.parametrize("name", ["", "Große Reise", "-a", "a" * 65, "../etc", "a\0", "\ud800"])
def test_names_that_fit_no_address_are_refused(service: Service, name: str) -> None:
    answer = service.client.post(
        "/v1/collections", content=json.dumps({"name": name}), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:pivot:bad-collection-name"
    assert "1 to 64 characters" in answer.json()["remedy"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "name"),
        (b'{"name": 3}', "name"),
        (b'{"name": "a", "nmae": 1}', "nmae"),
        (b'{"name": "a", "\\ud800": 1}', "body"),
    ],
)
def test_bodies_that_do_not_fit_name_the_field(service: Service, body: bytes, field: str) -> None:
    answer = service.client.post(
        "/v1/collections", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_what_is_no_json_is_refused(service: Service) -> None:
    answer = service.client.post(
        "/v1/collections", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:pivot:invalid-request")


@pytest.mark.parametrize("name", ["nowhere", "Nowhere", "%00", "%ff", "a%20b"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_unknown_collections_are_404(service: Service, method: str, name: str) -> None:
    answer = service.client.request(method, f"/v1/collections/{name}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:pivot:unknown-collection")


def test_a_collection_tells_what_is_in_it(service: Service, collection: str) -> None:
    added(service, collection, plain(RED))
    told = service.client.get(f"/v1/collections/{collection}").json()
    assert (told["images"], told["searchable"], told["captions"]) == (1, 1, 0)
    assert (told["bytes"], told["model"], told["state"]) == (len(plain(RED)), "colours-1", "ready")


def test_a_renamed_collection_is_found_under_its_new_name_only(service: Service, collection: str) -> None:
    image = added(service, collection, plain(RED))
    answer = service.client.patch(f"/v1/collections/{collection}", json={"name": f"{collection}-new"})
    assert (answer.status_code, answer.json()["name"], answer.json()["images"]) == (
        200,
        f"{collection}-new",
        1,
    )
    assert service.client.get(image["links"]["self"]).status_code == 404
    listed = service.client.get(f"/v1/collections/{collection}-new/images").json()["images"]
    assert [one["id"] for one in listed] == [image["id"]]
    assert service.client.get(listed[0]["links"]["thumbnail"]).status_code == 200


@pytest.mark.parametrize(
    ("name", "to", "status", "kind"),
    [
        ("default", "other", 409, "collection-fixed"),
        (None, "default", 409, "collection-exists"),
        (None, "Große Reise", 422, "bad-collection-name"),
        ("nowhere", "other", 404, "unknown-collection"),
    ],
)
def test_a_name_that_cannot_be_given_is_refused(
    service: Service, collection: str, name: str | None, to: str, status: int, kind: str
) -> None:
    answer = service.client.patch(f"/v1/collections/{name or collection}", json={"name": to})
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:pivot:{kind}")


def test_an_upload_goes_on_while_its_collection_is_renamed(service: Service, collection: str) -> None:
    service.encoder.started.clear()
    service.encoder.open.clear()
    with ThreadPoolExecutor(1) as pool:
        uploading = pool.submit(post, service, collection, [("files", ("a.png", plain((7, 7, 7))))])
        assert service.encoder.started.wait(timeout=30)
        service.client.patch(f"/v1/collections/{collection}", json={"name": f"{collection}-new"})
        service.encoder.open.set()
        item = uploading.result().json()["items"][0]
    assert (item["status"], item["image"]["collection"]) == ("created", f"{collection}-new")
