import errno
import json
import tempfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from index.errors import StorageFull
from index.gallery import Gallery
from index.records import ImageRecord
from tests.service.pictures import BLUE, GREEN, RED, encoded, noisy, plain, png_header, red_left_of_blue
from tests.service.serving import Service

Files = list[tuple[str, tuple[str, bytes]]]


def post(
    service: Service, collection: str, files: Files, form: dict[str, str] | None = None
) -> httpx.Response:
    return service.client.post(f"/v1/collections/{collection}/images", files=files, data=form)


def added(service: Service, collection: str, data: bytes, filename: str = "a.png") -> dict[str, Any]:
    answer = post(service, collection, [("files", (filename, data))])
    assert answer.status_code == 201
    image: dict[str, Any] = answer.json()["items"][0]["image"]
    return image


def test_many_images_are_added_in_one_request(service: Service, collection: str) -> None:
    answer = post(
        service,
        collection,
        [("files", ("red.png", plain(RED))), ("files", ("blue.jpg", plain(BLUE, format="JPEG")))],
    )
    assert answer.status_code == 201
    body = answer.json()
    assert (body["created"], body["existing"], body["failed"]) == (2, 0, 0)
    assert [item["filename"] for item in body["items"]] == ["red.png", "blue.jpg"]
    assert [item["image"]["format"] for item in body["items"]] == ["png", "jpeg"]
    assert [item["index"] for item in body["items"]] == [0, 1]
    image = body["items"][0]["image"]
    assert service.client.get(image["links"]["self"]).json() == image


def test_files_may_be_named_as_php_and_others_do(service: Service, collection: str) -> None:
    names = ["files", "file", "files[]", "files[7]"]
    answer = post(
        service, collection, [(name, (f"{n}.png", plain((n, 0, 0)))) for n, name in enumerate(names)]
    )
    assert [item["filename"] for item in answer.json()["items"]] == ["0.png", "1.png", "2.png", "3.png"]


def test_the_same_photo_twice_is_one_record(service: Service, collection: str) -> None:
    first = added(service, collection, plain(RED))
    again = post(service, collection, [("files", ("again.png", plain(RED)))])
    assert again.status_code == 200
    assert again.json()["items"][0]["status"] == "exists"
    assert again.json()["items"][0]["image"] == first
    assert service.client.get(f"/v1/collections/{collection}").json()["images"] == 1


def test_one_bad_file_does_not_hurt_the_others(service: Service, collection: str) -> None:
    answer = post(
        service, collection, [("files", ("notes.txt", b"no image")), ("files", ("red.png", plain(RED)))]
    )
    assert answer.status_code == 201
    failed, created = answer.json()["items"]
    assert (failed["status"], failed["image"], created["status"]) == ("failed", None, "created")
    assert failed["error"]["type"] == "urn:pivot:not-an-image"
    assert failed["error"]["field"] == "files[0]"
    assert failed["error"]["remedy"].startswith("Send one of")


@pytest.mark.parametrize(
    ("data", "status", "kind"),
    [
        (b"", 422, "image-empty"),
        (b"no image", 415, "not-an-image"),
        (b"%PDF-1.7", 415, "unsupported-format"),
        (encoded(noisy(), "JPEG")[:2000], 422, "image-damaged"),
        (png_header(10_000, 10_000), 413, "image-too-large"),
    ],
)
def test_a_single_bad_file_is_the_problem(
    service: Service, collection: str, data: bytes, status: int, kind: str
) -> None:
    answer = post(service, collection, [("files", ("a.png", data))])
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["field"]) == (f"urn:pivot:{kind}", "files[0]")
    assert problem["items"][0]["error"]["type"] == f"urn:pivot:{kind}"


def test_where_no_file_is_good_each_has_its_problem(service: Service, collection: str) -> None:
    answer = post(service, collection, [("files", ("a", b"no image")), ("files", ("b", b""))])
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:pivot:no-image-accepted"
    assert [item["error"]["status"] for item in problem["items"]] == [415, 422]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"album": "sea"}, [{"album": "sea"}, {"album": "sea"}]),
        ([{"a": [1, {"b": None}]}, {"ü": "\0"}], [{"a": [1, {"b": None}]}, {"ü": "\0"}]),
    ],
)
def test_metadata_comes_back_as_it_went_in(
    service: Service, collection: str, metadata: Any, expected: list[Any]
) -> None:
    files = [("files", ("a.png", plain(RED))), ("files", ("b.png", plain(BLUE)))]
    answer = post(service, collection, files, {"metadata": json.dumps(metadata)})
    assert [item["image"]["metadata"] for item in answer.json()["items"]] == expected


def test_deep_metadata_comes_back_too(service: Service, collection: str) -> None:
    text = '{"a":' * 190 + "1" + "}" * 190
    answer = post(service, collection, [("files", ("a.png", plain(RED)))], {"metadata": text})
    assert answer.json()["items"][0]["image"]["metadata"] == json.loads(text)


