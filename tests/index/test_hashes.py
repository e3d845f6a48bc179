from dataclasses import replace

import numpy as np
import pytest

from index.errors import UnknownCollection
from index.gallery import Gallery
from index.hashes import Near
from index.vectors import Ids
from tests.index.samples import sample

HASH = b"\x00\x00\x00\x00\x00\x00\x00\x01"


def test_a_hash_is_kept_for_a_content_until_its_last_image_goes(gallery: Gallery) -> None:
    gallery.create_collection("trips")
    dog = sample("dog")
    (first,) = gallery.add("default", [dog])
    (second,) = gallery.add("trips", [dog])
    hashes = gallery.duplicates
    assert list(hashes.unhashed("trips", 10).values()) == [gallery.thumbnail(second.record)]
    hashes.put_hashes({dog.sha256: HASH})
    assert hashes.unhashed("default", 10) == hashes.unhashed("trips", 10) == {}
    gallery.remove("default", [first.record.id])
    gallery.add("default", [dog])
    assert hashes.unhashed("default", 10) == {}
    gallery.empty_collection("default")
    gallery.delete_collection("trips")
    gallery.add("default", [dog])
    assert list(hashes.unhashed("default", 10)) == [dog.sha256]


def test_an_image_may_bring_its_hash_along(gallery: Gallery) -> None:
    images = [replace(sample(name), hash=HASH) for name in ("dog", "cat")]
    dog, cat = (one.record for one in gallery.add("default", images))
    assert gallery.duplicates.unhashed("default", 10) == {}
    (group,) = gallery.duplicates.groups("default", "near", 0).groups
    assert group.images == [dog, cat]


def test_a_hash_of_what_nobody_has_is_not_kept(gallery: Gallery) -> None:
    dog = sample("dog")
    gallery.duplicates.put_hashes({dog.sha256: HASH})
    gallery.add("default", [dog])
    assert list(gallery.duplicates.unhashed("default", 10)) == [dog.sha256]


def test_contents_without_a_hash_come_oldest_first_and_no_more_than_asked_for(gallery: Gallery) -> None:
    images = [sample(name) for name in ("a", "b", "c")]
    gallery.add("default", images)
    assert list(gallery.duplicates.unhashed("default", 2)) == [one.sha256 for one in images[:2]]
    with pytest.raises(UnknownCollection):
        gallery.duplicates.unhashed("nowhere", 2)


def test_what_is_near_is_told_with_its_distance_lowest_ids_first() -> None:
    near = Near(np.array([3, 5, 9, 12]), bits(0b0000, 0b0001, 0b0111, 0b1111), 2)
    three, nine = near.matches(np.array([3, 9]), 10)
    assert (three.ids.tolist(), three.values.tolist()) == ([5], [1])
    assert (nine.ids.tolist(), nine.values.tolist()) == ([5, 12], [2, 1])
    assert [one.ids.tolist() for one in near.matches(np.array([9, 12]), 1)] == [[5], [9]]
    (alike,) = Near(np.array([1, 2, 3]), bits(0, 0, 0), 2).matches(np.array([3]), 1)
    assert alike.ids.tolist() == [1]


def test_near_equals_a_comparison_of_all_pairs_one_by_one() -> None:
    hashes = np.random.default_rng(0).integers(0, 2, (300, 8), np.uint8)  # of 8 bits that differ at all
    ids: Ids = np.arange(300) * 7
    for place, found in enumerate(Near(ids, hashes, 3).matches(ids, 1000)):
        distances = np.bitwise_count(hashes ^ hashes[place]).sum(axis=1)
        expected = [id for id in np.flatnonzero(distances <= 3).tolist() if id != place]
        assert found.ids.tolist() == [7 * id for id in expected]
        assert found.values.tolist() == distances[expected].tolist()


def bits(*numbers: int) -> np.typing.NDArray[np.uint8]:
    return np.frombuffer(b"".join(number.to_bytes(8, "big") for number in numbers), np.uint8).reshape(-1, 8)
