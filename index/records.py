"""Records: what goes into a gallery and what comes out of it."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from index.errors import BadValue
from index.vectors import Row, Scores

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Scoring = Literal["symmetric", "asymmetric"]

LONGEST_CAPTION = 10_000  # characters
LONGEST_EXTERNAL_ID = 200  # characters
MOST_CAPTIONS = 256  # of an image
MOST_METADATA = 64 * 1024  # bytes of an image's, as JSON, once it is changed

SHA256 = re.compile(r"[0-9a-f]{64}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, eq=False)
class NewCaption:
    """A caption on its way in. Raises BadValue where it could not be stored as it stands.

    The vector is judged by Gallery, which knows the dimension. Without one, the caption is kept as one that
    the current model cannot read: searches by vector pass it over, and it does not count as pending.
    """

    language: str  # ISO 639
    text: str
    vector: Row | None  # (dim,) float32, unit

    def __post_init__(self) -> None:
        if not _LANGUAGE.fullmatch(self.language):
            raise BadValue("language", "is no ISO 639 code: give one such as de")
        if not 0 < len(self.text) <= LONGEST_CAPTION:
            reason = f"has {len(self.text):,} characters; give 1 to {LONGEST_CAPTION:,}"
            raise BadValue("caption", reason, LONGEST_CAPTION)
        check_unicode("caption", self.text)


@dataclass(frozen=True, eq=False)
class NewImage:
    """An image on its way in. Raises BadValue where it could not be stored as it stands.

    The vector is judged by `Gallery.add`, which knows the dimension.
    """

    original: bytes
    thumbnail: bytes  # WebP
    format: str  # "jpeg", "png", "heif", ...
    width: int  # pixels, upright
    height: int
    filename: str
    metadata: dict[str, Json]
    vector: Row  # (dim,) float32, unit
    sha256: str  # of `original`, 64 lower-case hexadecimal digits; trusted, and the name of its files
    captions: tuple[NewCaption, ...] = ()
    external_id: str | None = None
    created_at: str | None = None  # as in ImageRecord, of one that comes from another store; None: now
    hash: bytes | None = None  # of how it looks, as `Hashes.put` takes it; None: somebody makes it later

    def __post_init__(self) -> None:
        if not SHA256.fullmatch(self.sha256):
            raise BadValue("sha256", "is not 64 lower-case hexadecimal digits")
        check_unicode("filename", self.filename)
        check_external_id(self.external_id)
        try:
            json.dumps(self.metadata, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise BadValue("metadata", f"is not JSON: {error}") from error


@dataclass(frozen=True, eq=False)
class Addition:
    """What a content that the collection has is to get, as far as it lacks it. Raises BadValue."""

    sha256: str
    captions: Sequence[NewCaption] = ()
    external_id: str | None = None

    def __post_init__(self) -> None:
        check_external_id(self.external_id)


@dataclass(frozen=True)
class CaptionRecord:
    """A caption as the catalog knows it. It never changes, and its id is never given to another."""

    id: int
    image_id: int
    language: str
    text: str
    created_at: str  # as an image's


@dataclass(frozen=True)
class ImageRecord:
    """An image as the catalog knows it. Its id is never given to another image."""

    id: int
    collection: str
    sha256: str
    filename: str
    format: str
    width: int
    height: int
    bytes: int  # of the original
    metadata: dict[str, Json]
    created_at: str  # RFC 3339 in UTC: 2026-01-31T12:00:00.123Z
    updated_at: str  # when what is told here last changed, captions included
    external_id: str | None = None  # unique in the collection
    captions: tuple[CaptionRecord, ...] = ()  # in the order of their addition


@dataclass(frozen=True)
class Added:
    """`created` is False where the collection had the same content already; the record is then that one's."""

    record: ImageRecord
    created: bool


@dataclass(frozen=True)
class CollectionKey:
    """A collection, whatever it is called by now: its id is never given to another."""

    id: int
    name: str = field(compare=False)  # that it was found by


CollectionRef: TypeAlias = str | CollectionKey
"""A name is looked up each time; a key holds from one call to the next, even if the name changes."""


@dataclass(frozen=True)
class Held:
    """What is in memory of a collection: vectors of images and captions, and whether lists lead to them."""

    collection: str
    images: int
    captions: int
    images_in_lists: bool
    captions_in_lists: bool


