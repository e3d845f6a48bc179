"""The bodies of requests and answers. Their examples run as they stand."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from index.records import CollectionRecord, Hit, ImageRecord, Scoring
from service.integers import Integer
from service.library import DEFAULT_RANKING, Answer, QueryLanguage, Ranking
from service.problems import Problem
from service.uploads import Outcome


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Reembedding(BaseModel):
    """Images and captions that await a vector of `model`, and whether the service is at work on them.

    That is the model that serves, or one that takes over from it once none of them waits any more.
    """

    running: bool
    model: str
    pending: int


class Collection(BaseModel):
    """After a change of model, `searchable` falls behind `images` until all have a vector of the new one."""

    name: str = Field(examples=["default"])
    created_at: str = Field(examples=["2026-01-31T12:00:00.123Z"])
    images: int
    searchable: int = Field(description="images that searches can find")
    captions: int
    bytes: int = Field(description="size of all files")
    model: str = Field(description="version of the model that searches use")
    state: Literal["ready", "embedding"] = Field(
        description="embedding while images or captions await a vector of the model"
    )

    @classmethod
    def of(cls, record: CollectionRecord) -> Self:
        return cls(
            name=record.name,
            created_at=record.created_at,
            images=record.images,
            searchable=record.searchable,
            captions=record.captions,
            bytes=record.bytes,
            model=record.model,
            state="embedding" if record.embedding else "ready",
        )


class Collections(BaseModel):
    collections: list[Collection]


class Readiness(BaseModel):
    status: Literal["ok"] = "ok"
    model: str
    collections: list[Collection]
    reembedding: Reembedding


class Model(BaseModel):
    version: str
    dim: int = Field(description="numbers in a vector")
    scoring: Scoring = Field(description="the score that text searches rank by unless they ask for another")
    languages: list[str] = Field(
        description="ISO 639-1 codes of the languages that the model was made for; none where nobody tells"
    )


class NewCollection(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "holidays"}]})

    name: str = Field(description="1 to 64 characters of a-z, 0-9, - and _, the first a letter or a digit")


class CollectionChange(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "holidays-2026"}]})

    name: str = Field(description="the new name, as for a new collection")


class Links(BaseModel):
    """Addresses on this service."""

    self: str
    file: str
    thumbnail: str

    @classmethod
    def of(cls, record: ImageRecord) -> Self:
        address = f"/v1/collections/{record.collection}/images/{record.id}"
        return cls(self=address, file=f"{address}/file", thumbnail=f"{address}/thumbnail")


class Image(BaseModel):
    id: int
    collection: str
    filename: str
    format: str = Field(examples=["jpeg"])
    width: int = Field(description="pixels, once turned upright")
    height: int = Field(description="pixels, once turned upright")
    bytes: int = Field(description="size of the file")
    sha256: str = Field(description="of the file, hexadecimal")
    metadata: dict[str, JsonValue]
    created_at: str = Field(examples=["2026-01-31T12:00:00.123Z"])
    links: Links

    @classmethod
    def of(cls, record: ImageRecord) -> Self:
        return cls.model_validate({**vars(record), "links": Links.of(record)})


class ImagePage(BaseModel):
    images: list[Image]
    next_cursor: str | None = Field(description="hand it in as `cursor` for the next page; null on the last")


class UploadItem(BaseModel):
    """What became of one file."""

    index: int = Field(description="position of the file in the request, from 0")
    filename: str
    status: Literal["created", "exists", "failed"]
    image: Image | None
    error: Problem | None

    @classmethod
    def of(cls, index: int, outcome: Outcome, error: Problem | None) -> Self:
        image = None if outcome.record is None else Image.of(outcome.record)
        return cls(index=index, filename=outcome.filename, status=outcome.status, image=image, error=error)


class UploadAnswer(BaseModel):
    items: list[UploadItem]
    created: int
    existing: int
    failed: int

    @classmethod
    def of(cls, items: list[UploadItem]) -> Self:
        statuses = [item.status for item in items]
        return cls(
            items=items,
            created=statuses.count("created"),
            existing=statuses.count("exists"),
            failed=statuses.count("failed"),
        )


class UploadProblem(Problem):
    """No file of the request was any good: one problem for all, and one for each."""

    items: list[UploadItem] | None = Field(
        default=None, description="of each file; not there where the request as a whole was refused"
    )


class SearchOptions(BaseModel):
    """How to search; all of it may be left out."""

    model_config = ConfigDict(extra="forbid")

    k: Integer = Field(
        default=DEFAULT_RANKING.k,
        description="how many results, at least 1 and at most the service's limit (1000)",
    )
    scoring: Scoring | None = Field(
        default=None, description="the score to rank by; without it, what ranks best for the kind of query"
    )
    candidates: Integer = Field(
        default=DEFAULT_RANKING.candidates,
        description="images that the symmetric score picks for ranking, 1 to 10000; k where that is more",
    )
    exact: bool = Field(default=DEFAULT_RANKING.exact, description="score every image instead of candidates")

    def ranking(self) -> Ranking:
        return Ranking(self.k, self.scoring, self.candidates, self.exact)


class Search(SearchOptions):
    """A text, or the id of an image in the collection."""

    model_config = ConfigDict(
        strict=True,  # or `true` would be image 1
        json_schema_extra={
            "examples": [
                {"q": "Ein Hund springt ins Wasser"},
                {"q": "a dog jumps into water", "language": "en", "k": 3, "exact": True},
                {"image_id": 1, "k": 5},
            ]
        },
    )

    q: str | None = Field(
        default=None, description="what the images should show, in any language; up to 1000 characters"
    )
    image_id: int | None = Field(default=None, description="an image of the collection; find the like of it")
    language: str | None = Field(
        default=None, description="of `q`, a tag such as de or en-GB; without it, it is detected"
    )

    @model_validator(mode="after")
    def _one_query(self) -> Self:
        if (self.q is None) == (self.image_id is None):
            raise ValueError("Give either `q` or `image_id`")
        return self


class TextSearch(SearchOptions):
    """The parameters of a search in an address."""

    q: str = Field(
        description="what the images should show, in any language; up to 1000 characters",
        examples=["Ein Hund springt ins Wasser"],
    )
    language: str | None = Field(
        default=None, description="of `q`, a tag such as de or en-GB; without it, it is detected"
    )


class Language(BaseModel):
    """The language that the query was taken to be in."""

    code: str = Field(examples=["de"])
    confidence: float | None = Field(description="0 to 1; null where the language was given")
    source: Literal["given", "detected"]

    @classmethod
    def of(cls, language: QueryLanguage) -> Self:
        return cls(code=language.code, confidence=language.confidence, source=language.source)


class Query(BaseModel):
    """The query as it was understood; one of `q`, `image_id` and `filename` is there."""

    q: str | None = None
    image_id: int | None = None
    filename: str | None = None
    language: Language | None = None


class Scores(BaseModel):
    """Higher is better in both."""

    symmetric: float = Field(description="0 to 1; from -1 on with a public model that has no pivot head")
    asymmetric: float = Field(description="-1 to 0; from -4 on, and of little meaning, with such a model")


class Result(BaseModel):
    rank: int = Field(description="from 1")
    image: Image
    scores: Scores

    @classmethod
    def of(cls, rank: int, hit: Hit) -> Self:
        scores = Scores(symmetric=hit.symmetric, asymmetric=hit.asymmetric)
        return cls(rank=rank, image=Image.of(hit.record), scores=scores)


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
    timings_ms: dict[str, float] = Field(description="milliseconds by stage, and in total")

    @classmethod
    def of(cls, query: Query, answer: Answer) -> Self:
        return cls(
            query=query,
            model=answer.model,
            scoring=answer.scoring,
            exact=answer.exact,
            candidates=answer.candidates,
            partial=answer.partial,
            results=[Result.of(rank, hit) for rank, hit in enumerate(answer.hits, start=1)],
            timings_ms=answer.timings_ms,
        )
