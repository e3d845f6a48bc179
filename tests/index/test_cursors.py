"""Pages: all of them together are the whole ranking, whatever comes and goes between them."""

import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.candidates import Candidates
from index.changes import ImageChange
from index.cursors import END, START, Place, Position, to_cursor
from index.errors import BadCursor, CursorExpired
from index.gallery import Gallery
from index.queries import Like, Query, Weighted
from index.records import CaptionRule, Found, NewCaption, NewImage, Scoring, SearchOptions
from index.rerank import SCORES
from index.vectors import Row
from tests.index.samples import DIM, MODEL, random_rows, sample, unit

RULES: dict[Scoring, CaptionRule] = {
    "symmetric": CaptionRule(0.5, 0.25),
    "asymmetric": CaptionRule(2.0, -0.25),
}

# Of few different numbers, so that equal rows and equal scores are common.
rows = st.lists(st.integers(0, 2), min_size=DIM, max_size=DIM).filter(any).map(lambda numbers: unit(*numbers))
spares = st.sampled_from([0, 1, 16])  # with few, small collections know the troubles of large ones
captioned = st.tuples(rows, st.lists(rows, max_size=2))
optionses = st.builds(
    SearchOptions,
    scoring=st.sampled_from(["symmetric", "asymmetric"]),
    candidates=st.integers(1, 8),
    exact=st.booleans(),
    captions=st.sampled_from([None, RULES]),
)
queries = st.one_of(
    rows,
    st.lists(st.builds(Weighted, rows, st.sampled_from([1.0, 0.5, -0.5])), min_size=1, max_size=3),
)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    with Gallery.open(tmp_path_factory.mktemp("store"), dim=DIM, model_version=MODEL) as opened:
        yield opened


def images(captioned: list[tuple[Row, list[Row]]], first: int = 0) -> list[NewImage]:
    return [
        replace(
            sample(str(i), row, metadata={"even": i % 2 == 0}),
            captions=tuple(NewCaption("de", str(n), text) for n, text in enumerate(texts)),
        )
        for i, (row, texts) in enumerate(captioned, first)
    ]


def filled(gallery: Gallery, captioned: list[tuple[Row, list[Row]]]) -> dict[int, tuple[Row, list[Row]]]:
    gallery.empty_collection("default")
    added = gallery.add("default", images(captioned))
    return {one.record.id: image for one, image in zip(added, captioned, strict=True)}


def parts(query: Any) -> list[Weighted]:
    return [Weighted(query, 1.0)] if isinstance(query, np.ndarray) else query


def literal_score(image: tuple[Row, list[Row]], query: Any, scoring: Scoring, rules: Any) -> np.float32:
    """By the definition, from the scores of single rows."""
    total = np.float64(sum(abs(part.weight) for part in parts(query)))

    def score(row: Row) -> np.float32:
        found = np.float32(0)
        for part in parts(query):
            found += np.float32(part.weight / total) * SCORES[scoring](row[None], part.vector)[0]
        return found

    own, texts = image
    scores = [score(own)]
    if rules is not None and all(part.weight > 0 for part in parts(query)):
        rule = rules[scoring]
        scores += [np.float32(rule.scale) * score(text) + np.float32(rule.shift) for text in texts]
    return max(scores)


def literal_ranking(
    by_id: dict[int, tuple[Row, list[Row]]], query: Any, options: SearchOptions, k: int
) -> list[int]:
    """Blocks by the stage score, each ordered by the score asked for."""

    def order(ids: list[int], scoring: Scoring) -> list[int]:
        return sorted(ids, key=lambda id: (-literal_score(by_id[id], query, scoring, options.captions), id))

    staged = order(list(by_id), options.scoring if options.exact else "symmetric")
    size = max(k, options.candidates)
    blocks = [staged[i : i + size] for i in range(0, len(staged), size)]
    return [id for block in blocks for id in order(block, options.scoring)]


def ids_of(found: Found) -> list[int]:
    return [hit.record.id for hit in found.hits]


