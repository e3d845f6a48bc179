"""The bodies of requests and answers. Their examples run as they stand."""

from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Json, JsonValue, model_validator

from index.listing import Listing, Order, Page
from index.records import CaptionRecord, CollectionRecord, ImageRecord, Scoring
from service.integers import Integer
from service.problems import Problem
from service.uploads import Outcome

MAX_PAGE: Final = 1000


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


class Caption(BaseModel):
    """A description of an image, in one language."""

    id: int
    language: str = Field(description="ISO 639 code", examples=["de"])
    text: str

    @classmethod
    def of(cls, record: CaptionRecord) -> Self:
        return cls(id=record.id, language=record.language, text=record.text)


class Image(BaseModel):
    id: int
    collection: str
    external_id: str | None = Field(description="what you call it; unique in the collection")
    filename: str
    format: str = Field(examples=["jpeg"])
    width: int = Field(description="pixels, once turned upright")
    height: int = Field(description="pixels, once turned upright")
    bytes: int = Field(description="size of the file")
    sha256: str = Field(description="of the file, hexadecimal")
    metadata: dict[str, JsonValue]
    captions: list[Caption]
    created_at: str = Field(examples=["2026-01-31T12:00:00.123Z"])
    updated_at: str = Field(
        description="of what is told here, captions included", examples=["2026-01-31T12:00:00.123Z"]
    )
    links: Links

    @classmethod
    def of(cls, record: ImageRecord) -> Self:
        captions = [Caption.of(caption) for caption in record.captions]
        return cls.model_validate({**vars(record), "captions": captions, "links": Links.of(record)})


class Deletion(BaseModel):
    """Which images to delete: one of `ids`, `external_ids` and `filter`."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"filter": {"field": "width", "lt": 8}, "dry_run": True},
                {"ids": [1000, 1001]},
                {"external_ids": ["shelf-7/1000"]},
            ]
        },
    )

    ids: list[int] | None = Field(default=None, max_length=100_000)
    external_ids: list[str] | None = Field(default=None, max_length=100_000)
    filter: dict[str, JsonValue] | None = Field(default=None, description="as for searches")
    dry_run: bool = Field(default=False, description="tell what would be deleted, and delete nothing")

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if sum(one is not None for one in (self.ids, self.external_ids, self.filter)) != 1:
            raise ValueError("Give one of `ids`, `external_ids` and `filter`")
        return self


class Deleted(BaseModel):
    deleted: int
    ids: list[int] = Field(description="the first 1000 of them, ascending")


class Listed(BaseModel):
    """What to list, as addresses have it."""

    limit: Integer = Field(default=100, ge=1, le=MAX_PAGE, description="images of a page")
    cursor: str | None = Field(
        default=None, description="`next_cursor` of the page before, with the same sort and filter"
    )
    sort: Order = Field(
        default="created_at", description="`-` in front has the newest, last or largest first; equals by id"
    )
    filter: Json[dict[str, JsonValue]] | None = Field(default=None, description="as for searches, as JSON")
    external_id: str | None = Field(default=None, description="of the one image to list, if it is there")

    def listing(self) -> Listing:
        return Listing(self.sort, self.filter, self.external_id, self.cursor, self.limit)


class ImagePage(BaseModel):
    images: list[Image]
    next_cursor: str | None = Field(description="hand it in as `cursor` for the next page; null on the last")

    @classmethod
    def of(cls, page: Page) -> "ImagePage":
        return cls(images=[Image.of(record) for record in page.images], next_cursor=page.cursor)


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
