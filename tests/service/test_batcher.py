import threading
import time
from collections.abc import Sequence
from concurrent.futures import wait
from contextlib import closing

import pytest

from service.batcher import Batcher, Overloaded, Stopping, WaitedTooLong, in_time


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


def test_what_is_cancelled_while_it_waits_is_left_out() -> None:
    double = Doubler()
    with batcher_of(double) as batcher:
        double.block(batcher)
        given_up = [batcher.submit(number) for number in (1, 2)]
        assert all(future.cancel() for future in given_up)
        double.open.set()
        assert batcher.submit(3).result() == 6
    assert double.batches == [[0], [3]]


def test_where_all_that_wait_are_cancelled_the_next_one_is_served() -> None:
    double = Doubler()
    with batcher_of(double) as batcher:
        double.block(batcher)
        assert batcher.submit(1).cancel()
        double.open.set()
        while double.batches == [[0]] and batcher._waiting:
            time.sleep(0.001)
        assert batcher.submit(2).result(timeout=30) == 4


def test_what_is_cancelled_takes_no_room() -> None:
    double = Doubler()
    with batcher_of(double, queue=1) as batcher:
        double.block(batcher)
        assert batcher.submit(1).cancel()
        kept = batcher.submit(2)
        with pytest.raises(Overloaded):
            batcher.submit(3)
        double.open.set()
        assert kept.result() == 4


def test_what_does_not_begin_in_time_is_never_done() -> None:
    double = Doubler()
    with batcher_of(double) as batcher:
        double.block(batcher)
        late = batcher.submit(1)
        with pytest.raises(WaitedTooLong, match=r"0\.01 s") as raised:
            in_time(late, 0.01)
        assert (raised.value.limit, raised.value.retry_after) == (0.01, 1)
        with pytest.raises(WaitedTooLong):  # for another who waited for the same
            in_time(late, 30)
        double.open.set()
        assert in_time(batcher.submit(2), 30) == 4
    assert double.batches == [[0], [2]]


def test_what_has_begun_in_time_is_waited_for() -> None:
    double = Doubler()
    with batcher_of(double) as batcher:
        double.open.clear()
        future = batcher.submit(1)
        assert double.started.wait(timeout=30)
        threading.Timer(0.1, double.open.set).start()
        assert in_time(future, 0.01) == 2
