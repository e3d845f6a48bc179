"""Questions: what is asked of a collection, how it is to be ranked, and what comes back."""

from dataclasses import dataclass
from typing import Final, Literal

from index.records import CaptionHit, Hit, Json, Scoring
from service.uploads import Upload


@dataclass(frozen=True)
class Part:
    """One of the things that images should be like: exactly one of `q`, `image_id` and `image` is there.

    With a negative weight, images unlike it come first.
    """

    q: str | None = None
    image_id: int | None = None  # of the collection; it is not found itself
    image: Upload | None = None  # from outside; it is not kept
    language: str | None = None  # of `q`, a tag such as `de` or `en-GB`; None: it is detected
    weight: float = 1.0
    field: str | None = None  # what errors are to name, such as `parts[1].q`; None: what they name anyway


@dataclass(frozen=True)
class Ranking:
    """What the asker may choose."""

    k: int = 10
    scoring: Scoring | None = None  # None: what ranks best for the kind of query
    candidates: int = 200
    exact: bool = False
    filter: Json = None  # see `index.filters`
    cursor: str | None = None  # of an earlier answer to the same question
    min_score: float | None = None  # of the score ranked by
    captions: bool | None = None  # whether they take part; None: where there are rules for it


DEFAULT_RANKING: Final = Ranking()


@dataclass(frozen=True)
class QueryLanguage:
    """The language that a text was taken to be in, and how that is known.

    `confidence` is the detection's, in [0, 1]; None where something else told.
    """

    code: str
    confidence: float | None
    source: Literal["given", "accepted", "detected"]


@dataclass(frozen=True)
class Understood:
    """A part, and what it was taken to mean; `text` and `language` are None where it is an image."""

    part: Part
    text: str | None = None  # as the model reads it
    language: QueryLanguage | None = None


@dataclass(frozen=True)
class Answer:
    """What was found, best first, and how."""

    hits: list[Hit]
    asked: list[Understood]
    model: str
    scoring: Scoring
    exact: bool
    candidates: int  # images that were scored
    partial: bool  # images or captions of the store await a vector of the model, and were not searched
    cursor: str | None  # of the page that follows; None where there is none
    timings_ms: dict[str, float]


@dataclass(frozen=True)
class CaptionAnswer:
    """What others wrote that fits an image, best first."""

    hits: list[CaptionHit]
    model: str
    scoring: Scoring
    partial: bool  # as an answer's
    timings_ms: dict[str, float]
