"""A job, its items, and what becomes of each."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from index.records import CollectionKey, CollectionRef

Kind = Literal["archive", "folder", "urls"]
State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Status = Literal["created", "exists", "failed"]
FINISHED: Final = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class JobRecord:
    id: int
    kind: Kind
    collection: str  # its name of now, or the last one that it had
    state: State
    source: str
    total: int | None
    done: int
    created: int
    existing: int
    failed: int
    skipped: int
    mark: int | None
    error: str | None
    created_at: str
    updated_at: str
    collection_id: int | None  # None in jobs of long ago

    @property
    def target(self) -> CollectionRef:
        if self.collection_id is None:
            return self.collection
        return CollectionKey(self.collection_id, self.collection)

    @property
    def finished(self) -> bool:
        return self.state in FINISHED


@dataclass(frozen=True)
class ItemRecord:
    number: int
    name: str
    place: bytes
    refusal: str | None
    status: Status | None
    image_id: int | None
    error: str | None


class Entry(NamedTuple):
    """Something to import: its name for people, its place in the source, and why it is refused, if it is."""

    name: str
    place: bytes
    refusal: str | None = None


class Result(NamedTuple):
    number: int
    status: Status
    image_id: int | None
    error: str | None
