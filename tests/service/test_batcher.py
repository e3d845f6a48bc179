import threading
from collections.abc import Sequence
from concurrent.futures import wait
from contextlib import closing

import pytest

from service.batcher import Batcher, Overloaded, Stopping


class Doubler:
    """Doubles numbers, chokes on negative ones, stands still while `open` is cleared; keeps its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.started = threading.Event()
        self.open = threading.Event()
        self.open.set()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        self.started.set()
        assert self.open.wait(timeout=30)
        if min(numbers) < 0:
            raise ValueError("negative")
        return [2 * number for number in numbers]

    def block(self, batcher: Batcher[int, int]) -> None:
        """Stand still in the middle of a batch of one."""
        self.open.clear()
        batcher.submit(0)
        assert self.started.wait(timeout=30)


def batcher_of(function: Doubler, batch: int = 4, queue: int = 8) -> "closing[Batcher[int, int]]":
    return closing(Batcher(function, name="test", batch=batch, queue=queue))


def test_each_item_gets_its_own_result() -> None:
    with batcher_of(Doubler(), queue=100) as batcher:
        futures = [batcher.submit(number) for number in range(50)]
        assert [future.result() for future in futures] == list(range(0, 100, 2))


def test_items_that_wait_share_a_call_up_to_the_batch() -> None:
    double = Doubler()
    with batcher_of(double) as batcher:
        double.block(batcher)
        futures = [batcher.submit(number) for number in range(1, 7)]
        double.open.set()
        wait(futures)
    assert double.batches == [[0], [1, 2, 3, 4], [5, 6]]


def test_a_full_queue_turns_items_away_and_recovers() -> None:
    double = Doubler()
    with batcher_of(double, queue=2) as batcher:
        double.block(batcher)
        accepted = [batcher.submit(1), batcher.submit(2)]
        with pytest.raises(Overloaded) as raised:
            batcher.submit(3)
        assert raised.value.limit == 2
        double.open.set()
        assert [future.result() for future in accepted] == [2, 4]
        assert batcher.submit(3).result() == 6


def test_a_patient_caller_waits_for_room() -> None:
    double = Doubler()
    with batcher_of(double, queue=1) as batcher:
        double.block(batcher)
        batcher.submit(1)
        results: list[int] = []
        caller = threading.Thread(target=lambda: results.append(batcher.submit(2, patient=True).result()))
        caller.start()
        double.open.set()
        caller.join(timeout=30)
    assert results == [4]


def test_a_failing_batch_fails_its_items_and_no_others() -> None:
    with batcher_of(Doubler()) as batcher:
        with pytest.raises(ValueError, match="negative"):
            batcher.submit(-1).result()
        assert batcher.submit(1).result() == 2


def test_closing_finishes_what_was_accepted() -> None:
    double = Doubler()
    batcher = Batcher(double, name="test", batch=1, queue=8)
    double.block(batcher)
    futures = [batcher.submit(1), batcher.submit(2)]
    closer = threading.Thread(target=batcher.close)
    closer.start()
    double.open.set()
    closer.join(timeout=30)
    assert [future.result(timeout=0) for future in futures] == [2, 4]
    with pytest.raises(Stopping):
        batcher.submit(3)


def test_closing_frees_a_patient_caller() -> None:
    double = Doubler()
    batcher = Batcher(double, name="test", batch=1, queue=1)
    double.block(batcher)
    batcher.submit(1)
    refused: list[BaseException] = []

    def call() -> None:
        try:
            batcher.submit(2, patient=True)
        except Stopping as error:
            refused.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    closer = threading.Thread(target=batcher.close)
    closer.start()
    caller.join(timeout=30)
    double.open.set()
    closer.join(timeout=30)
    assert len(refused) == 1
