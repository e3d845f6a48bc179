from collections.abc import Sequence

import numpy as np
import pytest

from index import duplicates
from index.duplicates import Groups, Kind, Scan
from index.errors import UnknownCollection, UnknownImage
from index.gallery import Gallery
from index.vectors import Ids, Matches
from tests.index.samples import random_rows, sample, unit


class Links:
    """Images that match where a link says so. Counts how many were compared with all."""

    def __init__(self, n: int, *links: tuple[int, int]) -> None:
        self.ids: Ids = np.arange(1, n + 1)
        self.links = links
        self.compared = 0

    def matches(self, ids: Ids, most: int) -> list[Matches]:
        self.compared += len(ids)
        return [self._matches(id, most) for id in ids.tolist()]

    def _matches(self, id: int, most: int) -> Matches:
        others = sorted({a + b - id for a, b in self.links if id in (a, b)})[:most]
        return Matches(np.array(others, np.int64), np.ones(len(others), np.float32))


def all_groups(links: Links, *, limit: int = 100, most: int = 10**6) -> list[list[int]]:
    """Those of all calls."""
    found: list[list[int]] = []
    after: int | None = 0
    while after is not None:
        groups, after = Scan(links, most).groups(after, limit)
        assert len(groups) <= limit
        found += groups
    return found


def test_images_linked_by_others_are_one_group_in_the_order_of_its_lowest_id() -> None:
    links = Links(9, (4, 9), (9, 2), (3, 5), (7, 4))
    assert all_groups(links) == [[2, 4, 7, 9], [3, 5]]


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("most", [1, 4, 100])
def test_pages_have_each_group_once(limit: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "STEP", 3)
    links = Links(20, (1, 20), (2, 19), (19, 3), (5, 6), (6, 7), (10, 18), (18, 11), (11, 4))
    expected = [[1, 20], [2, 3, 19], [4, 10, 11, 18], [5, 6, 7]]
    assert all_groups(links, limit=limit, most=most) == expected


def test_a_call_compares_few_images_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "STEP", 4)
    links = Links(100, (1, 2), (98, 99))
    assert Scan(links, 10).groups(0, 100) == ([[1, 2]], 12)
    assert links.compared == 12


def test_of_a_group_that_is_very_large_a_part_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "GROUP", 5)
    links = [(id, id + 1) for id in range(1, 12)]
    assert all_groups(Links(14, *links, (13, 14))) == [[1, 2, 3, 4, 5], [13, 14]]
    assert all_groups(Links(14, *links[5:], (13, 14))) == [[6, 7, 8, 9, 10], [13, 14]]  # once those are gone


def test_random_links_give_the_components_that_a_plain_walk_finds() -> None:
    random = np.random.default_rng(1)
    pairs = random.integers(1, 61, (35, 2)).tolist()
    links = Links(60, *((a, b) for a, b in pairs if a != b))
    roots = list(range(61))
    for _ in roots:
        for a, b in pairs:
            roots[a] = roots[b] = min(roots[a], roots[b])
    expected = [[id for id in range(1, 61) if roots[id] == root] for root in range(1, 61)]
    assert all_groups(links, limit=2) == [group for group in expected if len(group) > 1]


def hashed(gallery: Gallery, collection: str, hashes: dict[str, int | None]) -> list[int]:
    """Images with these hashes, by content; their ids."""
    images = [sample(content, random_rows(1, 4, seed)[0]) for seed, content in enumerate(hashes)]
    added = gallery.add(collection, images)
    numbers = [b"" if number is None else number.to_bytes(8, "big") for number in hashes.values()]
    gallery.duplicates.put_hashes(dict(zip((one.sha256 for one in images), numbers, strict=True)))
    return [one.record.id for one in added]


def ids(groups: Groups) -> list[list[int]]:
    return [[one.id for one in group.images] for group in groups.groups]


def test_near_images_are_those_whose_hashes_differ_in_few_bits(gallery: Gallery) -> None:
    a, b, _, d, _, _ = hashed(
        gallery, "default", {"a": 0, "b": 0b11, "c": 0xFFFF, "d": 0b1111, "flat": None, "blank": None}
    )
    assert ids(gallery.duplicates.groups("default", "near", 1)) == []
    found = gallery.duplicates.groups("default", "near", 2)
    assert (ids(found), found.after, found.pending) == ([[a, b, d]], None, 0)
    assert found.groups[0].kind == "near"


def test_images_without_a_hash_are_pending_and_in_no_group(gallery: Gallery) -> None:
    a, b = hashed(gallery, "default", {"a": 1, "b": 1})
    gallery.add("default", [sample("new")])
    found = gallery.duplicates.groups("default", "near", 2)
    assert (ids(found), found.pending) == ([[a, b]], 1)


