import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from index.records import CollectionKey
from service.jobs.ledger import Ledger
from service.jobs.records import Entry, Result


def test_finished_jobs_are_forgotten_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.jobs.ledger.KEPT", 2)
    ledger = Ledger(tmp_path)
    ids = [ledger.create("folder", CollectionKey(1, "default"), "/a", most_waiting=9).id for _ in range(4)]
    for id in ids:
        ledger.finish(id, "succeeded")
    kept = ledger.jobs(state=None, collections=None, before=None, limit=9)
    ledger.close()
    assert [job.id for job in kept] == ids[:1:-1]


def test_jobs_that_ended_long_ago_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Ledger(tmp_path)) as ledger:
        old, new = (ledger.create("folder", CollectionKey(1, "default"), "/a", most_waiting=9) for _ in "ab")
        ledger.finish(old.id, "succeeded")
        monkeypatch.setattr("service.jobs.ledger.KEPT_FOR", timedelta(0))
        time.sleep(0.01)
        ledger.finish(new.id, "succeeded")
        kept = ledger.jobs(state=None, collections=None, before=None, limit=9)
    assert old.id not in [job.id for job in kept]


def test_the_first_end_of_a_job_is_its_end(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path)) as ledger:
        first, second = (
            ledger.create("folder", CollectionKey(1, "default"), "/a", most_waiting=9) for _ in "ab"
        )
        ledger.cancel(first.id)
        ledger.finish(first.id, "succeeded")
        ledger.finish(second.id, "failed")
        assert ledger.job(first.id).state == "cancelled"
        assert ledger.cancel(second.id).state == "failed"


def test_a_plan_made_anew_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path)) as ledger:
        id = ledger.create("folder", CollectionKey(1, "default"), "/a", most_waiting=9).id
        ledger.plan(id, [Entry(name, b"") for name in "abc"])
        ledger.plan(id, [Entry("d", b""), None])
        assert [item.name for item in ledger.waiting_items(id)] == ["d"]
        assert (ledger.job(id).total, ledger.job(id).skipped) == (1, 1)


def test_items_that_wait_come_page_after_page_and_without_those_that_are_done(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path)) as ledger:
        id = ledger.create("folder", CollectionKey(1, "default"), "/a", most_waiting=9).id
        ledger.plan(id, [Entry(str(number), b"") for number in range(7)])
        ledger.record(id, [Result(0, "created", 1, None), Result(4, "failed", None, None)])
        assert [item.number for item in ledger.waiting_items(id, limit=2)] == [1, 2, 3, 5, 6]
