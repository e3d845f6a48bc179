"""Duplicates: the images of a gallery that are the same, nearly the same, or alike.

`exact`: the same file in several collections. `near`: hashes that differ in few bits, as those of a photo and
of its resized or recompressed copy do. `similar`: vectors of the model whose inner product is high.

Images that match hang together, and so do those that match one of these: they are a group, whose lowest id
gives its place in the order of groups. To look for groups is to compare every image with every other, which
takes long where there are many: each call does a part of that, and says where to go on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np

from index.candidates import Candidates
from index.files import FileStore
from index.hashes import Near
from index.records import CollectionRef, ImageRecord
from index.spaces import Space
from index.vectors import Ids, Matches

Kind: TypeAlias = Literal["near", "similar", "exact"]
Sees: TypeAlias = Callable[[str], bool]
"""Whether whoever asks may know of a collection"""

GROUP = 1000  # images of a group at most: of a larger one, no more are told until some of these are gone
STEP = 512  # images that are compared with all others at a time
NEAR_PAIRS = 4_000_000_000  # of hashes that one call compares: 3 s of a core
SIMILAR_PAIRS = 100_000_000  # of vectors; of 512 numbers: 2 s


@dataclass(frozen=True)
class Group:
    kind: Kind
    images: list[ImageRecord]  # by ascending id, two or more


@dataclass(frozen=True)
class Groups:
    groups: list[Group]  # by their lowest id
    after: int | None  # go on with the groups after this id; None: there are no more
    pending: int  # images that could not be compared yet: those without a hash, or without a vector


@dataclass(frozen=True)
class Twin:
    record: ImageRecord
    value: float  # the distance in bits, or the score


@dataclass(frozen=True)
class Twins:
    """What resembles one image; what is in one list is not in those after it."""

    exact: list[ImageRecord]  # in other collections, by id
    near: list[Twin]  # nearest first
    similar: list[Twin]  # best first
    pending: int  # as in Groups, of either kind


class Matching(Protocol):
    """Images of which each can tell the ones that match it."""

    @property
    def ids(self) -> Ids:
        """Of all of them, ascending; (n,) int64."""
        ...

    def matches(self, ids: Ids, most: int) -> list[Matches]:
        """For each of the ids, the others that match, the `most` lowest ids at most."""
        ...


@dataclass(frozen=True)
class Similar:
    """Images by their vectors: whose inner product is at least this."""

    candidates: Candidates
    ids: Ids
    least: float

    def matches(self, ids: Ids, most: int) -> list[Matches]:
        return self.candidates.matches(ids, self.least, most)


class Duplicates:
    """What a gallery answers about its duplicates."""

    def __init__(self, space: Space, files: FileStore) -> None:
        self._space = space
        self._files = files

    def unhashed(self, collection: CollectionRef, limit: int) -> dict[str, Path]:
        """Up to `limit` contents without a hash, with their thumbnails. Raises UnknownCollection."""
        missing = self._space.catalog.hashes.missing(collection, limit)
        return {sha256: self._files.thumbnail(sha256) for sha256 in missing}

    def put_hashes(self, hashes: Mapping[str, bytes]) -> None:
        """See `Hashes.put`."""
        self._space.catalog.hashes.put(hashes)

    def of_image(
        self, collection: str, id: int, *, distance: int, least: float, limit: int, sees: Sees
    ) -> Twins:
        """What resembles an image, `limit` of each kind at most: exactly, in other collections that `sees`
        lets pass; within the `distance`, or with at least this score, in its own.

        Raises UnknownCollection, UnknownImage.
        """
        catalog = self._space.catalog
        record = catalog.image(collection, id)
        near = _of_one(self._near(collection, distance), id)
        similar = _of_one(self._similar(collection, least), id)
        nearest = sorted(near, key=lambda other: (near[other], other))[:limit]
        best = sorted(similar.keys() - near.keys(), key=lambda other: (-similar[other], other))[:limit]
        records = catalog.records([*nearest, *best])
        copies = [one for one in self._copies(id, sees) if one.collection != record.collection]
        return Twins(
            copies[:limit],
            [Twin(records[other], near[other]) for other in nearest if other in records],
            [Twin(records[other], similar[other]) for other in best if other in records],
            max(catalog.hashes.pending(collection), self._awaited(collection)),
        )

    def groups(
        self,
        collection: str,
        kind: Kind,
        threshold: float,
        *,
        after: int = 0,
        limit: int = 100,
        sees: Sees = lambda _: True,
    ) -> Groups:
        """The groups after an id, `limit` at most; fewer, or none, where that would take too long.

        `threshold` is the distance for `near`, the least score for `similar`, and of no use for `exact`.
        Raises UnknownCollection.
        """
        if kind == "exact":
            return self._exact(collection, after, limit, sees)
        if kind == "near":
            matching: Matching = self._near(collection, int(threshold))
            pairs, pending = NEAR_PAIRS, self._space.catalog.hashes.pending(collection)
        else:
            matching = self._similar(collection, threshold)
            pairs, pending = SIMILAR_PAIRS, self._awaited(collection)
        scan = Scan(matching, pairs // max(1, len(matching.ids)))
        found, last = scan.groups(after, limit)
        records = self._space.catalog.records([id for ids in found for id in ids])
        groups = [Group(kind, [records[id] for id in ids if id in records]) for ids in found]
        return Groups([one for one in groups if len(one.images) > 1], last, pending)

    def _exact(self, collection: str, after: int, limit: int, sees: Sees) -> Groups:
        catalog = self._space.catalog
        catalog.collections.key(collection)
        within = [key.id for key in catalog.collections.all() if sees(key.name)]
        ids = catalog.hashes.copied(collection, after, limit + 1, within)
        groups = [Group("exact", self._copies(id, sees)) for id in ids[:limit]]
        whole = [one for one in groups if len(one.images) > 1]
        return Groups(whole, ids[limit - 1] if len(ids) > limit else None, 0)

    def _copies(self, id: int, sees: Sees) -> list[ImageRecord]:
        """The images with the content of this one, itself included, by id."""
        ids = self._space.catalog.hashes.copies(id)
        records = self._space.catalog.records(ids)
        return [records[one] for one in ids if one in records and sees(records[one].collection)]

    def _near(self, collection: str, distance: int) -> Near:
        return Near(*self._space.catalog.hashes.of(collection), distance)

    def _similar(self, collection: str, least: float) -> Similar:
        candidates = self._space.shelf(collection).images
        return Similar(candidates, candidates.ids(), least)

    def _awaited(self, collection: str) -> int:
        record = self._space.catalog.collections.record(collection)
        return record.images - record.searchable


class Scan:
    """The search for groups, a part of it."""

    def __init__(self, matching: Matching, most: int) -> None:
        """`most` images are compared with all others, or a few more: those of a group at least."""
        self._matching = matching
        self._left = max(1, most)
        self._known: dict[int, Matches] = {}

    def groups(self, after: int, limit: int) -> tuple[list[list[int]], int | None]:
        """Ids of groups, each ascending, and the id after which to go on; None where there is no more."""
        ids = self._matching.ids
        waiting = ids[np.searchsorted(ids, after, side="right") :]
        found: list[list[int]] = []
        for start in range(0, len(waiting), STEP):
            self._known = {}
            block = waiting[start : start + STEP]
            self._learn(block.tolist())
            for id in block.tolist():
                if group := self._group(id):
                    found.append(group)
                done = id == waiting[-1]
                if done or len(found) == limit:
                    return found, None if done else id
            if self._left <= 0:
                return found, int(block[-1])
        return found, None

    def _group(self, lowest: int) -> list[int] | None:
        """The group of which this is the lowest id, if it is."""
        group, new = {lowest}, {lowest}
        while new and len(group) < GROUP:
            self._learn(sorted(new - self._known.keys()))
            new = {int(id) for one in new for id in self._known[one].ids} - group
            if new and min(new) < lowest:
                return None
            group |= new
        return sorted(group)[:GROUP] if len(group) > 1 else None

    def _learn(self, ids: Sequence[int]) -> None:
        if ids:
            self._known |= zip(ids, self._matching.matches(np.array(ids, np.int64), GROUP), strict=True)
            self._left -= len(ids)


def _of_one(matching: Matching, id: int) -> dict[int, float]:
    """What matches one image, with its distance or score; nothing if it has no hash, or no vector."""
    if not np.isin(id, matching.ids):
        return {}
    (found,) = matching.matches(np.array([id], np.int64), len(matching.ids))
    return dict(zip(found.ids.tolist(), found.values.tolist(), strict=True))
