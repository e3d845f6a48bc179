from typing import Any

import pytest
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from index.gallery import Gallery
from index.records import ImageRecord
from tests.service.pictures import GREEN, RED, encoded, noisy, plain
from tests.service.serving import Service
from tests.service.uploading import added


def test_pages_hold_every_image_once(service: Service, collection: str) -> None:
    ids = [added(service, collection, plain((n, 2, 2)))["id"] for n in range(5)]
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = service.client.get(f"/v1/collections/{collection}/images", params=params).json()
        seen.append([image["id"] for image in page["images"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
        service.client.delete(f"/v1/collections/{collection}/images/{ids[0]}")  # shifts no page
    assert seen == [ids[0:2], ids[2:4], ids[4:]]


def test_an_empty_collection_is_a_page_without_images(service: Service, collection: str) -> None:
    page = service.client.get(f"/v1/collections/{collection}/images").json()
    assert page == {"images": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("params", "kind", "field", "limit"),
    [
        ({"limit": 0}, "invalid-request", "limit", 1),
        ({"limit": 10**9}, "invalid-request", "limit", 1000),
        ({"limit": "many"}, "invalid-request", "limit", None),
        ({"limit": "1_0"}, "invalid-request", "limit", None),
        ({"cursor": "made up"}, "bad-cursor", "cursor", None),
        ({"sort": "colour"}, "invalid-request", "sort", None),
        ({"filter": "width > 3"}, "invalid-request", "filter", None),
        ({"filter": '{"field": "depth", "gte": 3}'}, "bad-filter", "filter.field", None),
    ],
)
def test_pages_that_cannot_be_are_refused(
    service: Service, collection: str, params: dict[str, Any], kind: str, field: str, limit: int | None
) -> None:
    answer = service.client.get(f"/v1/collections/{collection}/images", params=params)
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["type"], problem["field"], problem.get("limit")) == (f"urn:pivot:{kind}", field, limit)


def test_a_list_is_sorted_and_filtered_as_asked(service: Service, collection: str) -> None:
    ids = [added(service, collection, encoded(noisy((n, 20)), "PNG"))["id"] for n in (30, 10, 20)]
    address = f"/v1/collections/{collection}/images"
    asked = {"sort": "-width", "limit": "1", "filter": '{"field": "width", "gte": 15}'}
    first = service.client.get(address, params=asked).json()
    second = service.client.get(address, params={**asked, "cursor": first["next_cursor"]}).json()
    assert [one["id"] for page in (first, second) for one in page["images"]] == [ids[0], ids[2]]
    assert second["next_cursor"] is None

    other = service.client.get(address, params={"sort": "width", "cursor": first["next_cursor"]})
    assert (other.status_code, other.json()["type"]) == (410, "urn:pivot:cursor-expired")

    service.client.patch(f"{address}/{ids[1]}", json={"external_id": "narrow"})
    named = service.client.get(address, params={"external_id": "narrow"}).json()["images"]
    assert [one["id"] for one in named] == [ids[1]]


def test_the_file_is_the_very_bytes_that_were_uploaded(service: Service, collection: str) -> None:
    data = plain(GREEN, format="JPEG")
    image = added(service, collection, data, 'Grün & "gut"\r\n.jpg')
    answer = service.client.get(image["links"]["file"])
    assert answer.content == data
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["content-disposition"].startswith("inline; filename*=utf-8''Gr%C3%BCn%20%26")


def test_files_are_kept_by_caches_and_confirmed_by_their_tag(service: Service, collection: str) -> None:
    image = added(service, collection, plain(RED))
    tags = set()
    for link in (image["links"]["file"], image["links"]["thumbnail"]):
        answer = service.client.get(link)
        assert "immutable" in answer.headers["cache-control"]
        tags.add(answer.headers["etag"])
        again = service.client.get(link, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert len(tags) == 2


@pytest.mark.parametrize("link", ["self", "file", "thumbnail"])
def test_head_tells_how_large_a_file_is(service: Service, collection: str, link: str) -> None:
    address = added(service, collection, plain(RED))["links"][link]
    head, got = service.client.head(address), service.client.get(address)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))


def test_ranges_are_passed_over(service: Service, collection: str) -> None:
    image = added(service, collection, plain(RED))
    answer = service.client.get(image["links"]["file"], headers={"Range": "bytes=9999-1"})
    assert (answer.status_code, answer.content) == (200, plain(RED))


def test_the_thumbnail_is_a_small_webp(service: Service, collection: str) -> None:
    image = added(service, collection, encoded(noisy((800, 600)), "JPEG"))
    answer = service.client.get(image["links"]["thumbnail"])
    assert answer.headers["content-type"] == "image/webp"
    assert answer.content[8:12] == b"WEBP"


def test_a_deleted_image_is_gone_with_its_files(service: Service, collection: str) -> None:
    image = added(service, collection, plain(RED))
    deleted = service.client.delete(image["links"]["self"])
    assert (deleted.status_code, deleted.content) == (204, b"")
    for link in image["links"].values():
        assert service.client.get(link).status_code == 404
    assert service.client.delete(image["links"]["self"]).status_code == 404


@pytest.mark.parametrize("id", ["0", "-1", "999999999", str(2**63), "9" * 100])
@pytest.mark.parametrize("rest", ["", "/file", "/thumbnail"])
def test_unknown_images_are_404(service: Service, collection: str, id: str, rest: str) -> None:
    answer = service.client.get(f"/v1/collections/{collection}/images/{id}{rest}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:pivot:unknown-image")
    assert answer.json()["field"] == "image_id"


@pytest.mark.parametrize("id", ["red", "1.5", "1.0", "1_0", "+1", "%201", "１", "9" * 5000])
def test_what_is_no_number_is_no_image(service: Service, collection: str, id: str) -> None:
    answer = service.client.get(f"/v1/collections/{collection}/images/{id}")
    assert (answer.status_code, answer.json()["field"]) == (422, "image_id")


def test_an_image_of_one_collection_is_unknown_in_another(service: Service, collection: str) -> None:
    image = added(service, collection, plain(RED))
    assert service.client.get(f"/v1/collections/default/images/{image['id']}").status_code == 404


@pytest.mark.parametrize("link", ["file", "thumbnail"])
def test_a_photo_deleted_while_its_file_is_asked_for_is_unknown(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    image = added(service, collection, plain((3, 2, 1)))
    described = Gallery.image

    def deleted_at_once(gallery: Gallery, collection: str, id: int) -> ImageRecord:
        record = described(gallery, collection, id)
        gallery.remove(collection, [id])
        return record

    with monkeypatch.context() as patch:
        patch.setattr(Gallery, "image", deleted_at_once)
        answer = service.client.get(image["links"][link])
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:pivot:unknown-image")


def test_a_photo_deleted_while_its_file_is_sent_arrives_whole(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = added(service, collection, plain((3, 2, 2)))
    begin = StreamingResponse.__call__

    async def deleted_first(response: StreamingResponse, scope: Scope, receive: Receive, send: Send) -> None:
        service.library.gallery.remove(collection, [image["id"]])
        await begin(response, scope, receive, send)

    with monkeypatch.context() as patch:
        patch.setattr(StreamingResponse, "__call__", deleted_first)
        answer = service.client.get(image["links"]["file"])
    assert (answer.status_code, answer.content) == (200, plain((3, 2, 2)))


def test_a_file_that_the_store_lost_is_the_operators_problem(
    service: Service, collection: str, caplog: pytest.LogCaptureFixture
) -> None:
    image = added(service, collection, plain((1, 2, 3)))
    path = service.library.gallery.original(service.library.gallery.image(collection, image["id"]))
    path.unlink()
    answer = service.client.get(image["links"]["file"])
    path.write_bytes(plain((1, 2, 3)))  # others share the store
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:pivot:store-damaged")
    assert path.name not in answer.text
    assert path.name in caplog.text
