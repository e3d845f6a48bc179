"""The shapes in which OpenAI's clients ask for embeddings and read what comes back, errors included."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self

from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from index.vectors import Row, to_blob
from service import questions
from service.images_in_text import upload_of
from service.problems import Problem, headers_for, problem_of_ours
from service.queries import QueryError, in_field

MOST_INPUTS: Final = 2048
ADDRESSES: Final = re.compile(r"/v1/(embeddings|models(/.*)?)")


def problem_response(path: str, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem document; at OpenAI's addresses with an `error` like theirs in it, and 400 instead of 422."""
    if not ADDRESSES.fullmatch(path):
        return problem.response(headers)
    if problem.status == 422:
        problem = problem.model_copy(update={"status": 400})
    error = {
        "message": " ".join(filter(None, (problem.detail, problem.remedy))),
        "type": "invalid_request_error" if problem.status < 500 else "server_error",
        "param": problem.field,
        "code": problem.type.rpartition(":")[2],
    }
    return problem.response(headers, error=error)


def refusal(error: Exception, path: str) -> Response:
    """The answer to a request at `path` that one of our own errors ended."""
    return problem_response(path, problem_of_ours(error), headers_for(error))


class ImageInput(BaseModel):
    model_config = ConfigDict(extra="forbid")

    image: str = Field(description="an image's file as a data URI, or as base64")


def _judged(value: Any) -> Any:
    """In words that fit, where pydantic would list every shape that the value could have had."""
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, int | list) for item in items):
        raise ValueError("Send texts: numbers of tokens mean nothing to this model")
    if not 0 < len(items) <= MOST_INPUTS:
        raise ValueError(f"Send 1 to {MOST_INPUTS:,} texts or images; these are {len(items):,}")
    for position, item in enumerate(items):
        image = item.get("image") if isinstance(item, dict) and set(item) == {"image"} else None
        if not isinstance(item, str) and not isinstance(image, str):
            raise ValueError(f'Send text or {{"image": "data:image/jpeg;base64,..."}} as input[{position}]')
    return value


class EmbeddingsRequest(BaseModel):
    """What OpenAI's clients send. Images are ours: `{"image": "data:image/jpeg;base64,..."}` beside texts."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"input": "a dog jumps into water"},
                {"input": ["Ein Hund", "a cat"], "encoding_format": "base64"},
            ]
        },
    )

    input: Annotated[str | ImageInput | list[str | ImageInput], BeforeValidator(_judged)] = Field(
        description="a text of up to 1000 characters, an image, or a list of up to 2048 of them"
    )
    model: str | None = Field(
        default=None, description="the model that serves, as `GET /v1/models` names it; no other is taken"
    )
    encoding_format: Literal["float", "base64"] = Field(
        default="float", description="numbers, or base64 of float32, little endian"
    )
    dimensions: int | None = Field(
        default=None, strict=True, description="taken only where the model has as many"
    )
    user: str | None = Field(default=None, description="taken and not used")

    def parts(self) -> list[questions.Part]:
        """Raises NotBase64, in a field."""
        if not isinstance(self.input, list):
            return [_part(self.input, "input")]
        return [_part(one, f"input[{position}]") for position, one in enumerate(self.input)]


def _part(one: str | ImageInput, field: str) -> questions.Part:
    if isinstance(one, str):
        return questions.Part(q=one, field=field)
    with in_field(field, QueryError):
        return questions.Part(image=upload_of(one.image), field=field)


class Embedding(BaseModel):
    object: Literal["embedding"] = "embedding"
    index: int = Field(description="position in `input`, from 0")
    embedding: list[float] | str = Field(description="of length 1, as `encoding_format` says")

    @classmethod
    def of(cls, index: int, row: Row, encoding: Literal["float", "base64"]) -> Self:
        packed = b64encode(to_blob(row)).decode() if encoding == "base64" else row.tolist()
        return cls(index=index, embedding=packed)


class Usage(BaseModel):
    """Nothing is charged for, so nothing is counted."""

    prompt_tokens: int = 0
    total_tokens: int = 0


class EmbeddingsAnswer(BaseModel):
    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: Usage = Usage()

    @classmethod
    def of(cls, model: str, rows: Sequence[Row], encoding: Literal["float", "base64"]) -> Self:
        return cls(model=model, data=[Embedding.of(i, row, encoding) for i, row in enumerate(rows)])


class ListedModel(BaseModel):
    id: str = Field(description="its version: vectors of two models are never comparable")
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="not known: always 0")
    owned_by: str = "pivot"


class ListedModels(BaseModel):
    object: Literal["list"] = "list"
    data: list[ListedModel]
