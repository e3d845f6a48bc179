"""The bodies of searches and of their answers. Their examples run as they stand."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, Self

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
from index.records import Hit, Scoring
from service import questions
from service.images_in_text import upload_of
from service.integers import Integer
from service.queries import QueryError, in_field
from service.questions import DEFAULT_RANKING, Answer, QueryLanguage, Ranking, Understood
from service.schemas import Image
from service.uploads import clean_filename

MOST_WEIGHT: Final = 1000

_FILTER: Final = """which images may be found: `{"field": "width", "gte": 800}` (also height, bytes, aspect,
created_at, filename, format), `{"metadata": "camera", "in": ["X100", "M6"]}`,
`{"metadata": ["exif", "iso"], "exists": true}`, `{"caption": {"contains": "hund", "language": "de"}}`, joined
by `{"and": [...]}`, `{"or": [...]}` and `{"not": ...}`; operators are eq, in, gt, gte, lt, lte"""


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

    filter: dict[str, JsonValue] | None = Field(default=None, description=_FILTER)
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


class Language(BaseModel):
    """The language that a text was taken to be in."""

    code: str = Field(examples=["de"])
    confidence: float | None = Field(
        description="of the detection, 0 to 1; null where it did not tell the language"
    )
    source: Literal["given", "accepted", "detected"] = Field(
        description="accepted: by Accept-Language, where the detection was unsure"
    )

    @classmethod
    def of(cls, language: QueryLanguage) -> Self:
        return cls(code=language.code, confidence=language.confidence, source=language.source)


class UnderstoodPart(BaseModel):
    """A part as it was understood; one of `q`, `image_id` and `filename` is there, or it was `image`."""

    q: str | None = None
    image_id: int | None = None
    filename: str | None = None
    language: Language | None = None
    weight: float = 1.0

    @classmethod
    def of(cls, one: Understood) -> Self:
        part = one.part
        return cls(
            q=one.text,
            image_id=part.image_id,
            filename=clean_filename(part.image.filename) if part.image and part.image.filename else None,
            language=None if one.language is None else Language.of(one.language),
            weight=part.weight,
        )


class Query(BaseModel):
    """The query as it was understood: as one part, or as `parts`."""

    q: str | None = None
    image_id: int | None = None
    filename: str | None = None
    language: Language | None = None
    parts: list[UnderstoodPart] | None = None

    @classmethod
    def of(cls, asked: Sequence[Understood], *, in_parts: bool) -> Self:
        parts = [UnderstoodPart.of(one) for one in asked]
        if in_parts:
            return cls(parts=parts)
        return cls.model_validate(parts[0].model_dump(exclude={"weight"}))


class Scores(BaseModel):
    """Higher is better in both. With parts, the weighted mean over them."""

    symmetric: float = Field(
        description="0 to 1; from -1 on with negative weights, and with a public model that has no pivot head"
    )
    asymmetric: float = Field(
        description="-1 to 0; up to 1 with negative weights; from -4 on, and of little meaning, with such a"
        " model"
    )


class Ranks(BaseModel):
    """The place under either score, from 1: among the candidates, or with `exact` in the whole collection
    under the score asked for."""

    symmetric: int
    asymmetric: int


class Result(BaseModel):
    rank: int = Field(description="from 1, on each page anew")
    image: Image = Field(description="`id` and those members that `fields` asked for, or all")
    scores: Scores
    ranks: Ranks

    @classmethod
    def of(cls, rank: int, hit: Hit) -> Self:
        return cls(
            rank=rank,
            image=Image.of(hit.record),
            scores=Scores(symmetric=hit.symmetric, asymmetric=hit.asymmetric),
            ranks=Ranks(symmetric=hit.symmetric_rank, asymmetric=hit.asymmetric_rank),
        )


class SearchAnswer(BaseModel):
    query: Query
    model: str = Field(description="version of the model that the query and the images were embedded with")
    scoring: Scoring = Field(description="the score that the results are ranked by")
    exact: bool
    candidates: int = Field(description="how many images were scored")
    partial: bool = Field(
        default=False,
        description="whether images or captions of the service await a vector of the model, and took no part",
    )
    results: list[Result] = Field(description="best first")
    next_cursor: str | None = Field(description="hand it in as `cursor` for the next page; null on the last")
    timings_ms: dict[str, float] = Field(description="milliseconds by stage, and in total")

    @classmethod
    def of(cls, answer: Answer, *, in_parts: bool = False) -> Self:
        return cls(
            query=Query.of(answer.asked, in_parts=in_parts),
            model=answer.model,
            scoring=answer.scoring,
            exact=answer.exact,
            candidates=answer.candidates,
            partial=answer.partial,
            results=[Result.of(rank, hit) for rank, hit in enumerate(answer.hits, start=1)],
            next_cursor=answer.cursor,
            timings_ms=answer.timings_ms,
        )

    def json_of(self, fields: Sequence[str] | None) -> str:
        """As JSON, with these members of the images besides `id`; all without `fields`."""
        if fields is None:
            return self.model_dump_json()
        left_out = set(Image.model_fields) - {"id", *fields}
        return self.model_dump_json(exclude={"results": {"__all__": {"image": left_out}}})
