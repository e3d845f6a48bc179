"""The bodies of searches and of their answers. Their examples run as they stand."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    Json,
    JsonValue,
    model_validator,
)

from index.queries import MOST_VECTORS
from index.records import Scoring
from service import questions
from service.images_in_text import upload_of
from service.integers import Integer
from service.queries import QueryError, in_field
from service.questions import DEFAULT_RANKING, Ranking
from service.schemas import Image

MOST_WEIGHT: Final = 1000
MOST_SEARCHES: Final = 100  # of one request
MOST_RESULTS: Final = 10_000  # of one request

_FILTER: Final = """which images may be found: `{"field": "width", "gte": 800}` (also height, bytes, aspect,
created_at, updated_at, filename, format, external_id), `{"metadata": "camera", "in": ["X100", "M6"]}`,
`{"metadata": ["exif", "iso"], "exists": true}`, `{"caption": {"contains": "hund", "language": "de"}}`, joined
by `{"and": [...]}`, `{"or": [...]}` and `{"not": ...}`; operators are eq, in, gt, gte, lt, lte,
and exists for metadata and external_id"""


def _known_members(names: list[str]) -> list[str]:
    unknown = [name for name in names if name not in Image.model_fields]
    if unknown:
        known = ", ".join(Image.model_fields)
        raise ValueError(f"{unknown[0][:40]!r} is no member of an image; give some of {known}")
    return names


def _split(value: Any) -> Any:
    """`a,b` and [`a`, `b,c`], as addresses and forms have them, to a list."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return value
    return [name for text in texts for name in text.split(",")]


Members = Annotated[list[str], AfterValidator(_known_members)]


class SearchOptions(BaseModel):
    """How to search; all of it may be left out."""

    model_config = ConfigDict(extra="forbid")

    k: Integer = Field(
        default=DEFAULT_RANKING.k,
        description="how many results, at least 1 and at most the service's limit (1000)",
    )
    cursor: str | None = Field(
        default=None,
        description="`next_cursor` of the page before, with the same query and options; `k` may differ",
    )
    scoring: Scoring | None = Field(
        default=None, description="the score to rank by; without it, what ranks best for the kind of query"
    )
    candidates: Integer = Field(
        default=DEFAULT_RANKING.candidates,
        description="images that the symmetric score picks for ranking, 1 to 10000; k where that is more",
    )
    exact: bool = Field(default=DEFAULT_RANKING.exact, description="score every image instead of candidates")
    min_score: FiniteFloat | None = Field(
        default=None, description="leave out what scores less, by the score that the results are ranked by"
    )
    captions: bool | None = Field(
        default=None,
        description="whether captions count where they fit the query better than the image does; without it,"
        " they do where the query is text and the model has rules for it",
    )


class JsonOptions(SearchOptions):
    """As bodies have them."""

    # Not JsonValue: it comes out of JSON, and to look through 16 MiB once more would hold up the event loop.
    filter: dict[str, Any] | None = Field(default=None, description=_FILTER)
    fields: Members | None = Field(
        default=None, description="members of the images to give besides `id`; all without it"
    )

    def ranking(self) -> Ranking:
        return _ranking(self, self.filter)


class TextOptions(SearchOptions):
    """As addresses and forms have them."""

    filter: Json[dict[str, JsonValue]] | None = Field(default=None, description=f"as JSON: {_FILTER}")
    fields: Annotated[Members, BeforeValidator(_split)] | None = Field(
        default=None, description="members of the images to give besides `id`, with commas between; or all"
    )

    def ranking(self) -> Ranking:
        return _ranking(self, self.filter)


def _ranking(options: SearchOptions, filter: dict[str, JsonValue] | None) -> Ranking:
    return Ranking(
        k=options.k,
        scoring=options.scoring,
        candidates=options.candidates,
        exact=options.exact,
        filter=filter,
        cursor=options.cursor,
        min_score=options.min_score,
        captions=options.captions,
    )


