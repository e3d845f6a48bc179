"""A service in this process, which owns its store for as long as the command runs."""

from collections.abc import Sequence

from index.errors import UnknownCollection
from service.answer_schemas import SearchAnswer
from service.commands.client import Indexed
from service.commands.folder import Photo
from service.library import Library
from service.schemas import Image
from service.search_schemas import Search
from service.uploads import Upload


class LocalClient:
    """A `Client` of a library, which it leaves open. Raises what the library raises."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def ensure_collection(self, name: str) -> None:
        try:
            self._library.gallery.collection(name)
        except UnknownCollection:
            self._library.gallery.create_collection(name)

    def add(self, collection: str, photos: Sequence[Photo]) -> list[Indexed]:
        uploads = [Upload.from_path(photo.path, metadata={"path": photo.name}) for photo in photos]
        return [
            Indexed(outcome.status, None if outcome.error is None else str(outcome.error))
            for outcome in self._library.add(collection, uploads)
        ]

    def search(self, collection: str, search: Search) -> SearchAnswer:
        answer = self._library.search(collection, search.asked(), ranking=search.ranking())
        return SearchAnswer.of(answer, in_parts=search.parts is not None)

    def original(self, image: Image) -> str:
        gallery = self._library.gallery
        return str(gallery.original(gallery.image(image.collection, image.id)))
