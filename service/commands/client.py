"""How the commands reach a service: written once, whether it runs in this process or elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from service.answer_schemas import SearchAnswer
from service.commands.folder import Photo
from service.schemas import Image
from service.search_schemas import Search


@dataclass(frozen=True)
class Indexed:
    """What became of a photo. `reason` says why it failed and what to do, and is None where it did not."""

    status: Literal["created", "exists", "failed"]
    reason: str | None = None


class Client(Protocol):
    """Speaks the documents of the HTTP API. Safe to use from several threads."""

    def ensure_collection(self, name: str) -> None:
        """Have the collection exist."""

    def add(self, collection: str, photos: Sequence[Photo]) -> list[Indexed]:
        """Add photos and tell of each, in their order. What it returned is safe on the service's disk."""

    def search(self, collection: str, search: Search) -> SearchAnswer:
        """Find images."""

    def original(self, image: Image) -> str:
        """Where the file of an image is found: a path or an address."""