def pages(
    gallery: Gallery, query: Query, options: SearchOptions, cursor: str | None = None
) -> Iterator[list[int]]:
    while True:
        found = gallery.search("default", query, replace(options, cursor=cursor))
        yield ids_of(found)
        cursor = found.cursor
        if cursor is None:
            return


@settings(deadline=None, max_examples=120)
@given(st.lists(captioned, max_size=20), queries, optionses, st.integers(1, 7), spares)
def test_pages_together_are_the_blocks_of_the_definition(
    gallery: Gallery,
    captioned: list[tuple[Row, list[Row]]],
    query: Query,
    options: SearchOptions,
    k: int,
    spare: int,
) -> None:
    by_id = filled(gallery, captioned)
    with patch("index.search.SPARE", spare):
        paged = [id for page in pages(gallery, query, replace(options, k=k)) for id in page]
    assert paged == literal_ranking(by_id, query, options, k)


@settings(deadline=None, max_examples=120)
@given(
    st.lists(captioned, min_size=1, max_size=20),
    queries,
    optionses,
    st.lists(
        st.tuples(
            st.integers(1, 6), st.lists(captioned, max_size=4), st.sets(st.integers(0, 30), max_size=3)
        ),
        min_size=1,
        max_size=6,
    ),
    spares,
)
def test_image_that_is_there_throughout_is_on_one_page_whatever_comes_and_goes_between_them(
    gallery: Gallery,
    captioned: list[tuple[Row, list[Row]]],
    query: Query,
    options: SearchOptions,
    changes: list[tuple[int, list[tuple[Row, list[Row]]], set[int]]],
    spare: int,
) -> None:
    there = filled(gallery, captioned)
    throughout, shown, removed = set(there), list[int](), set[int]()
    cursor, number = None, len(captioned)
    while True:
        k, arriving, leaving = changes.pop(0) if changes else (5, [], set())
        with patch("index.search.SPARE", spare):
            found = gallery.search("default", query, replace(options, k=k, cursor=cursor))
        assert not removed.intersection(ids_of(found))
        shown += ids_of(found)
        cursor = found.cursor
        if cursor is None:
            break
        added = gallery.add("default", images(arriving, number))
        number += len(arriving)
        there |= {one.record.id: image for one, image in zip(added, arriving, strict=True)}
        gone = {id for i, id in enumerate(there) if i in leaving}
        gallery.remove("default", list(gone))
        removed |= gone
        throughout -= gone
        there = {id: image for id, image in there.items() if id not in gone}
    assert len(shown) == len(set(shown))
    assert throughout <= set(shown)


@pytest.mark.parametrize("exact", [False, True])
def test_equals_at_the_end_of_a_block_stay_in_it_when_others_come_before_them(
    gallery: Gallery, exact: bool
) -> None:
    by_id = filled(gallery, [(row, []) for row in [unit(2, 1, 0, 0)] + [unit(1, 1, 0, 0)] * 3])
    options = SearchOptions(k=1, candidates=4, exact=exact)
    with patch("index.search.SPARE", 0):
        first = gallery.search("default", unit(1, 0, 0, 0), options)
        gallery.add("default", images([(unit(1, 0, 0, 0), []), (unit(9, 1, 0, 0), [])], 4))
        rest = pages(gallery, unit(1, 0, 0, 0), options, first.cursor)
        assert ids_of(first) + [id for page in rest for id in page] == list(by_id)


@pytest.mark.parametrize("exact", [False, True])
def test_images_of_equal_captions_come_by_their_own_ids(gallery: Gallery, exact: bool) -> None:
    by_id = filled(gallery, [(unit(0, 1, 0, 0), []), (unit(0, 1, 0, 0), []), (unit(1, 5, 0, 0), [])])
    for id in sorted(by_id, reverse=True)[1:]:
        gallery.update("default", id, ImageChange(captions=[NewCaption("de", "Hund", unit(1, 0, 0, 0))]))
    options = SearchOptions(k=1, candidates=1, exact=exact, captions=RULES)
    with patch("index.search.SPARE", 0):
        assert [id for page in pages(gallery, unit(1, 0, 0, 0), options) for id in page] == list(by_id)


