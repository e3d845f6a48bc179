"""Uploads as JSON: files as base64 or data URIs, and what is said of each."""

from collections.abc import Callable
from typing import Any, BinaryIO, Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator
from starlette.requests import Request

from service.bad_requests import NotJson, TooManyFiles
from service.descriptions import Captions, ExternalId, Metadata, invalid
from service.fetch import Fetcher, allowed, filename_in
from service.images_in_text import upload_of
from service.uploads import Upload

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
PIXEL: Final = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGOQs4kCAAEwALVkUZVDAAAAAElFTkSuQmCC"
)

M = TypeVar("M", bound=BaseModel)


class UploadedImage(BaseModel):
    """A file, as `data` or from a `url`, and what is said of it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    data: str | None = Field(default=None, description="the file as base64, or as a data URI of it")
    url: str | None = Field(
        default=None, description="of the file on a public server; where the operator allows it"
    )
    filename: str = ""
    metadata: Metadata = {}
    captions: Captions = []
    external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.data is None) == (self.url is None):
            raise ValueError("Give either `data` or `url`")
        return self


class JsonUpload(BaseModel):
    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "images": [
                        {
                            "data": PIXEL,
                            "filename": "pixel.png",
                            "captions": [{"text": "Ein Pixel", "language": "de"}],
                            "external_id": "pixels/1",
                        }
                    ]
                }
            ]
        },
    )

    images: list[UploadedImage] = Field(min_length=1, description="up to the service's limit (1000)")


class ImagePatch(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"metadata": {"album": "winter", "draft": None}},
                {"captions": [{"text": "a dog jumps into water"}], "external_id": None},
            ]
        },
    )

    metadata: dict[str, JsonValue] = Field(
        default={}, description="a merge patch (RFC 7396): null removes a key, others stay"
    )
    captions: Captions = Field(default=[], description="all that there are to be; [] is none")
    external_id: ExternalId | None = Field(default=None, description="null takes it away")
    filename: str = Field(default="", min_length=1)


def uploads_in(body: BinaryIO, max_files: int, fetcher: Fetcher | None) -> list[Upload]:
    """The files of a JsonUpload. What is no base64, or cannot be fetched, fails for itself at its turn.

    Raises RequestValidationError, TooManyFiles, FetchingOff.
    """
    body.seek(0)
    images = read_as(JsonUpload, body.read()).images
    if len(images) > max_files:
        raise TooManyFiles(max_files, "images")
    return [_upload(one, fetcher) for one in images]


def _upload(image: UploadedImage, fetcher: Fetcher | None) -> Upload:
    filename, opener = image.filename, _opener(image, fetcher)
    if image.url is not None:
        filename = filename or filename_in(image.url)
    return Upload(filename, opener, image.metadata, image.captions, image.external_id)


def _opener(image: UploadedImage, fetcher: Fetcher | None) -> Callable[[], BinaryIO]:
    data = image.data
    if data is None:
        return allowed(fetcher).opener(str(image.url))
    return lambda: upload_of(data).open()


def read_as(model: type[M], body: bytes) -> M:
    """Strict JSON: no lone surrogates, numbers are numbers. Raises RequestValidationError."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error, "body") from error


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def check_json(request: Request, *types: str) -> None:
    """Raises NotJson."""
    if media_type(request) not in types:
        raise NotJson(media_type(request) or "without a content type", types[0])


def described(*models: type[BaseModel]) -> dict[str, Any]:
    """Their schemas by name, and those that they refer to, for OpenAPI."""
    schemas: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    return schemas
