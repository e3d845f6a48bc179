"""What the service answers. Members that a newer service adds are kept, in `model_extra`."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Scope = Literal["read", "write", "admin"]
UploadStatus = Literal["created", "exists", "failed"]


class Document(BaseModel):
    """Whatever the service tells. Frozen."""

    model_config = ConfigDict(frozen=True, extra="allow")


class FieldProblem(Document):
    field: str
    detail: str


class Problem(Document):
    """RFC 9457: what went wrong, for programs (`type`, `field`, `limit`) and for people."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    limit: float | None = None
    remedy: str | None = None
    errors: list[FieldProblem] | None = None

    def __str__(self) -> str:
        """What happened and what to do."""
        return f"{self.detail} {self.remedy or ''}".rstrip()


class Collection(Document):
    name: str
    created_at: str
    images: int
    searchable: int
    captions: int
    bytes: int
    model: str
    state: Literal["ready", "embedding"]


class Collections(Document):
    collections: list[Collection]


class Links(Document):
    """Paths on the service."""

    file: str
    thumbnail: str


class Caption(Document):
    id: int
    language: str
    text: str


class Image(Document):
    id: int
    collection: str
    external_id: str | None
    filename: str
    format: str
    width: int
    height: int
    bytes: int
    sha256: str
    metadata: dict[str, JsonValue]
    captions: list[Caption]
    created_at: str
    updated_at: str
    links: Links


class ImagePage(Document):
    images: list[Image]
    next_cursor: str | None


class UploadItem(Document):
    """What became of one file; `error` says why it failed."""

    index: int
    filename: str
    status: UploadStatus
    image: Image | None
    error: Problem | None


class UploadItems(Document):
    items: list[UploadItem]


class UploadAnswer(UploadItems):
    created: int
    existing: int
    failed: int


class Deleted(Document):
    """How many, and the first 1000 of their ids."""

    deleted: int
    ids: list[int]


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


class NearImage(Document):
    image: Image
    distance: int


class SimilarImage(Document):
    image: Image
    score: float


class ImageDuplicates(Document):
    """`pending` is how many images of the collection could not be compared yet."""

    exact: list[Image]
    near: list[NearImage]
    similar: list[SimilarImage]
    pending: int


class DuplicateGroup(Document):
    kind: Literal["near", "similar", "exact"]
    images: list[Image]


class DuplicatePage(Document):
    groups: list[DuplicateGroup]
    next_cursor: str | None
    pending: int


class Embedding(Document):
    index: int
    embedding: list[float]


class Embeddings(Document):
    data: list[Embedding]
    model: str


class Model(Document):
    version: str
    dim: int
    scoring: Literal["symmetric", "asymmetric"]
    languages: list[str]


class Job(Document):
    """Work that goes on after its request: an import. `total` is None while nobody knows it.

    `skipped` are hidden files, and those that are called like no photo.
    """

    id: int
    kind: str
    collection: str
    state: JobState
    total: int | None
    done: int
    created: int
    existing: int
    failed: int
    skipped: int
    error: Problem | None
    created_at: str
    updated_at: str

    @property
    def finished(self) -> bool:
        return self.state in ("succeeded", "failed", "cancelled")


class JobPage(Document):
    jobs: list[Job]
    next_cursor: str | None


class JobItem(Document):
    index: int
    name: str
    status: UploadStatus
    image_id: int | None
    error: Problem | None


class JobItemPage(Document):
    items: list[JobItem]
    next_cursor: str | None


class JobEvent(Document):
    """`data` is the job for `progress` and `done`, and one of its items for `item`."""

    id: str
    kind: str
    data: dict[str, Any]


class Key(Document):
    """Everything about a key but its secret. `collections` is None where it may see all."""

    id: int
    name: str
    scope: Scope
    collections: list[str] | None
    rate: int | None
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    revoked_at: str | None


class NewKey(Key):
    secret: str = Field(repr=False)


class KeyPage(Document):
    keys: list[Key]
    next_cursor: str | None


class Finding(Document):
    """What is wrong with a store; `image` is whose the file is, for people."""

    problem: str
    subject: str
    image: str | None


class Report(Document):
    """What `doctor` found: how many of each problem, and the first of them in words."""

    healthy: bool
    found: dict[str, int]
    findings: list[Finding]