@pytest.mark.parametrize(
    ("files", "form", "kind", "field"),
    [
        ([("files", ("a", b"a"))], {"metadata": "[]"}, "bad-metadata", "metadata"),
        ([("files", ("a", b"a"))], {"metadata": "{"}, "bad-metadata", "metadata"),
        ([("image", ("a", b"a"))], {}, "unknown-field", "image"),
        ([("filesystem", ("a", b"a"))], {}, "unknown-field", "filesystem"),
        ([("files[a]", ("a", b"a"))], {}, "unknown-field", "files[a]"),
        ([("files", ("a", b"a"))], {"metdata": "{}"}, "unknown-field", "metdata"),
        ([("metadata", ("a", b"{}"))], {}, "bad-form", None),
        ([("files", ("a", b"a"))], {"files": "text"}, "bad-form", None),
        ([("files", ("a", b"a"))], {"metadata": "x" * 5_000_000}, "bad-form", None),
    ],
)
def test_forms_that_do_not_fit_are_refused(
    service: Service, collection: str, files: Files, form: dict[str, str], kind: str, field: str | None
) -> None:
    answer = post(service, collection, files, form)
    assert answer.status_code == 422
    assert (answer.json()["type"], answer.json().get("field")) == (f"urn:pivot:{kind}", field)


@pytest.mark.parametrize(
    ("content_type", "body", "status", "kind"),
    [
        ("application/json", b"{}", 415, "not-multipart"),
        ("multipart/form-data", b"", 422, "bad-form"),
        ("multipart/form-data; boundary=x", b"nonsense", 422, "bad-form"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422, "no-files"),
    ],
)
def test_bodies_that_are_no_form_are_refused(
    service: Service, collection: str, content_type: str, body: bytes, status: int, kind: str
) -> None:
    answer = service.client.post(
        f"/v1/collections/{collection}/images", content=body, headers={"Content-Type": content_type}
    )
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:pivot:{kind}")


def test_an_unknown_collection_is_told_before_the_files_are_read(service: Service) -> None:
    answer = post(service, "nowhere", [("files", ("a.png", b"no image"))])
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:pivot:unknown-collection")


def test_a_full_disk_is_told_as_such(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageFull(tmp_path)

    with monkeypatch.context() as patch:
        patch.setattr(Gallery, "add", full)
        answer = post(service, collection, [("files", ("a.png", plain(RED)))])
    assert (answer.status_code, answer.json()["type"]) == (507, "urn:pivot:storage-full")
    assert str(tmp_path) not in answer.text
    added(service, collection, plain(RED))


def test_a_full_folder_of_temporary_files_is_not_blamed_on_the_store(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryFile", full)
        answer = post(service, collection, [("files", ("a.png", bytes(2_000_000)))])
    assert (answer.status_code, answer.json()["type"]) == (507, "urn:pivot:scratch-full")
    assert "store has" not in answer.text


def test_small_files_leave_the_memory_as_large_ones_do(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        answer = post(service, collection, [("files", ("a.png", bytes(100_000)))])
    assert answer.json()["type"] == "urn:pivot:storage-unwritable"


def test_temporary_files_that_cannot_be_written_are_told_as_such(
    service: Service, collection: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        answer = post(service, collection, [("files", ("a.png", bytes(2_000_000)))])
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:pivot:storage-unwritable")
    assert str(tmp_path) not in answer.text


def test_names_of_files_survive_as_their_last_component(service: Service, collection: str) -> None:
    names = ["../../etc/passwd", "C:\\photos\\Grüße aus Köln.png", "日本.png"]
    answer = post(service, collection, [("files", (name, plain((n, 1, 1)))) for n, name in enumerate(names)])
    assert [item["image"]["filename"] for item in answer.json()["items"]] == [
        "passwd",
        "Grüße aus Köln.png",
        "日本.png",
    ]


def test_a_filename_with_half_a_character_is_mended(service: Service, collection: str) -> None:
    boundary = b"x"
    part = b'Content-Disposition: form-data; name="files"; filename="\\\\ud800.png"\r\n\r\n' + plain(RED)
    answer = service.client.post(
        f"/v1/collections/{collection}/images",
        content=b"--x\r\n" + part + b"\r\n--x--\r\n",
        headers={
            "Content-Type": f"multipart/form-data; boundary={boundary.decode()}; charset=unicode_escape"
        },
    )
    assert answer.status_code == 201
    assert answer.json()["items"][0]["filename"] == "\ufffd.png"


def test_a_photo_is_measured_upright(service: Service, collection: str) -> None:
    sideways = encoded(red_left_of_blue((40, 20)), "JPEG", exif=b"Exif\0\0" + exif_orientation(6))
    image = added(service, collection, sideways)
    assert (image["width"], image["height"]) == (20, 40)


def exif_orientation(value: int) -> bytes:
    return b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([value]) + b"\0\0\0\0\0\0"


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
    ],
)
def test_pages_that_cannot_be_are_refused(
    service: Service, collection: str, params: dict[str, Any], kind: str, field: str, limit: int | None
) -> None:
    answer = service.client.get(f"/v1/collections/{collection}/images", params=params)
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["type"], problem["field"], problem.get("limit")) == (f"urn:pivot:{kind}", field, limit)


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
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:pivot:store-damaged")
    assert path.name not in answer.text
    assert path.name in caplog.text
