"""What a search's cursor carries."""

from collections.abc import Callable

import numpy as np
import pytest

from index.errors import BadCursor, CursorExpired
from index.vectors import Row
from service.carried import digest, parted, with_vectors

TEXT = digest("pivot-1", "text", b"ein Hund")
ROW = np.array([0.6, 0.8, 0.0], np.float32)


def test_vectors_come_back_to_the_last_bit() -> None:
    rows = np.random.default_rng(3).normal(size=(32, 3)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    vectors = {digest("pivot-1", "text", b"%d" % number): row for number, row in enumerate(rows)}
    place, carried = parted(with_vectors("place-_", vectors), 3)
    assert place == "place-_"
    assert list(carried) == list(vectors)
    np.testing.assert_array_equal(np.stack(list(carried.values())), rows)


def test_a_question_by_an_image_of_the_collection_carries_none() -> None:
    assert parted(with_vectors("place", {}), 3) == ("place", {})


def test_a_digest_tells_model_kind_and_content_apart() -> None:
    others = {
        digest("pivot-2", "text", b"ein Hund"),
        digest("pivot-1", "image", b"ein Hund"),
        digest("pivot-1", "text", b"ein Hun"),
    }
    assert len({TEXT, *others}) == 4


def test_vectors_of_another_dimension_have_expired() -> None:
    with pytest.raises(CursorExpired):
        parted(with_vectors("place", {TEXT: ROW}), 4)


@pytest.mark.parametrize(
    "row", [ROW * 2, ROW * np.float32("nan"), np.zeros(3, np.float32)], ids=["long", "nan", "zero"]
)
def test_what_is_no_vector_of_ours_is_refused(row: Row) -> None:
    with pytest.raises(BadCursor):
        parted(with_vectors("place", {TEXT: row}), 3)


@pytest.mark.parametrize(
    "change", [lambda text: text + "\n", lambda text: text[:-1], lambda text: text + "é"]
)
def test_other_text_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(BadCursor):
        parted(change(with_vectors("place", {TEXT: ROW})), 3)


def test_a_cursor_without_any_mark_of_vectors_is_refused() -> None:
    with pytest.raises(BadCursor):
        parted("place", 3)
