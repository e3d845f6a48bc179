"""Captions: kept with their images, found through them, gone with them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.changes import ImageChange
from index.errors import (
    BadValue,
    BadVector,
    ModelChanged,
    TooManyCaptions,
    UnknownCollection,
    UnknownImage,
)
from index.gallery import Gallery
from index.queries import Like, Weighted
from index.records import (
    MOST_CAPTIONS,
    Addition,
    CaptionRecord,
    CaptionRule,
    NewCaption,
    Scoring,
    SearchOptions,
)
from index.rerank import TEXT_SCORES, asymmetric
from index.vectors import Row
from tests.index.samples import BEYOND_INT64, DIM, MODEL, random_rows, sample, unit

RULES: dict[Scoring, CaptionRule] = {
    "symmetric": CaptionRule(0.5, 0.25),
    "asymmetric": CaptionRule(0.5, -0.25),
}
WITH = SearchOptions(captions=RULES)
DOG = unit(1, 0, 0, 0)


def caption(text: str, vector: Row = DOG, language: str = "de") -> NewCaption:
    return NewCaption(language, text, vector)


def texts(records: Sequence[CaptionRecord]) -> list[tuple[str, str]]:
    return [(record.language, record.text) for record in records]


def captioned(gallery: Gallery, id: int, *captions: NewCaption) -> tuple[CaptionRecord, ...]:
    """What image `id` has then: these captions and no others."""
    return gallery.update("default", id, ImageChange(captions=captions)).captions


def found(gallery: Gallery, query: Any = DOG, options: SearchOptions = WITH) -> dict[int, float]:
    return {hit.record.id: hit.symmetric for hit in gallery.search("default", query, options).hits}


@pytest.fixture
def shown(gallery: Gallery) -> Gallery:
    """With an image 1 that shows half a dog, and an image 2 that shows none."""
    gallery.add("default", [sample("1", unit(1, 1, 1, 1)), sample("2", unit(0, 1, 1, 0))])
    return gallery


def test_captions_come_with_an_image_or_later_and_once(gallery: Gallery) -> None:
    dog = replace(sample("dog"), captions=(caption("Ein Hund"), caption("a dog", language="en")))
    (added,) = gallery.add("default", [dog])
    id = added.record.id
    first, second = added.record.captions
    assert texts([first, second]) == [("de", "Ein Hund"), ("en", "a dog")]
    assert (first.image_id, first.created_at) == (id, added.record.created_at)
    assert gallery.image("default", id).captions == (first, second)

    late = Addition(dog.sha256, [caption("Ein Hund"), caption("pes", language="cs")])
    (completed,) = gallery.complete("default", [late])
    assert completed == gallery.image("default", id)
    assert completed.captions[:2] == (first, second)
    assert texts(completed.captions[2:]) == [("cs", "pes")]
    (again,) = gallery.add(
        "default", [replace(dog, captions=(caption("Ein Hund"), caption("Ein Hund", language="nl")))]
    )
    assert not again.created
    assert texts(again.record.captions[3:]) == [("nl", "Ein Hund")]


def test_replaced_captions_are_gone_and_kept_ones_keep_their_records(shown: Gallery) -> None:
    _, two = captioned(shown, 1, caption("eins"), caption("zwei"))
    kept, three = captioned(shown, 1, caption("zwei"), caption("drei", unit(0, 0, 1, 0)))
    assert (kept, three.text) == (two, "drei")
    assert three.id > two.id
    assert shown.image("default", 1).captions == (two, three)
    assert found(shown)[1] == 0.75
    assert captioned(shown, 1) == ()
    assert found(shown)[1] == 0.5


def test_removed_captions_find_nothing_any_more(shown: Gallery) -> None:
    two = caption("zwei", unit(1, 1, 0, 0))
    captioned(shown, 2, caption("eins"), two)
    assert found(shown) == {1: 0.5, 2: 0.75}
    captioned(shown, 2, two)
    assert found(shown)[2] == pytest.approx(0.5 * 0.5**0.5 + 0.25)
    captioned(shown, 2)
    assert found(shown) == {1: 0.5, 2: 0}
    assert shown.image("default", 2).captions == ()
    assert [held.captions for held in shown.held()] == [0]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("scoring", ["symmetric", "asymmetric"])
def test_image_scores_the_best_of_its_own_and_what_its_captions_are_worth(
    shown: Gallery, scoring: Scoring, exact: bool
) -> None:
    captioned(shown, 2, caption("far", unit(0, 0, 0, 1)), caption("near", unit(3, 4, 0, 0)))
    captioned(shown, 1, caption("none", unit(0, 0, 0, 1)))
    options = replace(WITH, scoring=scoring, exact=exact)
    hits = shown.search("default", DOG, options).hits
    # 2: 0.5 * 0.6 + 0.25 and 0.5 * -0.16 - 0.25, above its own 0 and -1; 1: its own 0.5 and -0.25
    scores = {hit.record.id: (hit.symmetric, hit.asymmetric) for hit in hits}
    assert scores[2] == pytest.approx((0.55, -0.33))
    assert scores[1] == pytest.approx((0.5, -0.25))
    assert [hit.record.id for hit in hits] == ([2, 1] if scoring == "symmetric" else [1, 2])


def test_captions_have_no_say_without_rules_for_unlike_and_for_more_like_this(shown: Gallery) -> None:
    captioned(shown, 2, caption("Hund"), caption("alles", unit(1, 1, 1, 1)))
    own = {1: 0.5, 2: 0.0}
    assert found(shown, options=SearchOptions()) == own
    unlike = [Weighted(DOG, 1), Weighted(unit(0, 0, 0, 1), -1e-9)]
    assert found(shown, unlike) == pytest.approx(own)
    assert found(shown, Like(1)) == found(shown, Like(1), SearchOptions())
    assert found(shown, [Weighted(DOG, 1), Weighted(DOG, 1)]) == {1: 0.5, 2: 0.75}


@pytest.mark.parametrize("scoring", ["symmetric", "asymmetric"])
@pytest.mark.parametrize("exact", [False, True])
def test_best_image_is_found_by_its_caption_among_many_and_behind_anothers_many_captions(
    gallery: Gallery, scoring: Scoring, exact: bool
) -> None:
    rows = (random_rows(300, DIM) + np.float32(0.1)) * np.array([1e-3, 1, 1, 1], np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    images = [sample(str(i), row) for i, row in enumerate(rows)]
    images[7] = replace(
        images[7], captions=tuple(caption(str(i), unit(1, 0.001 * i, 0, 0)) for i in range(200))
    )
    images[9] = replace(images[9], captions=(caption("dog", unit(1, 0.5, 0, 0)),))
    ids = [one.record.id for one in gallery.add("default", images)]
    options = replace(WITH, k=2, candidates=2, scoring=scoring, exact=exact)
    assert list(found(gallery, options=options)) == [ids[7], ids[9]]
    left = replace(options, exclude=frozenset([ids[7]]), k=1, candidates=1)
    assert list(found(gallery, options=left)) == [ids[9]]
    no_other = replace(options, filter={"caption": {"contains": "DOG"}})
    assert list(found(gallery, options=no_other)) == [ids[9]]


def test_deleted_image_takes_its_captions_along_for_good(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.create_collection("trips")
        dog = sample("dog", captions=[caption("Hund")])
        for name in ("default", "trips"):
            gallery.add(name, [dog, sample("other")])
        (old,) = gallery.image("default", 1).captions
        gallery.remove("default", [1])
        gallery.empty_collection("trips")
        assert [hit.record for hit in gallery.best_captions("default", DOG)] == []
        assert [hit.record for hit in gallery.best_captions("trips", DOG)] == []
        (again,) = gallery.add("default", [sample("dog")])
        assert again.record.captions == gallery.image("default", again.record.id).captions == ()
        gallery.put_caption_vectors({old.id: DOG})
        assert [len(shelf.captions) for shelf in gallery._space.shelves.values()] == [0, 0]
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        assert len(gallery._space.shelf("default").captions) == 0
        (new,) = captioned(gallery, again.record.id, caption("Hund"))
        assert new.id > old.id
        assert list(found(gallery)) == [2, again.record.id] or found(gallery)[again.record.id] == 0.75


def test_captions_are_there_after_opening_again(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.add("default", [sample("1", unit(0, 1, 1, 0))])
        records = captioned(gallery, 1, caption("Hund"), caption("pes", unit(1, 1, 0, 0), "cs"))
        assert len(records) == 2
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        assert gallery.image("default", 1).captions == records
        assert found(gallery) == {1: 0.75}


def test_caption_vectors_of_another_model_are_never_compared(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version="old") as gallery:
        gallery.add("default", [sample("1", unit(0, 1, 1, 0))])
        one, two = captioned(gallery, 1, caption("eins"), caption("zwei"))
    with Gallery.open(tmp_path, dim=2, model_version="new") as gallery:
        gallery.put_vectors({1: unit(0, 1)})
        assert found(gallery, unit(1, 0)) == {1: 0}
        assert gallery.captions_without_vector() == [one, two]
        assert gallery.captions_without_vector(after=one.id, limit=1) == [two]
        gallery.put_caption_vectors({two.id: unit(1, 0), 99: unit(1, 0), BEYOND_INT64: unit(1, 0)})
        assert gallery.captions_without_vector() == [one]
        assert found(gallery, unit(1, 0)) == {1: 0.75}
        with pytest.raises(BadVector, match="shape"):
            gallery.put_caption_vectors({one.id: DOG})
        gallery.complete("default", [Addition(sample("1").sha256, [caption("eins", unit(0, 1))])])
        assert gallery.captions_without_vector() == []
    with Gallery.open(tmp_path, dim=DIM, model_version="old") as gallery:
        assert found(gallery) == {1: 0.75}


def test_image_finds_its_best_captions_of_the_collection(gallery: Gallery) -> None:
    rows = random_rows(120, DIM)
    image = sample("1", unit(1, 2, 3, 4))
    gallery.add("default", [image, sample("2")])
    gallery.create_collection("trips")
    gallery.add("trips", [replace(sample("x"), captions=(caption("elsewhere", unit(1, 2, 3, 4)),))])
    for id, half in ((1, range(60)), (2, range(60, 120))):
        captioned(gallery, id, *(caption(str(i), rows[i]) for i in half))
    scorings: tuple[Scoring, ...] = ("symmetric", "asymmetric")
    for scoring in scorings:
        hits = gallery.best_captions("default", 1, k=7, scoring=scoring, n=120)
        assert hits == gallery.best_captions("default", image.vector, k=7, scoring=scoring, n=120)
        literal = {
            "symmetric": [float(row @ image.vector) for row in rows],
            "asymmetric": [float(asymmetric(image.vector[None], row)[0]) for row in rows],
        }
        order = sorted(range(120), key=lambda i: -literal[scoring][i])[:7]
        assert [hit.record.text for hit in hits] == [str(i) for i in order]
        for hit, i in zip(hits, order, strict=True):
            assert (hit.symmetric, hit.asymmetric) == pytest.approx(
                (literal["symmetric"][i], literal["asymmetric"][i]), abs=1e-6
            )
    few = gallery.best_captions("default", 1, k=1, scoring="asymmetric", n=1)
    assert few[0].record == gallery.best_captions("default", 1, k=1)[0].record


def test_scores_of_many_texts_are_those_of_each() -> None:
    texts, (image,) = random_rows(3000, 20), random_rows(1, 20, seed=1)
    assert TEXT_SCORES["asymmetric"](texts, image)[[0, 1024, 2999]] == pytest.approx(
        [asymmetric(image[None], texts[i])[0] for i in (0, 1024, 2999)], abs=1e-6
    )


def test_unknown_images_are_named(shown: Gallery) -> None:
    shown.create_collection("trips")
    there = captioned(shown, 1, caption("Hund"))
    for id in (99, BEYOND_INT64, -1):
        for ask in (
            lambda id: shown.image("default", id),
            lambda id: captioned(shown, id, caption("Hund")),
            lambda id: captioned(shown, id),
            lambda id: shown.best_captions("default", id),
        ):
            with pytest.raises(UnknownImage):
                ask(id)
    for ask in (
        lambda _: shown.image("trips", 1),
        lambda _: shown.update("trips", 1, ImageChange(captions=[])),
    ):
        with pytest.raises(UnknownImage):
            ask(0)
    assert len(there) == 1
    assert shown.image("default", 1).captions == there


@pytest.mark.parametrize("name", ["nowhere", "ü"])
def test_unknown_collection_is_named(gallery: Gallery, name: str) -> None:
    for ask in (
        lambda: gallery.image(name, 1),
        lambda: gallery.complete(name, []),
        lambda: gallery.update(name, 1, ImageChange(captions=[])),
        lambda: gallery.best_captions(name, DOG),
    ):
        with pytest.raises(UnknownCollection):
            ask()


def test_one_bad_caption_vector_refuses_everything_that_came_with_it(shown: Gallery) -> None:
    bad = [caption("gut"), caption("schlecht", unit(1, 2))]
    for ask in (
        lambda: shown.complete("default", [Addition(sample("1").sha256, bad)]),
        lambda: captioned(shown, 1, *bad),
        lambda: shown.add("default", [replace(sample("new"), captions=tuple(bad))]),
    ):
        with pytest.raises(BadVector, match="shape"):
            ask()
    assert shown.image("default", 1).captions == ()
    assert len(shown.images("default")) == 2


@pytest.mark.parametrize(
    ("language", "text", "field"),
    [
        ("", "dog", "language"),
        ("DE", "dog", "language"),
        ("de-AT", "dog", "language"),
        ("de\n", "dog", "language"),
        ("en", "", "caption"),
        ("en", "x" * 10_001, "caption"),
        ("en", "\ud800", "caption"),
    ],
)
def test_caption_that_could_not_be_stored_is_refused_by_field(language: str, text: str, field: str) -> None:
    with pytest.raises(BadValue) as caught:
        NewCaption(language, text, DOG)
    assert caught.value.field == field


def test_caption_that_the_model_cannot_read_is_kept_and_awaits_nothing(shown: Gallery) -> None:
    unreadable = NewCaption("ja", "犬", None)
    (one,) = captioned(shown, 1, unreadable)
    assert (one.text, shown.image("default", 1).captions) == ("犬", (one,))
    assert (shown.pending(), shown.captions_without_vector()) == (0, [])
    assert found(shown)[1] == 0.5
    coming = shown.coming("model-2", DIM)
    assert (coming.pending(), coming.captions_without_vector()) == (3, [one])
    coming.put_unreadable_captions([one.id, 99])
    assert (coming.pending(), coming.captions_without_vector()) == (2, [])
    shown.put_caption_vectors({one.id: DOG})  # as by a model that reads it after all
    assert found(shown)[1] == 0.75


def test_caption_that_turns_out_unreadable_is_pending_no_more(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version="old") as gallery:
        gallery.add("default", [sample("dog", captions=[caption("Hund")])])
    with Gallery.open(tmp_path, dim=DIM, model_version="new") as gallery:
        assert gallery.pending() == 2
        gallery.put_unreadable_captions([1, 99], model_version="new")
        assert (gallery.pending(), gallery.captions_without_vector()) == (1, [])
        with pytest.raises(ModelChanged):
            gallery.put_unreadable_captions([1], model_version="old")


def test_an_image_takes_so_many_captions_and_no_more(shown: Gallery) -> None:
    many = [caption(str(n)) for n in range(MOST_CAPTIONS)]
    captioned(shown, 1, *many)
    with pytest.raises(TooManyCaptions):
        captioned(shown, 1, *many, caption("more"))
    with pytest.raises(TooManyCaptions):
        shown.complete("default", [Addition(sample("1").sha256, [caption("more")])])
    with pytest.raises(TooManyCaptions) as caught:
        shown.add("default", [sample("3"), sample("1", captions=[caption("0"), caption("more")])])
    assert (caught.value.place, caught.value.limit) == (1, MOST_CAPTIONS)
    twice = [sample("3", captions=many), sample("3", captions=[caption("more")])]
    with pytest.raises(TooManyCaptions):
        shown.add("default", twice)
    shown.add("default", [sample("1", captions=many)])
    assert len(shown.image("default", 1).captions) == MOST_CAPTIONS
    assert len(shown.images("default")) == 2


@pytest.mark.parametrize(("scale", "shift"), [(0, 0), (-1, 0), (float("inf"), 0), (1, float("nan"))])
def test_rule_that_would_turn_the_order_round_is_refused(scale: float, shift: float) -> None:
    with pytest.raises(BadValue, match="positive"):
        CaptionRule(scale, shift)
