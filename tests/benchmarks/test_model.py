"""What bench-model prints, from made-up numbers."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace

from PIL import Image

from benchmarks.model.measure import times
from benchmarks.model.photo import SIZE, jpeg
from benchmarks.model.queries import LENGTHS
from benchmarks.model.report import Measured, Times, budgets, table
from model.text import Tokenizer

OURS = Measured("Pivot", 120_000_000, 1.25, Times(2.0, 4.0), Times(60.0, 90.0), 700_000_000)
READER = Measured("XLM-RoBERTa-base, texts", 1_100_000_000, 9.0, Times(40.0, 50.0), None, 1_900_000_000)


def test_the_table_has_a_line_for_each_and_a_dash_for_what_it_does_not_do() -> None:
    *_, ours, reader = table([OURS, READER]).splitlines()
    assert ours.split() == ["Pivot", "120", "1.2", "2.0", "4.0", "60.0", "90.0", "700"]
    assert reader.split()[2:] == ["1100", "9.0", "40.0", "50.0", "-", "-", "1900"]
    assert len(ours) == len(reader)


def test_a_missed_budget_is_named() -> None:
    assert all(promise.kept for promise in budgets(OURS, 80_000_000))
    slow = replace(OURS, query=Times(5.1, 9.0), peak_bytes=1_200_000_001)
    missed = [str(promise) for promise in budgets(slow, 80_000_001) if not promise.kept]
    assert missed == [
        "MISSED  committed weights: 80.0 MB, at most 80",
        "MISSED  a query, p50: 5.1 ms, at most 5",
        "MISSED  peak memory: 1200.0 MB, at most 1200",
    ]


def test_measurements_survive_the_way_out_of_their_process() -> None:
    for measured in (OURS, READER):
        assert Measured.from_json(json.loads(json.dumps(asdict(measured)))) == measured


def test_the_first_run_does_not_count() -> None:
    seen: list[int] = []
    assert times(seen.append, [1, 2]).p50 >= 0
    assert seen == [1, 1, 2]
    assert Times.of([1.0, 2.0, 3.0]) == Times(2.0, 2.98)


def test_the_picture_is_a_jpeg_of_two_megapixels() -> None:
    data = jpeg()
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", SIZE)
    assert 300_000 < len(data) < 2_000_000


def test_the_lengths_are_our_tokenizers() -> None:
    tokenizer = Tokenizer()
    assert {text: len(tokenizer.subwords(text)) for text in LENGTHS} == LENGTHS
