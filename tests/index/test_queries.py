"""Queries of several vectors, and of an image of the collection."""

from typing import Any

import numpy as np
import pytest

from index.errors import BadValue, BadVector, NotEmbedded, UnknownImage
from index.gallery import Gallery
from index.queries import MOST_VECTORS, Like, Question, Weighted
from index.records import SearchOptions
from index.rerank import SCORES
from tests.index.samples import DIM, found, random_rows, sample, unit

DOG, SNOW = unit(1, 0, 0, 0), unit(0, 1, 0, 0)


def test_score_is_the_one_worked_out_by_hand() -> None:
    question = Question([Weighted(DOG, 1), Weighted(SNOW, -0.5)], DIM)
    image = unit(0.6, 0.2, 0.0, 0.6**0.5)[None]
    assert image[0, :2] == pytest.approx([0.6, 0.2])
    assert question.score(image, "symmetric") == pytest.approx([1 / 3])
    # -||max(0, dog - v)||^2 = -0.16 and -||max(0, snow - v)||^2 = -0.64
    assert question.score(image, "asymmetric") == pytest.approx([(-0.16 + 0.5 * 0.64) / 1.5])


def test_combined_vector_gives_the_symmetric_score_of_the_whole() -> None:
    rows, vectors = random_rows(50, 16), random_rows(3, 16, seed=1)
    question = Question(
        [Weighted(row, weight) for row, weight in zip(vectors, (1.0, 2.5, -0.75), strict=True)], 16
    )
    assert rows @ question.combined == pytest.approx(question.score(rows, "symmetric"), abs=1e-6)


def test_one_vector_scores_to_the_last_bit_as_it_does_alone() -> None:
    rows, (query,) = random_rows(50, 16), random_rows(1, 16, seed=1)
    for scoring, score in SCORES.items():
        for weight in (1.0, 0.3):
            same = Question([Weighted(query, weight)], 16).score(rows, scoring)
            assert (same == score(rows, query)).all()
        assert (Question([Weighted(query, -2)], 16).score(rows, scoring) == -score(rows, query)).all()


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("scoring", ["symmetric", "asymmetric"])
def test_dog_without_snow_is_found_before_dog_in_snow(gallery: Gallery, scoring: Any, exact: bool) -> None:
    rows = [unit(1, 0.9, 0, 0), unit(1, 0, 0, 1.5), unit(0, 0, 1, 0), unit(0, 1, 0, 0)]
    added = gallery.add("default", [sample(str(i), row) for i, row in enumerate(rows)])
    both, dog, other, snow = (one.record.id for one in added)
    options = SearchOptions(scoring=scoring, exact=exact)
    wanted = gallery.search("default", DOG, options).hits
    assert [hit.record.id for hit in wanted][:2] == [both, dog]
    hits = gallery.search("default", [Weighted(DOG, 1), Weighted(SNOW, -0.9)], options).hits
    assert [hit.record.id for hit in hits] == [dog, both, other, snow]


def test_few_candidates_are_those_of_the_whole_query(gallery: Gallery) -> None:
    rows = [unit(1, 0.9, 0, 0)] * 5 + [unit(1, 0, 0, 1.5)]
    added = gallery.add("default", [sample(str(i), row) for i, row in enumerate(rows)])
    options = SearchOptions(k=1, candidates=1)
    (hit,) = gallery.search("default", [Weighted(DOG, 1), Weighted(SNOW, -1)], options).hits
    assert hit.record.id == added[-1].record.id


def test_more_like_an_image_leaves_it_out_and_finds_its_equals(gallery: Gallery) -> None:
    rows = [unit(1, 2, 0, 0), unit(1, 2, 0, 0), unit(1, 1, 0, 0)]
    first, same, near = (
        one.record.id for one in gallery.add("default", [sample(str(i), row) for i, row in enumerate(rows)])
    )
    for exact in (False, True):
        hits = gallery.search("default", Like(first), SearchOptions(exact=exact)).hits
        assert [hit.record.id for hit in hits] == [same, near]
        only = SearchOptions(exact=exact, exclude=frozenset([same]))
        assert [hit.record.id for hit in gallery.search("default", Like(first), only).hits] == [near]
    assert set(found(gallery, rows[0])) == {first, same, near}


def test_more_like_an_unknown_image_names_it(gallery: Gallery) -> None:
    with pytest.raises(UnknownImage):
        gallery.search("default", Like(99), SearchOptions())


def test_more_like_an_image_without_a_vector_says_so(tmp_path: Any) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version="old") as gallery:
        gallery.add("default", [sample("dog")])
    with Gallery.open(tmp_path, dim=DIM, model_version="new") as gallery, pytest.raises(NotEmbedded):
        gallery.search("default", Like(1), SearchOptions())


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ([], "0 vectors"),
        ([Weighted(DOG, 1)] * (MOST_VECTORS + 1), "33 vectors; give 1 to 32"),
        ([Weighted(DOG, 1), Weighted(SNOW, 0)], "zero or not finite"),
        ([Weighted(DOG, float("nan"))], "zero or not finite"),
        ([Weighted(DOG, float("inf"))], "zero or not finite"),
        ([Weighted(DOG, 1e308), Weighted(SNOW, 1e308)], "zero or not finite"),
    ],
)
def test_unusable_weights_are_refused(gallery: Gallery, query: Any, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        gallery.search("default", query, SearchOptions())


def test_every_vector_is_judged(gallery: Gallery) -> None:
    with pytest.raises(BadVector, match="shape"):
        gallery.search("default", [Weighted(DOG, 1), Weighted(unit(1, 2), 1)], SearchOptions())


def test_vectors_that_cancel_out_find_everything_by_id(gallery: Gallery) -> None:
    gallery.add("default", [sample(str(i), row) for i, row in enumerate(random_rows(40, DIM))])
    hits = gallery.search("default", [Weighted(DOG, 1), Weighted(DOG, -1)], SearchOptions(k=5)).hits
    assert [hit.record.id for hit in hits] == [1, 2, 3, 4, 5]
    assert {hit.symmetric for hit in hits} == {0}
    assert not np.signbit([hit.symmetric for hit in hits]).any()
