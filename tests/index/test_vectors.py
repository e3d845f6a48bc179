import numpy as np
import pytest

from index.errors import BadVector
from index.vectors import check_vector, from_blobs, to_blob
from tests.index.samples import random_rows, unit


def test_unit_float32_row_is_accepted() -> None:
    check_vector(unit(3, 0, 4), 3)
    check_vector(unit(-3, 0, 4), 3)


@pytest.mark.parametrize(
    ("vector", "reason"),
    [
        (unit(1, 2), "shape"),
        (unit(1, 2, 3)[None], "shape"),
        (unit(1, 2, 3).astype(np.float64), "float64"),
        (np.array([np.nan, 0, 1], np.float32), "NaN"),
        (np.array([np.inf, 0, 0], np.float32), "infinity"),
        (np.array([1, 1, 0], np.float32), "length 1.41"),
        (np.zeros(3, np.float32), "length 0"),
    ],
)
def test_any_other_vector_is_refused_with_the_reason(vector: np.ndarray, reason: str) -> None:
    with pytest.raises(BadVector, match=reason) as caught:
        check_vector(vector, 3)
    assert caught.value.dim == 3


def test_vectors_survive_the_way_to_bytes_and_back_to_the_last_bit() -> None:
    rows = random_rows(5, 7)
    back = from_blobs([to_blob(row) for row in rows], 7)
    assert back.dtype == np.float32
    assert (back == rows).all()


def test_bytes_are_little_endian() -> None:
    assert to_blob(np.array([1, 0], np.float32)) == b"\x00\x00\x80\x3f\x00\x00\x00\x00"


def test_bytes_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        from_blobs([to_blob(unit(1, 2, 3))], 4)
