import json

import pytest

from tests.service.serving import Service


def test_a_collection_is_created_described_listed_and_deleted(service: Service) -> None:
    created = service.client.post("/v1/collections", json={"name": "holidays"})
    assert created.status_code == 201
    assert created.json()["name"] == "holidays"
    assert (created.json()["images"], created.json()["searchable"]) == (0, 0)
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
