import threading
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from service.batcher import Batcher
from service.remembered import Remembered


class Counting:
    """Lengths of texts, with the texts that it was asked for; `bad` fails."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> list[int]:
        self.asked += texts
        if "bad" in texts:
            raise ValueError("bad")
        return [len(text) for text in texts]


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def remembered(counting: Counting) -> Iterator[Remembered[str, int]]:
    batcher = Batcher(counting, name="count", batch=4, queue=8)
    yield Remembered(batcher, size=2)
    batcher.close()


def test_the_same_item_is_asked_for_once(remembered: Remembered[str, int], counting: Counting) -> None:
    assert [remembered.submit("red").result() for _ in range(3)] == [3, 3, 3]
    assert counting.asked == ["red"]


def test_what_was_not_asked_for_lately_is_forgotten_first(
    remembered: Remembered[str, int], counting: Counting
) -> None:
    for text in ("a", "b", "a", "c", "a", "b"):
        remembered.submit(text).result()
    assert counting.asked == ["a", "b", "c", "b"]


def test_what_fails_is_asked_for_again(remembered: Remembered[str, int], counting: Counting) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            remembered.submit("bad").result()
    assert counting.asked == ["bad", "bad"]


def test_what_was_given_up_is_asked_for_again() -> None:
    started, go_on = threading.Event(), threading.Event()

    def slowly(texts: Sequence[str]) -> list[int]:
        started.set()
        assert go_on.wait(timeout=30)
        return [len(text) for text in texts]

    batcher = Batcher(slowly, name="slow", batch=4, queue=8)
    with closing(batcher):
        remembered = Remembered(batcher, size=2)
        remembered.submit("a")
        assert started.wait(timeout=30)
        assert remembered.submit("red").cancel()
        again = remembered.submit("red")
        go_on.set()
        assert again.result(timeout=30) == 3
