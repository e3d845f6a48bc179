"""Filters: what passes is what a plain reading of the filter says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import BadFilter
from index.filters import MOST_CHARACTERS, MOST_CONDITIONS, MOST_DEEP, MOST_VALUES, compiled
from index.gallery import Gallery
from index.records import Json, NewCaption, NewImage, SearchOptions
from tests.index.samples import DIM, MODEL, random_rows, sample, unit

QUERY = unit(1, 1, 1, 1)
RANGES = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}

keys = st.sampled_from(["a", "ü", "a.b", "", "[0]", "$"])
values = st.sampled_from([None, True, False, 0, 1, 2, -1, 1.0, 1.5, 10**15, "", "1", "a", "A", "ü", "日本"])
metadata = st.dictionaries(keys, values | st.dictionaries(keys, values) | st.lists(values, max_size=2))


def comparisons(compared: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    ordered = compared.filter(lambda value: value is not None and not isinstance(value, bool))
    return st.fixed_dictionaries(
        {}, optional={"eq": compared, "in": st.lists(compared, max_size=3), **dict.fromkeys(RANGES, ordered)}
    )


leaves = st.one_of(
    st.builds(
        lambda keys, operators, exists: {"metadata": keys, "exists": exists, **operators},
        keys | st.lists(keys, min_size=1, max_size=2),
        comparisons(values),
        st.booleans(),
    ),
    st.builds(
        lambda keys, operators: {"metadata": keys, **operators},
        keys | st.lists(keys, min_size=1, max_size=2),
        comparisons(values).filter(bool),
    ),
    st.builds(
        lambda name, operators: {"field": name, **operators},
        st.sampled_from(["width", "height", "bytes", "aspect"]),
        comparisons(st.sampled_from([1, 2, 3, 0.5, 1.0, 2.5])).filter(bool),
    ),
    st.builds(
        lambda name, operators: {"field": name, **operators},
        st.sampled_from(["filename", "format"]),
        comparisons(st.sampled_from(["", "a", "b", "jpeg"])).filter(bool),
    ),
    st.fixed_dictionaries(
        {
            "caption": st.fixed_dictionaries(
                {},
                optional={
                    "contains": st.sampled_from(["hund", "ÜBER", "x"]),
                    "language": st.sampled_from(["de", "en"]),
                },
            )
        }
    ),
)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda one: {"not": one}, inner),
        st.builds(
            lambda kind, some: {kind: some},
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
    ),
    max_leaves=6,
)
captions = st.lists(
    st.builds(
        NewCaption,
        st.sampled_from(["de", "en"]),
        st.sampled_from(["Ein Hund", "über Wiesen", "U\u0308BER HUNDE", "a dog"]),
        st.just(unit(1, 2, 3, 4)),
    ),
    max_size=2,
)
images = st.builds(
    lambda width, height, size, name, metadata, captions: replace(
        sample("x" * size, filename=name, metadata=metadata),
        width=width,
        height=height,
        captions=tuple(captions),
    ),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(["", "a", "b"]),
    metadata,
    captions,
)


def same_kind(a: object, b: object) -> bool:
    def kind(value: object) -> str:
        if isinstance(value, bool) or value is None:
            return str(value)
        return "number" if isinstance(value, int | float) else type(value).__name__

    return kind(a) == kind(b)


def compares(found: object, operator: str, value: Any) -> bool:
    if operator == "in":
        return any(compares(found, "eq", one) for one in value)
    if not same_kind(found, value):
        return False
    return bool(found == value if operator == "eq" else RANGES[operator](found, value))


def passes(image: NewImage, filter: Any) -> bool:
    """A filter as its documentation reads."""
    if "and" in filter:
        return all(passes(image, one) for one in filter["and"])
    if "or" in filter:
        return any(passes(image, one) for one in filter["or"])
    if "not" in filter:
        return not passes(image, filter["not"])
    if "caption" in filter:
        wanted = filter["caption"]
        return any(
            one.language == wanted.get("language", one.language)
            and wanted.get("contains", "").lower() in one.text.replace("U\u0308", "Ü").lower()
            for one in image.captions
        )
    if "field" in filter:
        found: Any = {
            "width": image.width,
            "height": image.height,
            "bytes": len(image.original),
            "aspect": image.width / image.height,
            "filename": image.filename,
            "format": image.format,
        }[filter["field"]]
        there, named = True, "field"
    else:
        found, there, named = image.metadata, True, "metadata"
        path = filter["metadata"]
        for key in [path] if isinstance(path, str) else path:
            there = there and isinstance(found, dict) and key in found
            found = found[key] if there else None
    return all(
        there == value if operator == "exists" else there and compares(found, operator, value)
        for operator, value in filter.items()
        if operator != named
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(images, max_size=4, unique_by=lambda image: image.sha256), st.lists(filters, min_size=5))
def test_images_that_pass_are_those_that_a_plain_reading_lets_pass(
    module_gallery: Gallery, images: list[NewImage], filters: list[dict[str, Json]]
) -> None:
    gallery = module_gallery
    gallery.empty_collection("default")
    ids = [added.record.id for added in gallery.add("default", images)]
    for filter in filters:
        expected = [id for id, image in zip(ids, images, strict=True) if passes(image, filter)]
        assert passing(gallery, filter) == expected


def passing(gallery: Gallery, filter: Json) -> list[int]:
    options = SearchOptions(k=1000, filter=filter)
    found = [hit.record.id for hit in gallery.search("default", QUERY, options).hits]
    again = gallery.search("default", QUERY, replace(options, exact=True)).hits
    assert [hit.record.id for hit in again] == found
    return found


@pytest.fixture(scope="module")
def module_gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    with Gallery.open(tmp_path_factory.mktemp("store"), dim=DIM, model_version=MODEL) as opened:
        yield opened


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("scoring", ["symmetric", "asymmetric"])
def test_filter_that_leaves_the_five_worst_of_many_returns_these_five(
    gallery: Gallery, exact: bool, scoring: Any
) -> None:
    rows = random_rows(2000, DIM)
    order = np_order(rows)
    rare = set(order[-5:])
    added = gallery.add(
        "default",
        [sample(str(i), row, metadata={"rare": i in rare}) for i, row in enumerate(rows)],
    )
    options = SearchOptions(
        k=10, candidates=10, scoring=scoring, exact=exact, filter={"metadata": "rare", "eq": True}
    )
    hits = gallery.search("default", QUERY, options).hits
    assert {hit.record.id for hit in hits} == {added[i].record.id for i in rare}


def np_order(rows: Any) -> list[int]:
    """Positions by descending inner product with QUERY."""
    return sorted(range(len(rows)), key=lambda i: -float(rows[i] @ QUERY))


def test_dates_are_instants_in_any_zone(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.add("default", [sample("old"), sample("new")])
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite3")) as connection:
        for id, at in ((1, "2026-01-30T23:59:59.999Z"), (2, "2026-01-31T00:00:00.000Z")):
            connection.execute("UPDATE images SET created_at = ? WHERE id = ?", (at, id))
        connection.commit()
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        for at in ("2026-01-31", "2026-01-31T00:00:00Z", "2026-01-31T02:00:00+02:00", "2026-01-31T00:00:00"):
            assert passing(gallery, {"field": "created_at", "gte": at}) == [2]
            assert passing(gallery, {"field": "created_at", "lt": at}) == [1]
            assert passing(gallery, {"field": "created_at", "in": [at]}) == [2]


def test_external_ids_and_changes_are_filtered_by(gallery: Gallery) -> None:
    gallery.add(
        "default", [replace(sample(id), external_id=id) for id in ("a-1", "a-2", "b-1")] + [sample("none")]
    )
    assert passing(gallery, {"field": "external_id", "eq": "a-2"}) == [2]
    assert passing(gallery, {"field": "external_id", "in": ["a-1", "b-1", "c"]}) == [1, 3]
    assert passing(gallery, {"field": "external_id", "gte": "a", "lt": "b"}) == [1, 2]
    assert passing(gallery, {"field": "external_id", "exists": True}) == [1, 2, 3]
    assert passing(gallery, {"field": "external_id", "exists": False}) == [4]
    assert passing(gallery, {"not": {"field": "external_id", "eq": "a-1"}}) == [2, 3, 4]
    with gallery._catalog._connections.writing() as connection:
        connection.execute("UPDATE images SET updated_at = '2030-01-31T00:00:00.000Z' WHERE id = 3")
    assert passing(gallery, {"field": "updated_at", "gte": "2030-01-31"}) == [3]


def test_letters_of_captions_are_found_in_any_case_and_composition(gallery: Gallery) -> None:
    caption = NewCaption("de", "Ein Straßenköter, A\u0308rger", unit(1, 2, 3, 4))
    gallery.add("default", [replace(sample("dog"), captions=(caption,))])
    for part in ("STRASSENK", "köter", "ko\u0308ter", "ärger", "%", "_", "katze"):
        found = passing(gallery, {"caption": {"contains": part}})
        assert found == ([] if part in ("%", "_", "katze") else [1])


def test_values_are_never_read_as_sql(gallery: Gallery) -> None:
    text = "'; DROP TABLE images; --"
    gallery.add("default", [sample("dog", filename=text, metadata={text: {text: text}})])
    filters: list[Json] = [
        {"field": "filename", "eq": text},
        {"metadata": [text, text], "in": [text]},
        {"metadata": text, "exists": True},
    ]
    for filter in filters:
        assert passing(gallery, filter) == [1]
    assert passing(gallery, {"caption": {"contains": text, "language": text}}) == []


def deep(levels: int) -> Any:
    return {"field": "width", "eq": 1} if levels == 1 else {"not": deep(levels - 1)}


@pytest.mark.parametrize(
    ("filter", "field", "reason"),
    [
        (None, "filter", "not an object"),
        ([], "filter", "not an object"),
        ({}, "filter", "not an object"),
        ({"eq": 1}, "filter", "no one kind"),
        ({"and": [], "or": []}, "filter", "no one kind"),
        ({"and": []}, "filter.and", "not a list of filters"),
        ({"and": [{"not": 5}]}, "filter.and[0].not", "not an object"),
        ({"not": {"field": "width", "eq": 1}, "eq": 1}, "filter", "'eq'"),
        ({"field": "sha256", "eq": ""}, "filter.field", "names no field"),
        ({"field": ["width"], "eq": 1}, "filter.field", "names no field"),
        ({"field": "width"}, "filter", "compares with nothing"),
        ({"field": "width", "like": 1}, "filter", "'like', which means nothing there. Use eq, in, gt"),
        ({"field": "width", "exists": True}, "filter", "'exists'"),
        ({"field": "external_id", "exists": "a"}, "filter.exists", "neither true nor false"),
        ({"field": "external_id", "eq": None}, "filter.eq", "not text"),
        ({"field": "updated_at", "gt": "yesterday"}, "filter.gt", "no instant"),
        ({"field": "width", "eq": "1"}, "filter.eq", "not a number"),
        ({"field": "width", "eq": True}, "filter.eq", "not a number"),
        ({"field": "width", "eq": None}, "filter.eq", "not a number"),
        ({"field": "filename", "in": ["a", 1]}, "filter.in[1]", "not text"),
        ({"field": "width", "in": 1}, "filter.in", "not a list"),
        ({"field": "width", "gt": 2**63}, "filter.gt", "beyond 64 bits"),
        ({"field": "width", "gt": float("nan")}, "filter.gt", "not finite"),
        ({"field": "created_at", "gt": "yesterday"}, "filter.gt", "no instant"),
        ({"field": "created_at", "gt": 2026}, "filter.gt", "no instant"),
        ({"field": "created_at", "gt": "0001-01-01T00:00:00+14:00"}, "filter.gt", "no instant"),
        ({"metadata": 5, "eq": 1}, "filter.metadata", "no key"),
        ({"metadata": [], "eq": 1}, "filter.metadata", "no key"),
        ({"metadata": ["a"] * 9, "eq": 1}, "filter.metadata", "no key"),
        ({"metadata": 'a"b', "eq": 1}, "filter.metadata", "character"),
        ({"metadata": "a", "exists": 1}, "filter.exists", "neither true nor false"),
        ({"metadata": "a", "lt": None}, "filter.lt", "no order"),
        ({"metadata": "a", "lt": True}, "filter.lt", "no order"),
        ({"metadata": "a", "eq": {"b": 1}}, "filter.eq", "a list or an object"),
        ({"metadata": "a", "eq": "\ud800"}, "filter.eq", "surrogates"),
        ({"metadata": "a", "eq": "x" * 1001}, "filter.eq", "1,001 characters; the limit is 1,000"),
        ({"caption": "dog"}, "filter.caption", "not an object"),
        ({"caption": {"text": "dog"}}, "filter.caption", "'text'"),
        ({"caption": {"contains": ""}}, "filter.caption.contains", "not a text"),
        ({"caption": {"language": 5}}, "filter.caption.language", "not a text"),
        (deep(MOST_DEEP + 1), "filter" + ".not" * MOST_DEEP, "deeper than 8 levels"),
    ],
)
def test_wrong_filters_are_refused_by_place_and_reason(filter: Any, field: str, reason: str) -> None:
    with pytest.raises(BadFilter, match=reason) as caught:
        compiled(filter)
    assert caught.value.field == field


def test_limits_are_named_where_they_are_passed_and_hold_up_to_there(gallery: Gallery) -> None:
    one: dict[str, Json] = {"field": "width", "eq": 1}
    gallery.add("default", [sample("dog", metadata={"number": MOST_VALUES - 1})])
    assert passing(gallery, deep(MOST_DEEP)) == [1]
    assert passing(gallery, {"or": [one] * MOST_CONDITIONS}) == []
    assert passing(gallery, {"metadata": "number", "in": list(range(MOST_VALUES))}) == [1]
    assert passing(gallery, {"metadata": "x" * MOST_CHARACTERS, "exists": False}) == [1]
    half: dict[str, Json] = {"metadata": "number", "in": [0] * (MOST_VALUES // 2 + 1)}
    for filter, limit in (
        ({"or": [one] * (MOST_CONDITIONS + 1)}, MOST_CONDITIONS),
        ({"and": [half, half]}, MOST_VALUES),
    ):
        with pytest.raises(BadFilter, match="than") as caught:
            compiled(filter)
        assert caught.value.limit == limit
