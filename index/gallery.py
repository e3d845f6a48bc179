"""Gallery: the face of the package. Collections of images on disk, found again by their vectors."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import TracebackType

import numpy as np

from index.candidates import Candidates, Picked
from index.catalog import Catalog
from index.errors import StorageFull, UnknownCollection, translated
from index.files import FileStore
from index.lock import FolderLock
from index.names import check_collection_name
from index.records import Added, CollectionRecord, Found, Hit, ImageRecord, NewImage, SearchOptions
from index.rerank import SCORES, best
from index.reserve import Reserve
from index.spaces import Coming, Space
from index.vectors import Row, check_vector

DEFAULT_COLLECTION = "default"

SPARING_STEP = 16  # images that are removed at a time on a full disk


class Gallery:
    """A data folder and the one process that uses it. Thread-safe; a context manager.

    Changes run one after the other, each in this order: files, commit of the catalog, FAISS. Searches wait
    for the last only, which is short. What FAISS finds counts only where the catalog has it.
    """

    def __init__(
        self,
        space: Space,
        files: FileStore,
        reserve: Reserve,
        resources: ExitStack,
    ) -> None:
        """Use `open`."""
        self._space = space
        self._files = files
        self._reserve = reserve
        self._resources = resources
        self._changing = threading.Lock()

    @property
    def _catalog(self) -> Catalog:
        return self._space.catalog

    @property
    def _candidates(self) -> dict[str, Candidates]:
        return self._space.candidates

    @classmethod
    def open(cls, folder: Path, *, dim: int, model_version: str, checkpoint: str | None = None) -> "Gallery":
        """Opens the gallery in `folder`, which is made if need be, for vectors of `dim` numbers of one model.

        The folder remembers the model, and the `checkpoint` that it was loaded from, for `served_before`.

        Raises StoreInUse, StoreTooNew, StoreDamaged, StorageFull, StorageUnwritable.
        """
        with translated(folder):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            return cls._open(folder, dim, model_version, checkpoint)
        except StorageFull:  # which is met behind the lock only
            Reserve(folder).give_up()
            return cls._open(folder, dim, model_version, checkpoint)

    @classmethod
    def _open(cls, folder: Path, dim: int, model_version: str, checkpoint: str | None) -> "Gallery":
        reserve = Reserve(folder)
        with ExitStack() as opened:
            opened.enter_context(closing(FolderLock(folder)))
            catalog = opened.enter_context(
                closing(Catalog(folder / "catalog.sqlite3", dim=dim, model_version=model_version))
            )
            names = [record.name for record in catalog.collections()]
            if DEFAULT_COLLECTION not in names:
                catalog.create_collection(DEFAULT_COLLECTION)
                names.append(DEFAULT_COLLECTION)
            files = FileStore(folder)
            space = _space(catalog, names, model_version, dim)
            if catalog.serving() != (model_version, checkpoint):
                catalog.serve(checkpoint)
            reserve.hold()
            return cls(space, files, reserve, opened.pop_all())

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
        check_collection_name(name)
        with self._changing:
            self._catalog.create_collection(name)
            self._candidates[name] = Candidates(self._space.dim)
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
            contents = self._cleared(name, self._catalog.delete_collection)
            del self._candidates[name]
            self._files.remove(self._catalog.unused(contents))

    def empty_collection(self, name: str) -> None:
        """Deletes all that is in it, in one step if the disk is not full; the collection itself stays.

        Raises UnknownCollection.
        """
        with self._changing:
            contents = self._cleared(name, self._catalog.empty_collection)
            self._candidates[name] = Candidates(self._space.dim)
            self._files.remove(self._catalog.unused(contents))

    def known(self, collection: str, sha256s: Sequence[str]) -> dict[str, ImageRecord]:
        """Those of the contents that the collection has, by content. Raises UnknownCollection.

        Content whose files were lost is left out: whoever adds it again, mends it.
        """
        known = self._catalog.known(collection, sha256s)
        return {sha256: record for sha256, record in known.items() if self._files.has(sha256)}

    def add(
        self, collection: str, images: Sequence[NewImage], *, model_version: str | None = None
    ) -> list[Added]:
        """Adds all of the images or none; when it returns they survive a power cut, and searches find them.

        Content that the collection has keeps its record; if that lacked a vector of the current model, it
        now has one. Files that were lost are written anew.

        Raises BadVector, UnknownCollection, StorageFull, StorageUnwritable, and ModelChanged where a
        `model_version` is told and serves no longer.
        """
        with self._changing:
            self._space.check(model_version)
            for image in images:
                check_vector(image.vector, self._space.dim)
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
        """Removes images; gives those of the ids that were there, ascending. Raises UnknownCollection.

        Hand in many at once: FAISS passes over the whole collection at each call. On a full disk they leave
        a few at a time; StorageFull is raised where not even that works, and some may be gone then.
        """
        with self._changing:
            try:
                return self._remove(collection, ids)
            except StorageFull:
                with self._reserve.given_up():
                    return self._remove_sparingly(collection, ids)

    def vector(self, collection: str, id: int) -> Row:
        """(dim,) float32, as it was handed in. Raises UnknownCollection, UnknownImage, NotEmbedded."""
        return self._catalog.vector(collection, id)

    def search(
        self, collection: str, query: Row, options: SearchOptions, *, model_version: str | None = None
    ) -> Found:
        """The best images for `query`, (dim,) float32, unit; equal scores by ascending id.

        Raises BadVector, UnknownCollection, and ModelChanged where a `model_version` is told and serves no
        longer.
        """
        space = self._space  # the same until the end, whatever takes over meanwhile
        space.check(model_version)
        check_vector(query, space.dim)
        exclude = options.exclude
        while True:
            started = perf_counter()
            picked = _picked(_candidates_of(space, collection), query, replace(options, exclude=exclude))
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

    def pending(self) -> int:
        """How many images of all collections lack a vector of the current model, and are never found."""
        return self._catalog.pending()

    def coming(self, model_version: str, dim: int) -> Coming:
        """A space to fill for the model that is to serve next; what was put into it before is still there."""
        return Coming(self._catalog, model_version, dim)

    def switch(self, coming: Coming, checkpoint: str | None = None) -> None:
        """Has the coming model serve, in one step: each search uses the old space or the new one.

        Images without a vector of it are not found until they get one. Changes wait while its vectors are
        loaded; searches do not. Raises StoreDamaged, StorageFull, StorageUnwritable; the old one serves on.
        """
        with self._changing:
            space = _space(coming.catalog, self._candidates, coming.model_version, coming.dim)
            coming.catalog.serve(checkpoint)
            self._space = space

    def put_vectors(self, vectors: Mapping[int, Row], *, model_version: str | None = None) -> None:
        """Gives images their vectors of the current model, (dim,) float32 by id; deleted images are ignored.

        Raises BadVector, StorageFull, StorageUnwritable, and ModelChanged where a `model_version` is told and
        serves no longer.
        """
        with self._changing:
            self._space.check(model_version)
            for vector in vectors.values():
                check_vector(vector, self._space.dim)
            stored = self._catalog.put_vectors(vectors)
            for name in set(stored.values()):
                ids = [id for id, collection in stored.items() if collection == name]
                self._candidates_of(name).replace(ids, np.stack([vectors[id] for id in ids]))

    def _remove(self, collection: str, ids: Sequence[int]) -> list[int]:
        removed = self._catalog.remove(collection, ids)
        if removed:
            self._candidates_of(collection).remove(list(removed))
            self._files.remove(self._catalog.unused(set(removed.values())))
        return list(removed)

    def _remove_sparingly(self, collection: str, ids: Sequence[int]) -> list[int]:
        """Each step finds the space that the one before left: in SQLite's log, and where its files lay."""
        removed: list[int] = []
        for start in range(0, len(ids), SPARING_STEP):
            self._catalog.shorten_log()
            removed += self._remove(collection, ids[start : start + SPARING_STEP])
        return sorted(removed)

    def _cleared(self, name: str, clear: Callable[[str], set[str]]) -> set[str]:
        """What `clear`, a method of the catalog, gives; on a full disk, the images leave one by one first."""
        try:
            return clear(name)
        except StorageFull:
            with self._reserve.given_up():
                while page := self._catalog.images(name, after=None, limit=1000, newest_first=False):
                    self._remove_sparingly(name, [record.id for record in page])
                return clear(name)

    def _is_due(self, sha256: str, unused: set[str]) -> bool:
        """Whether the files are to be written; those that nothing uses may be there, but nobody vouches."""
        return sha256 in unused or not self._files.has(sha256)

    def _candidates_of(self, collection: str) -> Candidates:
        return _candidates_of(self._space, collection)


def _candidates_of(space: Space, collection: str) -> Candidates:
    try:
        return space.candidates[collection]
    except KeyError:
        raise UnknownCollection(collection) from None


def _space(catalog: Catalog, names: Iterable[str], model_version: str, dim: int) -> Space:
    return Space(model_version, dim, catalog, {name: _loaded(catalog, name, dim) for name in names})


def _loaded(catalog: Catalog, collection: str, dim: int) -> Candidates:
    candidates = Candidates(dim)
    for ids, rows in catalog.vectors(collection):
        candidates.add(ids, rows)
    return candidates


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