class Asked(BaseModel):
    """A text, an image of the collection or one from outside."""

    model_config = ConfigDict(extra="forbid", strict=True)  # or `true` would be image 1

    q: str | None = Field(
        default=None, description="what the images should show, in any language; up to 1000 characters"
    )
    image_id: int | None = Field(default=None, description="an image of the collection; find the like of it")
    image: str | None = Field(
        default=None, description="an image from outside: its file as base64, or as a data URI"
    )
    language: str | None = Field(
        default=None, description="of `q`, a tag such as de or en-GB; without it, it is detected"
    )

    def part(self, field: str | None = None, weight: float = 1.0) -> questions.Part:
        """Raises NotBase64, in the field `image` of what `field` stands before, such as `parts[1]`."""
        name = next((name for name in ("q", "image_id", "image") if getattr(self, name) is not None), "q")
        # Without parts, errors name the right field themselves, but for an image, which they think a file.
        place = f"{field}.{name}" if field else "image" if name == "image" else None
        with in_field(place, QueryError):
            upload = None if self.image is None else upload_of(self.image)
        return questions.Part(self.q, self.image_id, upload, self.language, weight, place)


class Part(Asked):
    """One of q, image_id and image."""

    weight: FiniteFloat = Field(
        default=1.0,
        ge=-MOST_WEIGHT,
        le=MOST_WEIGHT,
        description="how much it counts beside the others; negative: images unlike it come first",
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        _check_one(self, ("q", "image_id", "image"))
        if self.weight == 0:
            raise ValueError("Give a `weight` that is not 0, or leave the part out")
        return self


class Search(Asked, JsonOptions):
    """One of q, image_id, image and parts."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"q": "Ein Hund springt ins Wasser"},
                {"q": "a dog jumps into water", "language": "en", "k": 3, "exact": True},
                {"image_id": 1, "k": 5, "fields": ["filename", "links"]},
                {
                    "parts": [{"q": "ein Hund"}, {"q": "snow", "weight": -0.5}, {"image_id": 1}],
                    "filter": {"field": "width", "gte": 16},
                    "min_score": 0.05,
                },
            ]
        },
    )

    parts: list[Part] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_VECTORS,
        description="several texts and images at once; those of the collection are not found themselves",
    )

    @model_validator(mode="after")
    def _one_query(self) -> Self:
        _check_one(self, ("q", "image_id", "image", "parts"))
        if self.parts is not None and self.language is not None:
            raise ValueError("Give the `language` within each part")
        return self

    def asked(self) -> list[questions.Part]:
        """Raises NotBase64, in a field."""
        if self.parts is None:
            return [self.part()]
        return [part.part(f"parts[{place}]", part.weight) for place, part in enumerate(self.parts)]


def _check_one(body: BaseModel, names: Sequence[str]) -> None:
    if sum(getattr(body, name) is not None for name in names) != 1:
        listed = ", ".join(f"`{name}`" for name in names[:-1])
        raise ValueError(f"Give exactly one of {listed} and `{names[-1]}`")


class TextSearch(TextOptions):
    """The parameters of a search in an address."""

    q: str = Field(
        description="what the images should show, in any language; up to 1000 characters",
        examples=["Ein Hund springt ins Wasser"],
    )
    language: str | None = Field(
        default=None, description="of `q`, a tag such as de or en-GB; without it, it is detected"
    )


class Batch(BaseModel):
    """Searches that have nothing to do with each other, in one request."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"searches": [{"q": "ein Hund"}, {"image_id": 1, "k": 3}]}]},
    )

    searches: list[Search] = Field(min_length=1, max_length=MOST_SEARCHES)

    @model_validator(mode="after")
    def _not_too_much(self) -> Self:
        results = sum(search.k for search in self.searches)
        if results > MOST_RESULTS:
            raise ValueError(f"Ask for at most {MOST_RESULTS:,} results in all: these are {results:,}")
        return self


class CaptionSearch(BaseModel):
    """One of image_id and image."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"image_id": 1, "k": 3}]}
    )

    image_id: int | None = Field(default=None, description="an image of the collection")
    image: str | None = Field(
        default=None, description="an image from outside: its file as base64, or as a data URI"
    )
    k: Integer = Field(default=DEFAULT_RANKING.k, description="how many captions, 1 to the service's limit")
    scoring: Scoring | None = Field(
        default=None, description="the score to rank by; without it, what ranks best for the model"
    )
    candidates: Integer = Field(
        default=DEFAULT_RANKING.candidates,
        description="captions that the symmetric score picks for ranking, 1 to 10000; k where that is more",
    )

    @model_validator(mode="after")
    def _one_image(self) -> Self:
        _check_one(self, ("image_id", "image"))
        return self

    def part(self) -> questions.Part:
        """Raises NotBase64, in a field."""
        return Asked(image_id=self.image_id, image=self.image).part()

    def ranking(self) -> Ranking:
        return Ranking(self.k, self.scoring, self.candidates)
