"""The bodies of the answers to searches."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from index.records import CaptionHit, Hit, Scoring
from service.problems import Problem
from service.questions import Answer, CaptionAnswer, QueryLanguage, Understood
from service.schemas import Caption, Image
from service.uploads import clean_filename


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


def _only_id_required(schema: JsonDict) -> None:
    schema["required"] = ["id"]


class FoundImage(Image):
    """`id` and those members that `fields` asked for, or all."""

    model_config = ConfigDict(json_schema_extra=_only_id_required)


class Result(BaseModel):
    rank: int = Field(description="from 1, on each page anew")
    image: FoundImage
    scores: Scores
    ranks: Ranks

    @classmethod
    def of(cls, rank: int, hit: Hit) -> Self:
        return cls(
            rank=rank,
            image=FoundImage.of(hit.record),
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


class BatchItem(BaseModel):
    """One of the two: what was found, or what was wrong with this search."""

    answer: SearchAnswer | None
    error: Problem | None


class BatchAnswer(BaseModel):
    answers: list[BatchItem] = Field(description="in the order of the searches")


class FoundCaption(Caption):
    image_id: int = Field(description="the image that it was written for")


class CaptionResult(BaseModel):
    rank: int = Field(description="from 1")
    caption: FoundCaption
    scores: Scores

    @classmethod
    def of(cls, rank: int, hit: CaptionHit) -> Self:
        record = hit.record
        return cls(
            rank=rank,
            caption=FoundCaption(**Caption.of(record).model_dump(), image_id=record.image_id),
            scores=Scores(symmetric=hit.symmetric, asymmetric=hit.asymmetric),
        )


class CaptionSearchAnswer(BaseModel):
    model: str = Field(description="version of the model that image and captions were embedded with")
    scoring: Scoring = Field(description="the score that the results are ranked by")
    partial: bool = Field(
        description="whether images or captions of the service await a vector of the model, and took no part"
    )
    results: list[CaptionResult] = Field(description="best first")
    timings_ms: dict[str, float] = Field(description="milliseconds by stage, and in total")

    @classmethod
    def of(cls, answer: CaptionAnswer) -> Self:
        return cls(
            model=answer.model,
            scoring=answer.scoring,
            partial=answer.partial,
            results=[CaptionResult.of(rank, hit) for rank, hit in enumerate(answer.hits, start=1)],
            timings_ms=answer.timings_ms,
        )
