import gzip
import io

import pytest

from service.jobs.errors import ArchiveUnusable
from service.jobs.reading import AGAIN, COMPRESSIONS, Bounded, Unpacked

DATA = bytes(range(256)) * 40


def unpacked() -> Unpacked:
    return Unpacked(io.BytesIO(gzip.compress(DATA)), COMPRESSIONS[b"\x1f\x8b"])


def test_a_few_bytes_can_be_read_again_and_more_cannot() -> None:
    file = unpacked()
    assert file.read(3000) == DATA[:3000]
    assert file.seek(2990) == 2990
    assert file.read(20) == DATA[2990:3010]
    assert file.seek(5000) == 5000
    assert (file.read(5), file.tell()) == (DATA[5000:5005], 5005)
    with pytest.raises(ArchiveUnusable):
        file.seek(5005 - AGAIN - 1)


def test_the_end_is_the_end() -> None:
    file = unpacked()
    assert file.seek(10**9) == len(DATA)
    assert file.read(10) == b""


def test_no_more_is_given_than_was_agreed() -> None:
    file = Bounded(io.BytesIO(DATA), 100, 1000)
    assert file.read(100) == DATA[:100]
    for forbidden in (lambda: file.read(101), lambda: file.seek(1001)):
        with pytest.raises(ArchiveUnusable):
            forbidden()
    file.seek(950)
    with pytest.raises(ArchiveUnusable):
        file.read(51)
