import io
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from PIL import Image

from service.decoder import Decoder
from service.images import THUMBNAIL_SIDE, Decoded
from tests.service.bombs import png_of
from tests.service.pictures import encoded, noisy
from tests.service.serving import Service, serving
from tests.service.uploading import added

SIDEWAYS = Image.Exif()
SIDEWAYS[274] = 6


def thumbnail(service: Service, image: dict[str, Any], size: object = None, **headers: str) -> httpx.Response:
    params = {} if size is None else {"size": str(size)}
    return service.client.get(image["links"]["thumbnail"], params=params, headers=headers)


def shape(answer: httpx.Response) -> tuple[int, int]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.format == "WEBP"
        assert not image.getexif()
        return image.size


Original = Callable[[Service, str, dict[str, Any]], Path]


@pytest.fixture
def spoilable() -> Iterator[Original]:
    """Where an image's file is, which is whole again afterwards: others share the store."""
    whole: dict[Path, bytes] = {}

    def original(service: Service, collection: str, image: dict[str, Any]) -> Path:
        gallery = service.library.gallery
        path = gallery.original(gallery.image(collection, image["id"]))
        whole[path] = path.read_bytes()
        return path

    yield original
    for path, content in whole.items():
        path.write_bytes(content)


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of the thumbnails that were asked of the decoder."""
    asked: list[int] = []
    decode = Decoder.decode

    def counted(decoder: Decoder, data: bytes, side: int = THUMBNAIL_SIDE) -> Future[Decoded]:
        asked.append(side)
        return decode(decoder, data, side)

    monkeypatch.setattr(Decoder, "decode", counted)
    return asked


def test_a_thumbnail_has_the_size_asked_for_and_stands_upright(service: Service, collection: str) -> None:
    image = added(service, collection, encoded(noisy((1600, 800)), "JPEG", exif=SIDEWAYS))
    shapes = {size: shape(thumbnail(service, image, size)) for size in (None, 192, 384, 768)}
    assert shapes == {None: (192, 384), 192: (96, 192), 384: (192, 384), 768: (384, 768)}


@pytest.mark.parametrize("of", [(100, 80), (300, 240), (500, 400)])
def test_no_thumbnail_is_larger_than_its_image(
    service: Service, collection: str, of: tuple[int, int]
) -> None:
    image = added(service, collection, encoded(noisy(of), "PNG"))
    for size in (192, 384, 768):
        assert max(shape(thumbnail(service, image, size))) == min(size, max(of))


def test_only_a_size_that_is_not_stored_is_decoded_for(
    service: Service, collection: str, sides: list[int]
) -> None:
    large = added(service, collection, encoded(noisy((1000, 800)), "JPEG"))
    small = added(service, collection, encoded(noisy((150, 100)), "PNG"))
    sides.clear()
    for image in (large, small):
        for size in (192, 384, 768):
            thumbnail(service, image, size)
    assert sides == [192, 768]


def test_each_size_is_confirmed_by_its_own_tag_and_not_decoded_for_that(
    service: Service, collection: str, sides: list[int]
) -> None:
    image = added(service, collection, encoded(noisy((1000, 801)), "JPEG"))
    answers = {size: thumbnail(service, image, size) for size in (192, 384, 768)}
    tags = {size: answer.headers["ETag"] for size, answer in answers.items()}
    assert len(set(tags.values())) == 3
    assert tags[384] == thumbnail(service, image).headers["ETag"]
    sides.clear()
    for size, tag in tags.items():
        assert "immutable" in answers[size].headers["Cache-Control"]
        assert thumbnail(service, image, size, **{"If-None-Match": tag}).status_code == 304
        assert thumbnail(service, image, size, **{"If-None-Match": tags[384]}).status_code == (
            304 if size == 384 else 200
        )
    assert sides == [192, 768]


@pytest.mark.parametrize(
    "size", ["0", "385", "-768", "768.0", "7_68", "+768", " 768", "large", "", "9" * 5000]
)
def test_a_size_that_there_is_not_is_refused_with_those_that_there_are(
    service: Service, collection: str, size: str
) -> None:
    image = added(service, collection, encoded(noisy((40, 30)), "PNG"))
    answer = thumbnail(service, image, size)
    problem = answer.json()
    assert (answer.status_code, problem["type"], problem["field"]) == (
        422,
        "urn:pivot:invalid-request",
        "size",
    )
    assert "192, 384 or 768" in problem["detail"]
    assert problem["remedy"]
    german = thumbnail(service, image, size, **{"Accept-Language": "de"}).json()
    assert "192, 384" in german["detail"]
    assert german["detail"] != problem["detail"]


def test_a_lost_original_costs_only_the_sizes_that_need_it(
    service: Service, collection: str, spoilable: Original, caplog: pytest.LogCaptureFixture
) -> None:
    image = added(service, collection, encoded(noisy((1000, 802)), "JPEG"))
    path = spoilable(service, collection, image)
    path.unlink()
    answer = thumbnail(service, image, 768)
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:pivot:store-damaged")
    assert "ETag" not in answer.headers
    assert path.name in caplog.text
    assert [shape(thumbnail(service, image, size)) for size in (192, 384)] == [(192, 154), (384, 308)]


@pytest.mark.parametrize("content", [b"", b"these are words", png_of(10_000, 10_000)])
def test_an_original_that_decodes_no_longer_costs_only_the_sizes_that_need_it(
    service: Service,
    collection: str,
    content: bytes,
    spoilable: Original,
    caplog: pytest.LogCaptureFixture,
) -> None:
    image = added(service, collection, encoded(noisy((1000, 803 + len(content) % 7)), "JPEG"))
    path = spoilable(service, collection, image)
    path.write_bytes(content)
    answer = thumbnail(service, image, 768)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (500, "urn:pivot:thumbnail-not-made")
    assert problem["field"] == "size"
    assert "384" in problem["remedy"]
    assert "immutable" not in answer.headers.get("Cache-Control", "")
    assert path.name not in answer.text
    assert f"{path} gives no thumbnail of 768 pixels: " in caplog.text
    assert max(shape(thumbnail(service, image, 384))) == 384


def test_slow_thumbnails_keep_nobody_else_waiting_and_too_many_are_sent_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, queue=1) as service, ThreadPoolExecutor() as pool:
        image = added(service, "default", encoded(noisy((1000, 600)), "JPEG"))
        decoding: Future[Decoded] = Future()
        begun = Event()

        def held(_: Decoder, __: bytes, ___: int) -> Future[Decoded]:
            begun.set()
            return decoding

        with monkeypatch.context() as patch, ExitStack() as at_the_end:
            patch.setattr(Decoder, "decode", held)
            at_the_end.callback(decoding.set_result, Decoded("jpeg", 1000, 600, (1, 1), bytes(3), b"made"))
            first = pool.submit(thumbnail, service, image, 768)
            assert begun.wait(10)
            assert thumbnail(service, image).status_code == 200
            assert service.client.get("/livez").status_code == 200
            refused = service.client.get(image["links"]["thumbnail"], params={"size": 192}, timeout=5)
            assert (refused.status_code, refused.json()["type"]) == (503, "urn:pivot:overloaded")
            assert int(refused.headers["Retry-After"]) > 0
        assert first.result().content == b"made"
