"""What a search found, and how it was understood."""

from typing import Literal

from service.client.documents import Document, Problem
from service.client.documents.images import Caption, Image


class Scores(Document):
    """Higher is better in both."""

    symmetric: float
    asymmetric: float


class Ranks(Document):
    """The place under either score, from 1."""

    symmetric: int
    asymmetric: int


class Result(Document):
    rank: int
    image: Image
    scores: Scores
    ranks: Ranks


class Language(Document):
    """`confidence` is None where the text was not asked for its language."""

    code: str
    confidence: float | None
    source: Literal["given", "accepted", "detected"]


class QueryPart(Document):
    q: str | None = None
    image_id: int | None = None
    filename: str | None = None
    language: Language | None = None
    weight: float


class Query(Document):
    """The query as it was understood: as one thing to look for, or as `parts`."""

    q: str | None = None
    image_id: int | None = None
    filename: str | None = None
    language: Language | None = None
    parts: list[QueryPart] | None = None


class SearchAnswer(Document):
    query: Query
    model: str
    scoring: Literal["symmetric", "asymmetric"]
    exact: bool
    candidates: int
    partial: bool
    results: list[Result]
    next_cursor: str | None
    timings_ms: dict[str, float]


class BatchItem(Document):
    """The answer to one of several searches, or why there is none."""

    answer: SearchAnswer | None
    error: Problem | None


class Batch(Document):
    answers: list[BatchItem]


class FoundCaption(Caption):
    image_id: int


class CaptionResult(Document):
    rank: int
    caption: FoundCaption
    scores: Scores


class CaptionResults(Document):
    model: str
    scoring: Literal["symmetric", "asymmetric"]
    partial: bool
    results: list[CaptionResult]
    timings_ms: dict[str, float]
