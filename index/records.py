"""Records: what goes into a gallery and what comes out of it."""

import json
import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from index.errors import BadValue
from index.vectors import Row

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Scoring = Literal["symmetric", "asymmetric"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


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

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise BadValue("sha256", "is not 64 lower-case hexadecimal digits")
        try:
            self.filename.encode()
        except UnicodeEncodeError as error:
            raise BadValue("filename", "is not Unicode text: replace its lone surrogates") from error
        try:
            json.dumps(self.metadata, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise BadValue("metadata", f"is not JSON: {error}") from error


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


@dataclass(frozen=True)
class Added:
    """`created` is False where the collection had the same content already; the record is then that one's."""

    record: ImageRecord
    created: bool


@dataclass(frozen=True)
class CollectionRecord:
    name: str
    created_at: str
    images: int
    searchable: int  # images that have a vector of the current model


@dataclass(frozen=True)
class SearchOptions:
    """How to search. Raises BadValue for `k` or `candidates` below 1."""

    k: int = 10
    scoring: Scoring = "symmetric"
    candidates: int = 200  # raised to k where it is lower
    exact: bool = False  # scan every image with the score asked for, instead of ranking candidates
    exclude: frozenset[int] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        for name, value in (("k", self.k), ("candidates", self.candidates)):
            if value < 1:
                raise BadValue(name, f"is {value}; it must be at least 1")


@dataclass(frozen=True)
class Hit:
    record: ImageRecord
    symmetric: float  # [0, 1], with signed vectors [-1, 1]
    asymmetric: float  # [-1, 0], with signed vectors [-4, 0]


@dataclass(frozen=True)
class Found:
    hits: list[Hit]  # best first
    candidates: int  # how many images were scored
    timings: dict[str, float]  # milliseconds of "candidates", "rerank", "records"
