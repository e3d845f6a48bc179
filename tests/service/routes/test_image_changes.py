"""Images that are changed after they came."""

import json
from typing import Any

import httpx
import pytest

from index.records import MOST_METADATA
from tests.service.pictures import BLUE, RED, plain
from tests.service.serving import Service
from tests.service.uploading import added, post


def changed(service: Service, image: dict[str, Any], change: Any, **options: Any) -> httpx.Response:
    return service.client.patch(image["links"]["self"], json=change, **options)


@pytest.fixture
def image(service: Service, collection: str) -> dict[str, Any]:
    form = {"metadata": '{"a": 1, "b": {"c": 2}}', "captions": '[{"text": "rot"}]', "external_ids": '["r"]'}
    answer = post(service, collection, [("files", ("red.png", plain(RED)))], form)
    found: dict[str, Any] = answer.json()["items"][0]["image"]
    return found


def test_all_that_may_change_changes_in_one_request(service: Service, image: dict[str, Any]) -> None:
    change = {
        "metadata": {"a": None, "b": {"d": [None]}},
        "captions": [{"text": "rot"}, {"text": "red", "language": "en-GB"}],
        "external_id": "r/2",
        "filename": "trip/Röte.png",
    }
    answer = changed(service, image, change)
    assert answer.status_code == 200
    now = answer.json()
    assert now["metadata"] == {"b": {"c": 2, "d": [None]}}
    assert [(one["language"], one["text"]) for one in now["captions"]] == [("de", "rot"), ("en", "red")]
    assert now["captions"][0] == image["captions"][0]
    assert (now["external_id"], now["filename"]) == ("r/2", "Röte.png")
    assert now["updated_at"] >= image["updated_at"]
    assert service.client.get(image["links"]["self"]).json() == now


def test_what_is_left_out_stays_and_null_and_empty_take_away(service: Service, image: dict[str, Any]) -> None:
    assert changed(service, image, {}).json() == image
    assert changed(service, image, {"metadata": {}}).json() == image
    now = changed(service, image, {"external_id": None, "captions": []}).json()
    assert (now["external_id"], now["captions"], now["metadata"]) == (None, [], image["metadata"])


def test_merge_patch_is_a_media_type_of_its_own(service: Service, image: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/merge-patch+json; charset=utf-8"}
    assert changed(service, image, {"metadata": {"x": 1}}, headers=headers).json()["metadata"]["x"] == 1
    answer = service.client.patch(
        image["links"]["self"], content=b"{}", headers={"Content-Type": "text/plain"}
    )
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:pivot:not-json")


def test_an_external_id_of_another_is_a_conflict_and_nothing_changes(
    service: Service, collection: str, image: dict[str, Any]
) -> None:
    other = added(service, collection, plain(BLUE))
    answer = changed(
        service, other, {"external_id": image["external_id"], "captions": [{"text": "blau"}], "filename": "b"}
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:pivot:external-id-taken")
    assert answer.json()["field"] == "external_id"
    assert service.client.get(other["links"]["self"]).json() == other


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "body"),
        ("[]", "body"),
        ('{"metadata": null}', "metadata"),
        ('{"metadata": 5}', "metadata"),
        (r'{"metadata": {"a": "\ud800"}}', "body"),
        ('{"captions": null}', "captions"),
        ('{"captions": [{"text": "\\udfff"}]}', "body"),
        (json.dumps({"captions": [{"text": "x" * 10_001}]}), "captions[0].text"),
        ('{"captions": [{"text": "a", "language": "?"}]}', "captions[0].language"),
        ('{"external_id": ""}', "external_id"),
        ('{"external_id": 5}', "external_id"),
        ('{"filename": null}', "filename"),
        ('{"filename": ""}', "filename"),
        ('{"sha256": "x"}', "sha256"),
    ],
)
def test_changes_of_another_shape_are_refused_by_field(
    service: Service, image: dict[str, Any], body: str, field: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = service.client.patch(image["links"]["self"], content=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:pivot:invalid-request")
    assert answer.json()["field"] == field
    assert service.client.get(image["links"]["self"]).json() == image


@pytest.mark.parametrize("metadata", ['{"a": NaN}', json.dumps({"x": "x" * MOST_METADATA})])
def test_metadata_that_could_not_be_kept_is_refused(
    service: Service, image: dict[str, Any], metadata: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = service.client.patch(
        image["links"]["self"], content=f'{{"metadata": {metadata}}}', headers=headers
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:pivot:bad-value")
    assert answer.json()["field"] == "metadata"


def test_an_unknown_image_is_not_found_and_costs_the_model_nothing(service: Service, collection: str) -> None:
    before = len(service.encoder.text_batches)
    for path in (f"{collection}/images/999999", "nowhere/images/1"):
        answer = service.client.patch(f"/v1/collections/{path}", json={"captions": [{"text": "rot"}]})
        assert answer.status_code == 404
    assert len(service.encoder.text_batches) == before
