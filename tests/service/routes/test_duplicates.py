import hashlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from index.records import NewImage
from service.images import decode
from tests.service.pictures import RED, encoded, plain
from tests.service.serving import Service
from tests.service.test_perceptual import shapes
from tests.service.uploading import added


def groups(service: Service, collection: str, **parameters: Any) -> dict[str, Any]:
    answer = service.client.get(f"/v1/collections/{collection}/duplicates", params=parameters)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def ids(page: dict[str, Any]) -> list[list[int]]:
    return [[image["id"] for image in group["images"]] for group in page["groups"]]


def turned(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.ROTATE_180)


def test_copies_of_a_picture_are_a_near_group(service: Service, collection: str) -> None:
    original = added(service, collection, encoded(shapes(), "PNG"))
    added(service, collection, plain(RED))
    smaller = added(service, collection, encoded(shapes((240, 180)), "PNG"))
    added(service, collection, encoded(turned(shapes()), "PNG"))
    recompressed = added(service, collection, encoded(shapes(), "JPEG", quality=40), "a.jpg")
    page = groups(service, collection)
    assert ids(page) == [[original["id"], smaller["id"], recompressed["id"]]]
    assert (page["groups"][0]["kind"], page["next_cursor"], page["pending"]) == ("near", None, 0)
    assert page["groups"][0]["images"][0] == original
    assert ids(groups(service, collection, kind="near", threshold=8)) == ids(page)


def test_pictures_that_the_model_finds_alike_are_a_similar_group(service: Service, collection: str) -> None:
    first = added(service, collection, plain((250, 10, 10)))
    added(service, collection, plain((10, 10, 250)))
    second = added(service, collection, plain((255, 0, 0)))
    page = groups(service, collection, kind="similar", threshold=0.99)
    assert ids(page) == [[first["id"], second["id"]]]
    assert ids(groups(service, collection, kind="similar", threshold=1)) == []
    assert ids(groups(service, collection)) == []


def test_pages_of_groups_follow_one_another(service: Service, collection: str) -> None:
    for picture in (shapes(), turned(shapes()), shapes((240, 180)), turned(shapes((240, 180)))):
        added(service, collection, encoded(picture, "PNG"))
    whole = ids(groups(service, collection))
    assert len(whole) == 2
    first = groups(service, collection, limit=1)
    assert ids(first) == whole[:1]
    second = groups(service, collection, limit=1, cursor=first["next_cursor"])
    assert ids(second) == whole[1:]


def test_an_image_tells_what_is_the_same_near_and_similar(service: Service, collection: str) -> None:
    other = service.library.gallery.create_collection(f"{collection}-other").name
    picture = encoded(shapes((400, 300)), "PNG")  # which no other test has
    image = added(service, collection, picture)
    smaller = added(service, collection, encoded(shapes((240, 180)), "PNG"))
    alike = added(service, collection, encoded(turned(shapes()), "PNG"))
    same = added(service, other, picture)
    told = service.client.get(f"{image['links']['self']}/duplicates").json()
    assert told["exact"] == [same]
    assert [one["image"] for one in told["near"]] == [smaller]
    assert 0 <= told["near"][0]["distance"] <= 8
    assert [one["image"] for one in told["similar"]] == [alike]
    assert 0.99 < told["similar"][0]["score"] <= 1
    assert told["pending"] == 0
    page = groups(service, collection, kind="exact")
    assert [image["id"], same["id"]] in ids(page)


def test_what_came_without_a_hash_gets_one_when_it_is_asked_about(service: Service, collection: str) -> None:
    uploaded = added(service, collection, encoded(shapes((350, 260)), "PNG"))  # which no other test has
    gallery = service.library.gallery
    assert gallery.duplicates.unhashed(collection, 10) == {}
    brought = [
        bare(collection, decode(encoded(shapes((320, 240)), "PNG"), 10**6).thumbnail),
        bare(f"{collection}-damaged", b"damaged"),
    ]
    near, _ = (one.record.id for one in gallery.add(collection, brought))
    page = groups(service, collection)
    assert (ids(page), page["pending"]) == ([[uploaded["id"], near]], 1)
    told = service.client.get(f"{uploaded['links']['self']}/duplicates").json()
    assert ([one["image"]["id"] for one in told["near"]], told["pending"]) == ([near], 1)


def test_thumbnails_that_cannot_be_read_keep_none_of_the_rest_waiting(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.duplicates.HASHES_AT_ONCE", 2)
    thumbnail = decode(encoded(shapes((330, 250)), "PNG"), 10**6).thumbnail
    broken = [bare(f"{collection}-broken-{number}", b"damaged") for number in range(5)]
    whole = [bare(f"{collection}-whole-{number}", thumbnail) for number in range(2)]
    found = service.library.gallery.add(collection, [*broken, *whole])
    for _ in range(5):
        page = groups(service, collection)
    assert (ids(page), page["pending"]) == ([[one.record.id for one in found[5:]]], 5)
    assert caplog.text.count("cannot be compared") == 5


def bare(content: str, thumbnail: bytes) -> NewImage:
    """An image as an import brings it: with a vector, as fits `ColourEncoder`, and no hash."""
    vector = np.array([0, 0, 1], np.float32)
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return NewImage(content.encode(), thumbnail, "png", 320, 240, "a.png", {}, vector, sha256)


@pytest.mark.parametrize(
    ("parameters", "kind", "field"),
    [
        ({"kind": "near", "threshold": 17}, "out-of-range", "threshold"),
        ({"kind": "near", "threshold": -1}, "out-of-range", "threshold"),
        ({"kind": "near", "threshold": 2.5}, "not-whole", "threshold"),
        ({"kind": "similar", "threshold": 0.49}, "out-of-range", "threshold"),
        ({"kind": "similar", "threshold": 1.01}, "out-of-range", "threshold"),
        ({"kind": "exact", "threshold": 1}, "no-threshold", "threshold"),
        ({"threshold": "nan"}, "invalid-request", "threshold"),
        ({"kind": "other"}, "invalid-request", "kind"),
        ({"limit": 0}, "invalid-request", "limit"),
        ({"cursor": "!"}, "bad-cursor", "cursor"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    service: Service, collection: str, parameters: dict[str, Any], kind: str, field: str
) -> None:
    answer = service.client.get(f"/v1/collections/{collection}/duplicates", params=parameters)
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:pivot:{kind}")
    assert answer.json()["field"] == field


def test_thresholds_out_of_range_are_told_in_german(service: Service, collection: str) -> None:
    answer = service.client.get(
        f"/v1/collections/{collection}/duplicates",
        params={"kind": "similar", "threshold": 0.25},
        headers={"Accept-Language": "de"},
    )
    assert answer.json()["detail"] == "threshold ist 0,25; die Grenzen sind 0,5 und 1."
    assert (answer.json()["limit"], answer.json()["remedy"]) == (0.5, "Einen Wert dazwischen angeben.")


def test_unknown_images_and_collections_are_404(service: Service, collection: str) -> None:
    for address, kind in (
        (f"{collection}/images/123456/duplicates", "unknown-image"),
        ("nowhere/images/1/duplicates", "unknown-collection"),
        ("nowhere/duplicates", "unknown-collection"),
        ("nowhere/duplicates?kind=exact", "unknown-collection"),
        ("nowhere/duplicates?kind=similar", "unknown-collection"),
    ):
        answer = service.client.get(f"/v1/collections/{address}")
        assert (answer.status_code, answer.json()["type"]) == (404, f"urn:pivot:{kind}")