@pytest.mark.parametrize("exact", [False, True])
def test_image_that_was_added_is_on_a_later_page_if_it_belongs_there(gallery: Gallery, exact: bool) -> None:
    filled(gallery, [(unit(1, 0.1 * i, 0, 0), []) for i in range(4)])
    options = SearchOptions(k=2, candidates=2, exact=exact)
    first = gallery.search("default", unit(1, 0, 0, 0), options)
    early, late = gallery.add("default", images([(unit(1, 0, 0, 0), []), (unit(1, 0.25, 0, 0), [])], 4))
    found = gallery.search("default", unit(1, 0, 0, 0), replace(options, cursor=first.cursor))
    assert late.record.id in ids_of(found)
    assert early.record.id not in ids_of(found)


def test_every_page_of_a_filtered_search_is_filtered(gallery: Gallery) -> None:
    by_id = filled(gallery, [(row, [row]) for row in random_rows(30, DIM)])
    for rules in (None, RULES):
        options = SearchOptions(
            k=4, candidates=4, filter={"metadata": "even", "eq": True}, captions=rules, scoring="asymmetric"
        )
        paged = list(pages(gallery, unit(1, 2, 3, 4), options))
        assert sorted(id for page in paged for id in page) == list(by_id)[::2]


def test_ranks_go_on_from_page_to_page(gallery: Gallery) -> None:
    filled(gallery, [(row, []) for row in random_rows(30, DIM)])
    for exact in (False, True):
        options = SearchOptions(k=4, candidates=10, scoring="asymmetric", exact=exact)
        hits, cursor = [], None
        while True:
            found = gallery.search("default", unit(1, 2, 3, 4), replace(options, cursor=cursor))
            hits += found.hits
            cursor = found.cursor
            if cursor is None:
                break
        assert [hit.asymmetric_rank for hit in hits] == list(range(1, 31))
        for start in range(0, 30, 10):
            block = sorted(hits[start : start + 10], key=lambda hit: -hit.symmetric)
            assert [hit.symmetric_rank for hit in block] == list(range(start + 1, start + 11))


def test_deep_page_of_an_exact_search_costs_one_scan_like_the_first(gallery: Gallery) -> None:
    by_id = filled(gallery, [(unit(1, 0.01 * i, 0, 0), []) for i in range(100)])
    options = SearchOptions(k=5, candidates=5, exact=True)
    with patch.object(Candidates, "scan", autospec=True, side_effect=Candidates.scan) as scan:
        paged = list(pages(gallery, unit(1, 0, 0, 0), options))
    assert [id for page in paged for id in page] == list(by_id)
    assert scan.call_count == len(paged)


