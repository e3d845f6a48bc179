import pytest

from service import rates
from service.rates import Buckets, Taken


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_at_once_and_fills_up_in_a_minute() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    assert [buckets.take("a", 2) for _ in range(3)] == [
        Taken(True, 1, 30),
        Taken(True, 0, 30),
        Taken(False, 0, 30),
    ]
    clock.now = 15
    assert buckets.take("a", 2) == Taken(False, 0, 15)
    clock.now = 30
    assert buckets.take("a", 2) == Taken(True, 0, 30)
    clock.now = 3600
    assert buckets.take("a", 2).left == 1, "it holds no more than a minute's"
    assert buckets.take("b", 2).left == 1, "each asker has a bucket"


def test_who_was_heard_of_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "REMEMBERED", 2)
    buckets = Buckets(Clock())
    for asker in ("a", "b", "a", "c"):
        buckets.take(asker, 9)
    assert [buckets.take(asker, 9).left for asker in ("a", "b")] == [6, 8]
