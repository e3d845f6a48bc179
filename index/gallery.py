"""Gallery: the face of the package. Collections of images on disk, found again by their vectors."""

import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import TracebackType

import numpy as np

from index.catalog import Catalog
from index.cursors import Position, fingerprint, to_cursor, to_position
from index.errors import BadCollectionName, StorageFull, UnknownCollection, translated
from index.files import FileStore
from index.filters import compiled
from index.lock import FolderLock
from index.queries import Like, Query, Question
from index.records import (
    Added,
    CaptionHit,
    CaptionRecord,
    CollectionRecord,
    Found,
    Hit,
    ImageRecord,
    NewCaption,
    NewImage,
    Scoring,
    SearchOptions,
)
from index.rerank import TEXT_SCORES, best
from index.search import Search
from index.shelf import Shelf
from index.vectors import Row, check_vector

DEFAULT_COLLECTION = "default"

_COLLECTION_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Gallery:
    """A data folder and the one process that uses it. Thread-safe; a context manager.

    Changes run one after the other, each in this order: files, commit of the catalog, FAISS. Searches wait
    for the last only, which is short. What FAISS finds counts only where the catalog has it.
    """

    def __init__(
        self,
        dim: int,
        model_version: str,
        catalog: Catalog,
        files: FileStore,
        shelves: dict[str, Shelf],
        resources: ExitStack,
    ) -> None:
        """Use `open`."""
        self._dim = dim
        self._model = model_version
        self._catalog = catalog
        self._files = files
        self._shelves = shelves
        self._resources = resources
        self._changing = threading.Lock()

    @classmethod
    def open(cls, folder: Path, *, dim: int, model_version: str) -> "Gallery":
        """Opens the gallery in `folder`, which is made if need be, for vectors of `dim` numbers of one model.

        Raises StoreInUse, StoreTooNew, StoreDamaged, StorageFull, StorageUnwritable.
        """
        with ExitStack() as opened:
            with translated(folder):
                folder.mkdir(parents=True, exist_ok=True)
            opened.enter_context(closing(FolderLock(folder)))
            catalog = opened.enter_context(
                closing(Catalog(folder / "catalog.sqlite3", dim=dim, model_version=model_version))
            )
            names = [record.name for record in catalog.collections()]
            if DEFAULT_COLLECTION not in names:
                catalog.create_collection(DEFAULT_COLLECTION)
                names.append(DEFAULT_COLLECTION)
            files = FileStore(folder)
            shelves = {name: Shelf.loaded(catalog, name, dim) for name in names}
            return cls(dim, model_version, catalog, files, shelves, opened.pop_all())

    def close(self) -> None:
        """Waits for a change under way and lets the folder go. Closing twice does nothing."""
        with self._changing:
            self._resources.close()

    def __enter__(self) -> "Gallery":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def create_collection(self, name: str) -> CollectionRecord:
        """Raises BadCollectionName, CollectionExists."""
        if not _COLLECTION_NAME.fullmatch(name):
            raise BadCollectionName(name)
        with self._changing:
            self._catalog.create_collection(name)
            self._shelves[name] = Shelf.empty(self._dim)
            return self._catalog.collection(name)

    def collections(self) -> list[CollectionRecord]:
        """All collections, in the order of their creation."""
        return self._catalog.collections()

    def collection(self, name: str) -> CollectionRecord:
        """Raises UnknownCollection."""
        return self._catalog.collection(name)

    def delete_collection(self, name: str) -> None:
        """Deletes it with all that is in it. `default` can go too; the next `open` makes it anew, empty.

        Raises UnknownCollection.
        """
        with self._changing:
            contents = self._catalog.delete_collection(name)
            del self._shelves[name]
            self._files.remove(self._catalog.unused(contents))

    def empty_collection(self, name: str) -> None:
        """Deletes all that is in it, in one step: the collection itself is there all the time.

        Raises UnknownCollection.
        """
        with self._changing:
            contents = self._catalog.empty_collection(name)
            self._shelves[name] = Shelf.empty(self._dim)
            self._files.remove(self._catalog.unused(contents))

    def known(self, collection: str, sha256s: Sequence[str]) -> dict[str, ImageRecord]:
        """Those of the contents that the collection has, by content. Raises UnknownCollection.

        Content whose files were lost is left out: whoever adds it again, mends it.
        """
        known = self._catalog.known(collection, sha256s)
        return {sha256: record for sha256, record in known.items() if self._files.has(sha256)}

    def add(self, collection: str, images: Sequence[NewImage]) -> list[Added]:
        """Adds all of the images or none; when it returns they survive a power cut, and searches find them.

        Content that the collection has keeps its record; if that lacked a vector of the current model, it
        now has one, and captions that it lacked are added. Files that were lost are written anew.

        Raises BadVector, UnknownCollection, StorageFull, StorageUnwritable.
        """
        for image in images:
            check_vector(image.vector, self._dim)
            self._check_captions(image.captions)
        with self._changing:
            shelf = self._shelf(collection)
            unused = self._catalog.unused({image.sha256 for image in images})
            try:
                self._files.write([image for image in images if self._is_due(image.sha256, unused)])
                stored = self._catalog.add(collection, images)
            except StorageFull:
                self._files.remove(unused)  # what was written so far, so that there is space again
                raise
            searchable = [i for i, one in enumerate(stored) if one.vector_is_new]
            if searchable:
                shelf.images.add(
                    [stored[i].added.record.id for i in searchable],
                    np.stack([images[i].vector for i in searchable]),
                )
            shelf.add_captions({id: row for one in stored for id, row in one.captions.items()})
        return [one.added for one in stored]

    def image(self, collection: str, id: int) -> ImageRecord:
        """Raises UnknownCollection, UnknownImage."""
        return self._catalog.image(collection, id)

    def images(
        self, collection: str, *, after: int | None = None, limit: int = 100, newest_first: bool = False
    ) -> list[ImageRecord]:
        """Up to `limit` images by ascending id, or by descending id with `newest_first`.

        With `after`, those that come after this id in that order. Raises UnknownCollection.
        """
        return self._catalog.images(collection, after=after, limit=limit, newest_first=newest_first)

    def original(self, record: ImageRecord) -> Path:
        """The file as it was handed in. It is gone once the last record of its content was removed."""
        return self._files.original(record.sha256)

    def thumbnail(self, record: ImageRecord) -> Path:
        """The WebP thumbnail, which shares the fate of the original."""
        return self._files.thumbnail(record.sha256)

    def remove(self, collection: str, ids: Sequence[int]) -> list[int]:
        """Removes images; gives those of the ids that were there, ascending. Raises UnknownCollection.

        Hand in many at once: FAISS passes over the whole collection at each call.
        """
        with self._changing:
            removed = self._catalog.remove(collection, ids)
            if removed.contents:
                shelf = self._shelf(collection)
                shelf.images.remove(list(removed.contents))
                shelf.remove_captions(removed.captions)
                self._files.remove(self._catalog.unused(set(removed.contents.values())))
        return list(removed.contents)

    def vector(self, collection: str, id: int) -> Row:
        """(dim,) float32, as it was handed in. Raises UnknownCollection, UnknownImage, NotEmbedded."""
        return self._catalog.vector(collection, id)

    def search(self, collection: str, query: Query, options: SearchOptions) -> Found:
        """The best images for a query (see `queries`); equal scores by ascending id.

        A cursor goes on where an earlier answer to the same query and options ended. The vectors have to be
        the same to the last bit: a text that is embedded anew for each page may not be.

        Raises BadVector, BadValue, BadFilter, BadCursor, CursorExpired, UnknownCollection; for an image as
        the query also UnknownImage, NotEmbedded.
        """
        if isinstance(query, Like):
            # Rules for captions are made for texts. Without them, no image gains by having captions.
            options = replace(options, captions=None, exclude=options.exclude | {query.id})
            query = self.vector(collection, query.id)
        question = Question(query, self._dim)
        condition = None if options.filter is None else compiled(options.filter)
        made_for = fingerprint(collection, self._model, question, options)
        position = Position() if options.cursor is None else to_position(options.cursor, made_for)
        exclude = options.exclude
        while True:
            shelf, now = self._shelf(collection), replace(options, exclude=exclude)
            page = Search(self._catalog, collection, shelf, question, now, condition).page(position)
            started = perf_counter()
            records = self._catalog.records([hit.id for hit in page.hits])
            timings = {**page.milliseconds, "records": (perf_counter() - started) * 1000}
            deleted = {hit.id for hit in page.hits}.difference(records)
            if not deleted:
                break
            exclude |= deleted  # since they were picked: search again, so that others move up
        hits = [Hit(records[hit.id], *hit.scores, *hit.ranks) for hit in page.hits]
        cursor = None if page.position is None else to_cursor(page.position, made_for)
        return Found(hits, page.scored, timings, cursor)

    def best_captions(
        self, collection: str, image: Row | int, *, k: int = 10, scoring: Scoring = "symmetric", n: int = 200
    ) -> list[CaptionHit]:
        """What others wrote that fits an image: the `k` best of all captions of the collection, best first.

        `image` is (dim,) float32, unit, or the id of an image of the collection, whose own captions count
        like any. The `n` nearest by the symmetric score are ranked by the score asked for.

        Raises BadVector, BadValue, UnknownCollection, UnknownImage, NotEmbedded.
        """
        SearchOptions(k=k, candidates=n)  # which judges both
        row = self.vector(collection, image) if isinstance(image, int) else image
        check_vector(row, self._dim)
        picked = self._shelf(collection).captions.nearest(row, max(k, n), frozenset())
        records = self._catalog.captions.records(picked.ids.tolist())
        there = np.array([id in records for id in picked.ids.tolist()], bool)
        ids, rows = picked.ids[there], picked.rows[there]
        scores = {name: score(rows, row) for name, score in TEXT_SCORES.items()}
        return [
            CaptionHit(records[int(ids[i])], float(scores["symmetric"][i]), float(scores["asymmetric"][i]))
            for i in best(ids, scores[scoring], k)
        ]

    def captions(self, collection: str, image_id: int) -> list[CaptionRecord]:
        """An image's captions in the order of their addition. Raises UnknownCollection, UnknownImage."""
        return self._catalog.captions.of_image(collection, image_id)

    def caption(self, collection: str, id: int) -> CaptionRecord:
        """Raises UnknownCollection, UnknownCaption."""
        return self._catalog.captions.caption(collection, id)

    def add_captions(
        self, collection: str, image_id: int, captions: Sequence[NewCaption]
    ) -> list[CaptionRecord]:
        """Adds those that the image lacks; gives all of its captions. They survive a power cut.

        Raises BadVector, UnknownCollection, UnknownImage, StorageFull, StorageUnwritable.
        """
        self._check_captions(captions)
        with self._changing:
            added = self._catalog.captions.add(collection, image_id, captions)
            self._shelf(collection).add_captions(added)
            return self._catalog.captions.of_image(collection, image_id)

    def replace_captions(
        self, collection: str, image_id: int, captions: Sequence[NewCaption]
    ) -> list[CaptionRecord]:
        """Leaves the image these captions and no others; one that it has already keeps its record.

        Raises BadVector, UnknownCollection, UnknownImage, StorageFull, StorageUnwritable.
        """
        self._check_captions(captions)
        with self._changing:
            removed, added = self._catalog.captions.replace(collection, image_id, captions)
            shelf = self._shelf(collection)
            shelf.remove_captions(removed)
            shelf.add_captions(added)
            return self._catalog.captions.of_image(collection, image_id)

    def remove_captions(self, collection: str, ids: Sequence[int]) -> list[int]:
        """Removes captions; gives those of the ids that were there, ascending. Raises UnknownCollection."""
        with self._changing:
            removed = self._catalog.captions.remove(collection, ids)
            self._shelf(collection).remove_captions(removed)
        return removed

    def captions_without_vector(self, *, after: int = 0, limit: int = 32) -> list[CaptionRecord]:
        """Up to `limit` captions of any collection without a vector of the current model, by ascending id."""
        return self._catalog.captions.without_vector(after=after, limit=limit)

    def put_caption_vectors(self, vectors: Mapping[int, Row]) -> None:
        """Gives captions their vectors of the current model, (dim,) float32 by id; ignores removed ones.

        Raises BadVector, StorageFull, StorageUnwritable.
        """
        for vector in vectors.values():
            check_vector(vector, self._dim)
        with self._changing:
            stored = self._catalog.captions.put_vectors(vectors)
            for name in set(stored.values()):
                ids = [id for id, collection in stored.items() if collection == name]
                self._shelf(name).captions.replace(ids, np.stack([vectors[id] for id in ids]))

    def without_vector(self, *, after: int = 0, limit: int = 32) -> list[ImageRecord]:
        """Up to `limit` images of any collection without a vector of the current model, by ascending id."""
        return self._catalog.without_vector(after=after, limit=limit)

    def put_vectors(self, vectors: Mapping[int, Row]) -> None:
        """Gives images their vectors of the current model, (dim,) float32 by id; deleted images are ignored.

        Raises BadVector, StorageFull, StorageUnwritable.
        """
        for vector in vectors.values():
            check_vector(vector, self._dim)
        with self._changing:
            stored = self._catalog.put_vectors(vectors)
            for name in set(stored.values()):
                ids = [id for id, collection in stored.items() if collection == name]
                self._shelf(name).images.replace(ids, np.stack([vectors[id] for id in ids]))

    def _is_due(self, sha256: str, unused: set[str]) -> bool:
        """Whether the files are to be written; those that nothing uses may be there, but nobody vouches."""
        return sha256 in unused or not self._files.has(sha256)

    def _check_captions(self, captions: Sequence[NewCaption]) -> None:
        for caption in captions:
            check_vector(caption.vector, self._dim)

    def _shelf(self, collection: str) -> Shelf:
        try:
            return self._shelves[collection]
        except KeyError:
            raise UnknownCollection(collection) from None
