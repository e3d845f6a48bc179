"""The vectors of a question's parts: each in its place, none made for nobody."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from index.errors import CursorExpired
from index.gallery import Gallery
from index.vectors import Row
from service.batcher import WaitedTooLong
from service.decoder import Decoder
from service.embedder import Embedder
from service.images import Decoded, NotAnImage, decode
from service.part_vectors import PartVectors
from service.queries import InField
from service.questions import Part, QueryLanguage, Understood
from service.settings import Settings
from service.stopwatch import Stopwatch
from service.uploads import Upload
from tests.fakes import ColourEncoder
from tests.service.pictures import BLUE, GREEN, RED, plain


class OneImage:
    """A gallery with one image, number 7, which is green."""

    def vector(self, collection: str, id: int) -> Row:
        assert (collection, id) == ("default", 7)
        return np.array([0, 1, 0], np.float32)


class Waiting:
    """A decoder that decodes when it is told to."""

    def __init__(self) -> None:
        self.futures: list[Future[Decoded]] = []

    def decode(self, _: bytes) -> Future[Decoded]:
        self.futures.append(Future())
        return self.futures[-1]


class AtOnce(Waiting):
    def decode(self, data: bytes) -> Future[Decoded]:
        future = super().decode(data)
        try:
            future.set_result(decode(data, 10**6))
        except NotAnImage as error:
            future.set_exception(error)
        return future


@pytest.fixture
def encoder() -> ColourEncoder:
    return ColourEncoder()


@pytest.fixture
def embedder(encoder: ColourEncoder) -> Iterator[Embedder]:
    with closing(Embedder(encoder, queue=8)) as embedder:
        yield embedder
        encoder.open.set()


def vectors(embedder: Embedder, decoder: Waiting, tmp_path: Path, seconds: float = 30) -> PartVectors:
    settings = Settings(store=tmp_path, wait_seconds=seconds)
    return PartVectors(cast(Gallery, OneImage()), cast(Decoder, decoder), embedder, "default", settings)


def text(q: str) -> Understood:
    return Understood(Part(q=q, field="q"), q, QueryLanguage("en", None, "given"))


def image(data: bytes, field: str = "image") -> Understood:
    return Understood(Part(image=Upload("", lambda: BytesIO(data)), field=field))


QUESTION = [image(plain(BLUE)), text("red"), Understood(Part(image_id=7)), image(plain(RED)), text("green")]
ROWS = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]]


def test_vectors_are_in_the_order_of_the_parts_and_the_carried_ones_are_not_made_again(
    embedder: Embedder, encoder: ColourEncoder, tmp_path: Path
) -> None:
    parts, watch = vectors(embedder, AtOnce(), tmp_path), Stopwatch()
    rows, to_carry = parts.of(QUESTION, None, watch)
    np.testing.assert_allclose(rows, ROWS, atol=0.01)
    assert len(to_carry) == 4  # not the one of the collection
    assert set(watch.timings()) == {"decode", "embed", "total"}
    made = (list(encoder.image_batches), list(encoder.text_batches))
    again, _ = parts.of(QUESTION[::-1], to_carry, Stopwatch())
    np.testing.assert_array_equal(again, rows[::-1])
    assert (encoder.image_batches, encoder.text_batches) == made


def test_another_question_finds_none_of_what_is_carried(embedder: Embedder, tmp_path: Path) -> None:
    parts = vectors(embedder, AtOnce(), tmp_path)
    _, to_carry = parts.of(QUESTION, None, Stopwatch())
    for other in (text("reds"), image(plain(GREEN))):
        with pytest.raises(CursorExpired):
            parts.of([*QUESTION, other], to_carry, Stopwatch())


def test_after_an_image_that_is_none_the_others_are_given_up(
    embedder: Embedder, encoder: ColourEncoder, tmp_path: Path
) -> None:
    encoder.open.clear()
    embedder.images.submit(Image.new("RGB", (1, 1)))
    assert encoder.started.wait(timeout=30)  # what comes now has to wait
    decoder = AtOnce()
    asked = [image(plain(RED)), image(b"none", "parts[1].image"), image(plain(BLUE))]
    with pytest.raises(InField) as raised:
        vectors(embedder, decoder, tmp_path).of(asked, None, Stopwatch())
    assert (raised.value.field, type(raised.value.error)) == ("parts[1].image", NotAnImage)
    encoder.open.set()
    embedder.close()
    assert encoder.image_batches == [1]


def test_what_was_not_decoded_in_time_is_given_up(embedder: Embedder, tmp_path: Path) -> None:
    decoder = Waiting()
    with pytest.raises(WaitedTooLong):
        vectors(embedder, decoder, tmp_path, seconds=0.01).of([image(b"a"), image(b"b")], None, Stopwatch())
    assert all(future.cancelled() for future in decoder.futures)
