"""Duplicates, as people ask for them: with thresholds in their limits, and hashes that are there."""

import logging
import threading
from collections.abc import Mapping
from itertools import islice
from typing import Final, NamedTuple

from index.duplicates import Groups, Kind, Sees, Twins
from index.gallery import Gallery
from index.records import CollectionRef
from service.perceptual import hash_of
from service.queries import NoThreshold, NotWhole, OutOfRange

logger = logging.getLogger(__name__)

HASHES_AT_ONCE: Final = 2000  # that one request makes, where they are missing: 3 s


class Limits(NamedTuple):
    least: float
    most: float
    usual: float


DISTANCE: Final = Limits(0, 16, 8)  # bits of 64; `python -m benchmarks.duplicates` measures both
SCORE: Final = Limits(0.5, 1, 0.9625)
LIMITS: Final[Mapping[Kind, Limits]] = {"near": DISTANCE, "similar": SCORE}


class Duplicates:
    """Makes the hashes that are missing, a part at each request, and asks the gallery. Thread-safe."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._hashing = threading.Lock()
        self._unreadable: set[str] = set()  # contents whose thumbnails are not tried again until a restart

    def of_image(self, collection: str, id: int, limit: int, sees: Sees) -> Twins:
        """What resembles an image by the usual thresholds. Raises UnknownCollection, UnknownImage."""
        self._gallery.image(collection, id)
        self._hash(collection)
        return self._gallery.duplicates.of_image(
            collection, id, distance=int(DISTANCE.usual), least=SCORE.usual, limit=limit, sees=sees
        )

    def groups(
        self, collection: str, kind: Kind, threshold: float | None, after: int, limit: int, sees: Sees
    ) -> Groups:
        """The groups of a collection after an id.

        Raises UnknownCollection, OutOfRange, NoThreshold, NotWhole.
        """
        value = _threshold(kind, threshold)
        if kind == "near":
            self._hash(collection)
        return self._gallery.duplicates.groups(collection, kind, value, after=after, limit=limit, sees=sees)

    def _hash(self, collection: CollectionRef) -> None:
        """Make up to HASHES_AT_ONCE of those that are missing; a thumbnail that cannot be read gets none."""
        with self._hashing:  # or several requests would make the same ones
            hashes = {}
            missing = self._gallery.duplicates.unhashed(collection, HASHES_AT_ONCE + len(self._unreadable))
            due = (one for one in missing.items() if one[0] not in self._unreadable)
            for sha256, thumbnail in islice(due, HASHES_AT_ONCE):
                try:
                    hashes[sha256] = hash_of(thumbnail.read_bytes())
                except (OSError, ValueError) as error:  # which is what Pillow raises, too
                    self._unreadable.add(sha256)
                    logger.warning("%s cannot be compared: %s", thumbnail, error)
            if hashes:
                self._gallery.duplicates.put_hashes(hashes)


def _threshold(kind: Kind, given: float | None) -> float:
    if kind == "exact":
        if given is not None:
            raise NoThreshold
        return 0
    limits = LIMITS[kind]
    if given is None:
        return limits.usual
    if not limits.least <= given <= limits.most:
        raise OutOfRange("threshold", given, limits.least, limits.most)
    if kind == "near" and given != int(given):
        raise NotWhole(given)
    return given