@dataclass(frozen=True)
class CollectionRecord:
    name: str
    created_at: str
    images: int
    searchable: int  # images that have a vector of `model`
    captions: int
    searchable_captions: int
    bytes: int  # of the originals
    model: str  # the current one

    @property
    def embedding(self) -> bool:
        """Whether something in it awaits its vector."""
        return self.searchable < self.images or self.searchable_captions < self.captions


@dataclass(frozen=True)
class CaptionRule:
    """What a caption's score is worth as its image's: texts lie nearer to each other than to images.

    An image's score is the highest of its own and `scale * S(caption, query) + shift` over its captions.
    """

    scale: float
    shift: float

    def __post_init__(self) -> None:
        if not 0 < self.scale < float("inf") or not abs(self.shift) < float("inf"):
            raise BadValue("captions", "needs a finite shift and a positive, finite scale")

    def worth(self, scores: Scores) -> Scores:
        """(n,) float32, S(caption, query) -> (n,) float32, in the same order."""
        return np.float32(self.scale) * scores + np.float32(self.shift)


CaptionRules: TypeAlias = Mapping[Scoring, CaptionRule]
"""One for each score. They belong to a model, and to queries that are texts."""

CAPTION_RULES: CaptionRules = {"symmetric": CaptionRule(0.6, 0.02), "asymmetric": CaptionRule(0.8, -0.07)}
"""For the weights that ship. `benchmarks/captions.py` fits and measures them; another model needs its own."""


@dataclass(frozen=True)
class SearchOptions:
    """How to search. Raises BadValue for `k` or `candidates` below 1, and a `min_score` that is NaN."""

    k: int = 10
    scoring: Scoring = "symmetric"
    candidates: int = 200  # raised to k where it is lower
    exact: bool = False  # scan every image with the score asked for, instead of ranking candidates
    exclude: frozenset[int] = field(default_factory=frozenset)
    filter: Json = None  # see `filters`; None lets every image pass
    cursor: str | None = None  # of an earlier answer to the same query and options; k may differ
    captions: CaptionRules | None = None  # how captions take part; None: not at all
    min_score: float | None = None  # images below it are left out, by the score asked for

    def __post_init__(self) -> None:
        for name, value in (("k", self.k), ("candidates", self.candidates)):
            if value < 1:
                raise BadValue(name, f"is {value}; it must be at least 1")
        if self.min_score is not None and math.isnan(self.min_score):
            raise BadValue("min_score", "is no number")


@dataclass(frozen=True)
class Hit:
    """Ranks count from 1 among the images that were ranked together, plus those of earlier blocks of a
    search with a cursor: with `exact` they are ranks in the whole collection under the score asked for.
    """

    record: ImageRecord
    symmetric: float  # [0, 1], with signed vectors or weights [-1, 1]
    asymmetric: float  # [-1, 0], with signed vectors [-4, 0], with negative weights up to 1
    symmetric_rank: int
    asymmetric_rank: int


@dataclass(frozen=True)
class Found:
    hits: list[Hit]  # best first
    candidates: int  # how many images were scored
    timings: dict[str, float]  # milliseconds of "candidates", "rerank", "records"
    cursor: str | None  # of the page that follows; None where there is none


@dataclass(frozen=True)
class CaptionHit:
    record: CaptionRecord
    symmetric: float
    asymmetric: float


def check_external_id(external_id: str | None) -> None:
    """Raises BadValue."""
    if external_id is None:
        return
    if not 0 < len(external_id) <= LONGEST_EXTERNAL_ID:
        reason = f"has {len(external_id):,} characters; give 1 to {LONGEST_EXTERNAL_ID}"
        raise BadValue("external_id", reason, LONGEST_EXTERNAL_ID)
    check_unicode("external_id", external_id)
    if "\0" in external_id:  # at which programs in C, SQLite's own shell among them, take it to end
        raise BadValue("external_id", "holds the character NUL: leave it out")


def check_unicode(name: str, text: str) -> None:
    """Raises BadValue for a text with lone surrogates, which cannot be stored."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadValue(name, "is not Unicode text: replace its lone surrogates") from error