def test_similar_images_are_those_whose_vectors_are_close(gallery: Gallery) -> None:
    vectors = {"a": unit(1, 0, 0, 0), "b": unit(1, 0.1, 0, 0), "c": unit(0, 0, 1, 0), "d": unit(0, 0.1, 1, 0)}
    a, b, c, d = (
        one.record.id for one in gallery.add("default", [sample(name, row) for name, row in vectors.items()])
    )
    found = gallery.duplicates.groups("default", "similar", 0.99)
    assert (ids(found), found.pending) == ([[a, b], [c, d]], 0)
    assert ids(gallery.duplicates.groups("default", "similar", 0.999)) == []
    first = gallery.duplicates.groups("default", "similar", 0.99, limit=1)
    assert (ids(first), first.after) == ([[a, b]], a)
    assert ids(gallery.duplicates.groups("default", "similar", 0.99, after=a, limit=1)) == [[c, d]]
    gallery.remove("default", [b])
    assert ids(gallery.duplicates.groups("default", "similar", 0.99)) == [[c, d]]


def test_exact_duplicates_lie_in_other_collections_that_may_be_seen(gallery: Gallery) -> None:
    for name in ("trips", "secret"):
        gallery.create_collection(name)
    (a, b, c) = added(gallery, "default", "abc")
    (_, d) = added(gallery, "trips", "xa")
    (e, f) = added(gallery, "secret", "ab")
    assert ids(gallery.duplicates.groups("default", "exact", 0)) == [[a, d, e], [b, f]]
    first = gallery.duplicates.groups("default", "exact", 0, limit=1)
    assert (ids(first), first.after) == ([[a, d, e]], a)
    assert ids(gallery.duplicates.groups("default", "exact", 0, after=a, limit=1)) == [[b, f]]
    seen = gallery.duplicates.groups("default", "exact", 0, sees=lambda name: name != "secret")
    assert ids(seen) == [[a, d]]
    page = gallery.duplicates.groups("default", "exact", 0, limit=1, sees=lambda name: name != "secret")
    assert page.after is None  # which would tell of what is hidden
    assert [one.id for one in twins(gallery, a).exact] == [d, e]
    assert twins(gallery, c).exact == []


def added(gallery: Gallery, collection: str, contents: Sequence[str]) -> list[int]:
    return [one.record.id for one in gallery.add(collection, [sample(content) for content in contents])]


def twins(gallery: Gallery, id: int, limit: int = 10) -> duplicates.Twins:
    return gallery.duplicates.of_image("default", id, distance=4, least=0.9, limit=limit, sees=lambda _: True)


def test_what_is_near_one_image_is_not_told_as_similar_too(gallery: Gallery) -> None:
    contents = {"a": 0b0, "b": 0b111, "c": 0b1, "d": 0xFFFFFF, "e": 0xFFFFFF00}
    rows = [unit(1, 0, 0, 0), unit(1, 0.1, 0, 0), unit(0, 1, 0, 0), unit(1, 0.2, 0, 0), unit(1, 0.1, 0.1, 0)]
    images = [sample(name, row) for name, row in zip(contents, rows, strict=True)]
    a, b, c, d, e = (one.record.id for one in gallery.add("default", images))
    gallery.duplicates.put_hashes(
        {one.sha256: number.to_bytes(8, "big") for one, number in zip(images, contents.values(), strict=True)}
    )
    found = twins(gallery, a)
    assert [(one.record.id, one.value) for one in found.near] == [(c, 1), (b, 3)]
    assert [one.record.id for one in found.similar] == [e, d]
    assert [one.value for one in found.similar] == sorted((one.value for one in found.similar), reverse=True)
    assert [one.record.id for one in twins(gallery, a, limit=1).near] == [c]


def test_of_very_many_that_resemble_an_image_the_best_are_told(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "GROUP", 2)
    numbers = {"a": 0b0, "b": 0b1111, "c": 0b111, "d": 0b11, "e": 0b1}
    images = [sample(name, unit(1, (5 - n) % 5 / 20, 0, 0)) for n, name in enumerate(numbers)]
    a, _, _, d, e = (one.record.id for one in gallery.add("default", images))
    assert [one.record.id for one in twins(gallery, a, limit=2).similar] == [e, d]
    gallery.duplicates.put_hashes(
        {one.sha256: number.to_bytes(8, "big") for one, number in zip(images, numbers.values(), strict=True)}
    )
    assert [one.record.id for one in twins(gallery, a, limit=2).near] == [e, d]


@pytest.mark.parametrize("kind", ["near", "similar", "exact"])
def test_unknown_collections_and_images_are_told(gallery: Gallery, kind: Kind) -> None:
    with pytest.raises(UnknownCollection):
        gallery.duplicates.groups("nowhere", kind, 1)
    assert gallery.duplicates.groups("default", kind, 1) == Groups([], None, 0)
    with pytest.raises(UnknownImage):
        twins(gallery, 1)
