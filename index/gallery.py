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

from index.candidates import Candidates, Picked
from index.catalog import Catalog
from index.errors import BadCollectionName, StorageFull, UnknownCollection, translated
from index.files import FileStore
from index.lock import FolderLock
from index.records import Added, CollectionRecord, Found, Hit, ImageRecord, NewImage, SearchOptions
from index.rerank import SCORES, best
from index.snapshots import Snapshots
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
        catalog: Catalog,
        files: FileStore,
        snapshots: Snapshots,
        candidates: dict[str, Candidates],
        resources: ExitStack,
    ) -> None:
        """Use `open`."""
        self._dim = dim
        self._catalog = catalog
        self._files = files
        self._snapshots = snapshots
        self._candidates = candidates
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
            snapshots = Snapshots(folder / "lists")
            snapshots.keep(names)
            candidates: dict[str, Candidates] = {}
            opened.callback(_close, candidates)
            for name in names:
                candidates[name] = Candidates.loaded(dim, catalog.vectors(name), snapshots.of(name))
            return cls(dim, catalog, files, snapshots, candidates, opened.pop_all())

    def close(self) -> None:
        """Waits for a change under way, gives up builds, lets the folder go. Closing twice does nothing."""
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
            self._candidates[name] = Candidates(self._dim, self._snapshots.of(name))
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
            self._forget(name)
            self._files.remove(self._catalog.unused(contents))

    def empty_collection(self, name: str) -> None:
        """Deletes all that is in it, in one step: the collection itself is there all the time.

        Raises UnknownCollection.
        """
        with self._changing:
            contents = self._catalog.empty_collection(name)
            self._forget(name)
            self._candidates[name] = Candidates(self._dim, self._snapshots.of(name))
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
        now has one. Files that were lost are written anew.

        Raises BadVector, UnknownCollection, StorageFull, StorageUnwritable.
        """
        for image in images:
            check_vector(image.vector, self._dim)
        with self._changing:
            candidates = self._candidates_of(collection)
            unused = self._catalog.unused({image.sha256 for image in images})
            try:
                self._files.write([image for image in images if self._is_due(image.sha256, unused)])
                stored = self._catalog.add(collection, images)
            except StorageFull:
                self._files.remove(unused)  # what was written so far, so that there is space again
                raise
            searchable = [i for i, one in enumerate(stored) if one.vector_is_new]
            if searchable:
                candidates.add(
                    [stored[i].added.record.id for i in searchable],
                    np.stack([images[i].vector for i in searchable]),
                )
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
        """Removes images; gives those of the ids that were there, ascending. Raises UnknownCollection."""
        with self._changing:
            removed = self._catalog.remove(collection, ids)
            if removed:
                self._candidates_of(collection).remove(list(removed))
                self._files.remove(self._catalog.unused(set(removed.values())))
        return list(removed)

    def vector(self, collection: str, id: int) -> Row:
        """(dim,) float32, as it was handed in. Raises UnknownCollection, UnknownImage, NotEmbedded."""
        return self._catalog.vector(collection, id)

    def search(self, collection: str, query: Row, options: SearchOptions) -> Found:
        """The best images for `query`, (dim,) float32, unit; equal scores by ascending id.

        Raises BadVector, UnknownCollection.
        """
        check_vector(query, self._dim)
        exclude = options.exclude
        while True:
            started = perf_counter()
            picked = _picked(self._candidates_of(collection), query, replace(options, exclude=exclude))
            picked_at = perf_counter()
            ranked = _ranked(picked, query, options)
            ranked_at = perf_counter()
            records = self._catalog.records([id for id, _, _ in ranked])
            ended = perf_counter()
            deleted = {id for id, _, _ in ranked}.difference(records)
            if not deleted:
                break
            exclude |= deleted  # since they were picked: search again, so that others move up
        timings = {
            "candidates": (picked_at - started) * 1000,
            "rerank": (ranked_at - picked_at) * 1000,
            "records": (ended - ranked_at) * 1000,
        }
        hits = [Hit(records[id], symmetric, asymmetric) for id, symmetric, asymmetric in ranked]
        return Found(hits, picked.scored, timings)

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
                self._candidates_of(name).replace(ids, np.stack([vectors[id] for id in ids]))

    def _is_due(self, sha256: str, unused: set[str]) -> bool:
        """Whether the files are to be written; those that nothing uses may be there, but nobody vouches."""
        return sha256 in unused or not self._files.has(sha256)

    def _forget(self, collection: str) -> None:
        """What was kept beside the catalog to find the images of a collection that has none now."""
        self._candidates.pop(collection).close()
        self._snapshots.of(collection).remove()

    def _candidates_of(self, collection: str) -> Candidates:
        try:
            return self._candidates[collection]
        except KeyError:
            raise UnknownCollection(collection) from None


def _close(candidates: Mapping[str, Candidates]) -> None:
    for each in candidates.values():
        each.close()


def _picked(candidates: Candidates, query: Row, options: SearchOptions) -> Picked:
    n = max(options.k, options.candidates)
    if not options.exact:
        return candidates.nearest(query, n, options.exclude)
    score = SCORES[options.scoring]
    return candidates.scan(lambda rows: score(rows, query), n, options.exclude)


def _ranked(picked: Picked, query: Row, options: SearchOptions) -> list[tuple[int, float, float]]:
    """Id, symmetric and asymmetric score of the `k` best of those picked, by the score asked for."""
    scores = {name: score(picked.rows, query) for name, score in SCORES.items()}
    order = best(picked.ids, scores[options.scoring], options.k)
    columns = (picked.ids, scores["symmetric"], scores["asymmetric"])
    return list(zip(*(column[order].tolist() for column in columns), strict=True))
