"""The benchmark of the service, at sizes that take no time."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.service.__main__ import ALONE, TOGETHER, dealt, resident
from benchmarks.service.load import UPLOADS, Client, Waits, found, searches, uploading
from benchmarks.service.store import distinct, fill
from index.gallery import Gallery
from tests.index.samples import random_rows
from tests.service.pictures import RED, plain
from tests.service.serving import Service, serving

QUERIES = ["red", "green", "blue", "rot"]
IMAGES = 40


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("filled")
    rows = abs(random_rows(20, 3))
    with Gallery.open(folder, dim=3, model_version="colours-1") as gallery:
        fill(gallery, rows, 10)
        fill(gallery, rows, IMAGES)  # goes on
    with serving(folder) as service:
        yield service


def test_a_store_is_filled_to_the_number_that_was_asked_for(filled: Service) -> None:
    assert filled.library.gallery.collection("default").searchable == IMAGES


def test_every_query_is_asked_once_however_many_clients_there_are(filled: Service) -> None:
    address = str(filled.client.base_url)
    assert len(searches(address, QUERIES).each) == len(QUERIES)
    assert len(searches(address, QUERIES, clients=3).each) == len(QUERIES)


def test_what_is_found_is_told_by_ids_and_is_the_same_again(filled: Service) -> None:
    address = str(filled.client.base_url)
    ids = found(address, QUERIES)
    assert [len(one) for one in ids] == [10] * len(QUERIES)
    assert ids == found(address, QUERIES)


def test_uploads_are_counted_while_searches_run_and_leave_nothing(filled: Service) -> None:
    measured = uploading(str(filled.client.base_url), distinct([plain(RED)]), QUERIES, seconds=0.2)
    assert measured.rate > 0
    assert measured.searches.each
    assert UPLOADS not in filled.client.get("/v1/collections").text
    assert filled.library.gallery.collection("default").images == IMAGES


def test_no_two_files_to_upload_are_alike() -> None:
    assert len(set(islice(distinct([b"a", b"b"]), 10))) == 10


def test_an_answer_that_is_an_error_is_no_measurement(filled: Service) -> None:
    with Client(str(filled.client.base_url)) as client, pytest.raises(RuntimeError, match="404"):
        client.ask("GET", "/nowhere")


def test_waits_are_told_by_percentile_and_rate() -> None:
    waits = Waits([0.001, 0.002, 0.003], 0.5)
    assert waits.milliseconds(50) == pytest.approx(2)
    assert waits.rate == pytest.approx(6)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells it so")
def test_the_memory_of_a_process_is_read_in_bytes() -> None:
    assert 10_000_000 < resident(os.getpid()) < 100_000_000_000


def test_no_query_is_timed_twice() -> None:
    queries = [str(number) for number in range(ALONE + TOGETHER + 10)]
    alone, together, others = dealt(queries)
    assert (len(alone), len(together), len(others)) == (ALONE, TOGETHER, 10)
    assert {*alone, *together, *others} == {*queries}
