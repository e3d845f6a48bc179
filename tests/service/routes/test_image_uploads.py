import errno
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from index.errors import StorageFull
from index.gallery import Gallery
from tests.service.pictures import BLUE, RED, encoded, noisy, plain, png_header, red_left_of_blue
from tests.service.serving import Service
from tests.service.uploading import Files, added, post


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
        ("application/json", b"{}", 422, "invalid-request"),
        ("text/plain", b"{}", 415, "not-multipart"),
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