def test_cursor_of_anything_else_has_expired(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.create_collection("trips")
        for name in ("default", "trips"):
            gallery.add(name, [sample(str(i)) for i in range(5)])
        query, options = unit(1, 2, 3, 4), SearchOptions(k=2)
        cursor = gallery.search("default", query, options).cursor
        options = replace(options, cursor=cursor)
        assert len(ids_of(gallery.search("default", query, replace(options, k=3)))) == 3
        others: list[tuple[str, Query, SearchOptions]] = [
            ("trips", query, options),
            ("default", unit(4, 3, 2, 1), options),
            ("default", [Weighted(query, 1.0), Weighted(query, 1.0)], options),
            ("default", [Weighted(query, -1.0)], options),
            ("default", Like(1), options),
            ("default", query, replace(options, scoring="asymmetric")),
            ("default", query, replace(options, candidates=7)),
            ("default", query, replace(options, exact=True)),
            ("default", query, replace(options, min_score=0.1)),
            ("default", query, replace(options, exclude=frozenset([1]))),
            ("default", query, replace(options, filter={"field": "width", "gt": 1})),
            ("default", query, replace(options, captions=RULES)),
        ]
        for name, other, changed in others:
            with pytest.raises(CursorExpired, match="first page"):
                gallery.search(name, other, changed)
    with (
        Gallery.open(tmp_path, dim=DIM, model_version="model-2") as gallery,
        pytest.raises(CursorExpired),
    ):
        gallery.search("default", query, options)


def test_cursor_survives_opening_again(tmp_path: Path) -> None:
    options = SearchOptions(k=3)
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.add("default", [sample(str(i)) for i in range(5)])
        first = gallery.search("default", unit(1, 2, 3, 4), options)
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        rest = gallery.search("default", unit(1, 2, 3, 4), replace(options, cursor=first.cursor))
    assert ids_of(first) + ids_of(rest) == [1, 2, 3, 4, 5]


def test_text_that_is_no_cursor_is_refused(gallery: Gallery) -> None:
    filled(gallery, [(unit(1, 2, 3, 4), [])] * 3)
    query, options = unit(1, 2, 3, 4), SearchOptions(k=1)
    cursor = gallery.search("default", query, options).cursor
    assert cursor is not None
    packed = urlsafe_b64decode(cursor)
    nan = urlsafe_b64encode(packed[:24] + b"\xff" * 4 + packed[28:]).decode()
    far = urlsafe_b64encode(packed[:16] + b"\xff" * 8 + packed[24:]).decode()
    for wrong in ("", "x", "ü", cursor + "AAAA", cursor[:-4], cursor + "=", "\n" + cursor, nan, far):
        with pytest.raises(BadCursor, match="unchanged"):
            gallery.search("default", query, replace(options, cursor=wrong))


@pytest.mark.parametrize("exact", [False, True])
def test_forged_cursor_begins_a_page_somewhere_and_that_is_all(gallery: Gallery, exact: bool) -> None:
    by_id = filled(gallery, [(row, [row]) for row in random_rows(5, DIM)])
    options = SearchOptions(k=2, candidates=3, exact=exact, captions=RULES)
    cursor = gallery.search("default", unit(1, 2, 3, 4), options).cursor
    assert cursor is not None
    places = [START, END, Place(-math.inf, -5), Place(0.9, 2), Place(math.inf, 2**63 - 1)]
    for start, end, last in product(places, repeat=3):
        forged = to_cursor(Position(2**40, start, end, last), urlsafe_b64decode(cursor)[:16])
        for page in pages(gallery, unit(1, 2, 3, 4), options, forged):
            assert by_id.keys() >= set(page)


def test_what_is_excluded_stays_away_from_the_deep_pages_of_an_exact_search(tmp_path: Path) -> None:
    """Images of earlier pages are put last by the scan: no excluded one may take the place of one of them."""
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.add("default", [sample(str(i), row) for i, row in enumerate(random_rows(60, DIM))])
        exclude = frozenset(range(1, 31))
        options = SearchOptions(k=5, candidates=5, exact=True, exclude=exclude)
        ids = walked(gallery, unit(1, 1, 1, 1), options)
        assert sorted(ids) == list(range(31, 61))


def test_pages_of_a_collection_with_lists_repeat_nothing_and_leave_out_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("candidates.EXACT_ROWS", 300), ("candidates.SPARE", 5), ("lists.PROBES", 4)):
        monkeypatch.setattr(f"index.{name}", value)
    monkeypatch.setattr("index.lists.DEPTH", 1)
    everything = random_rows(1000, 16)
    with Gallery.open(tmp_path, dim=16, model_version=MODEL) as gallery:
        gallery.add("default", [sample(str(i), row) for i, row in enumerate(everything)])
        images = gallery._space.shelf("default").images
        images._builder.wait()
        assert images._lists is not None
        for scoring in SCORES:
            ids = walked(gallery, everything[7], SearchOptions(k=7, candidates=10, scoring=scoring))
            assert len(ids) == len(set(ids))
            assert 500 < len(ids) < 1000  # few lists are looked at, here
            assert walked(gallery, everything[7], SearchOptions(k=7, exact=True))[0] == ids[0] == 8


def walked(gallery: Gallery, query: Query, options: SearchOptions) -> list[int]:
    """The ids of all pages, one after the other."""
    found = gallery.search("default", query, options)
    ids = ids_of(found)
    while found.cursor is not None:
        found = gallery.search("default", query, replace(options, cursor=found.cursor))
        ids += ids_of(found)
    return ids
