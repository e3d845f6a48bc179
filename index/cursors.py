"""Cursors: how far the pages of a search went, as text that its reader hands back and need not understand.

A search ranks images in blocks. The first block is the N images that come first in the order of their
stage score (the symmetric score, or with `exact` the one asked for), the second the N after those, and so
on; within a block the score asked for ranks. A cursor holds the block's two ends in the order of the stage
score and the last image's place in the order of the score asked for. All three are a score and an id, and
neither depends on any other image: whatever is added or removed between two pages, an image that is there
throughout, with its vector and captions unchanged, lies in the same block, on the same side of the place.
So it is on one page and no other. An image that was added since is found if it belongs on a page to come.

Whatever else would move images (another query, filter, model ...) shows in the fingerprint, and the cursor
expires. It holds no secret and is not signed: a forged one only begins a page elsewhere.
"""

import hashlib
import json
import math
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import BadCursor, CursorExpired
from index.queries import Question
from index.records import SearchOptions
from index.vectors import Ids, Scores

MOST_RANKED = 2**62  # more than any collection holds; as a sum it still has its place in the text

_FIELDS = struct.Struct("<16sQfqfqfq")


class Place(NamedTuple):
    """A place in an order by descending score and, among equal ones, ascending id."""

    score: float  # of float32
    id: int

    def before(self, ids: Ids, scores: Scores) -> NDArray[np.bool_]:
        """Which of the images come after this place: (n,) bool."""
        score = np.float32(self.score)
        behind: NDArray[np.bool_] = (scores < score) | ((scores == score) & (ids > self.id))
        return behind


START = Place(math.inf, 0)
END = Place(-math.inf, 2**63 - 1)


@dataclass(frozen=True)
class Position:
    """What is left of a search: the images after `start`, of its first block those after `last` only."""

    ranked: int = 0  # images in earlier blocks
    start: Place = START  # the last image of the block before
    end: Place | None = None  # the last image of the block; None: it is yet to be formed
    last: Place = START  # in the order of the score asked for, the last image that was given


def to_cursor(position: Position, fingerprint: bytes) -> str:
    places = (*position.start, *(position.end or END), *position.last)
    packed = _FIELDS.pack(fingerprint, position.ranked, *places)
    return urlsafe_b64encode(packed).decode()


def to_position(cursor: str, fingerprint: bytes) -> Position:
    """Raises BadCursor, CursorExpired."""
    try:
        packed = urlsafe_b64decode(cursor.encode("ascii"))
        made_for, ranked, *numbers = _FIELDS.unpack(packed)
    except (ValueError, struct.error):
        raise BadCursor from None
    if urlsafe_b64encode(packed).decode() != cursor or any(map(math.isnan, numbers[::2])):
        raise BadCursor
    if ranked > MOST_RANKED:
        raise BadCursor
    if made_for != fingerprint:
        raise CursorExpired
    start, end, last = (Place(*numbers[i : i + 2]) for i in (0, 2, 4))
    return Position(ranked, start, None if end == END else end, last)


def fingerprint(collection: int, model_version: str, question: Question, options: SearchOptions) -> bytes:
    """16 bytes that tell this search of a collection, given by its id, from others.

    `k` is left out: pages may differ in length.
    """
    rules = options.captions or {}
    told = (
        collection,
        model_version,
        options.scoring,
        options.candidates,
        options.exact,
        options.min_score,
        sorted(options.exclude),
        options.filter,
        [(scoring, rule.scale, rule.shift) for scoring, rule in sorted(rules.items())],
    )
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    digest.update(question.vectors.tobytes())
    digest.update(question.weights.tobytes())
    return digest.digest()[:16]
