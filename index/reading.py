"""Reading: what a gallery answers, in which nothing changes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from index.catalog import Catalog
from index.cursors import Position, fingerprint, to_cursor, to_position
from index.duplicates import Duplicates
from index.files import FileStore
from index.filters import Condition, compiled
from index.listing import Listing, Page
from index.queries import Like, Query, Question
from index.receipts import Receipts
from index.records import (
    CaptionHit,
    CaptionRecord,
    CollectionKey,
    CollectionRecord,
    CollectionRef,
    Found,
    Held,
    Hit,
    ImageRecord,
    Json,
    Scoring,
    SearchOptions,
)
from index.rerank import TEXT_SCORES, best
from index.search import Search
from index.spaces import Space
from index.vectors import Row, check_vector


class Reading:
    """The half of `Gallery` that waits for no change. A search uses one space until its end."""

    def __init__(self, space: Space, files: FileStore) -> None:
        self._space = space
        self._files = files

    @property
    def _catalog(self) -> Catalog:
        return self._space.catalog

    def collections(self) -> list[CollectionRecord]:
        """All collections, in the order of their creation."""
        return self._catalog.collections.records()

    def collection(self, name: str) -> CollectionRecord:
        """Raises UnknownCollection."""
        return self._catalog.collections.record(name)

    def held(self) -> list[Held]:
        """What is in memory of each collection."""
        space = self._space
        shelves = [(key.name, space.shelves.get(key)) for key in space.catalog.collections.all()]
        return [
            Held(
                name,
                len(shelf.images),
                len(shelf.captions),
                shelf.images.in_lists,
                shelf.captions.in_lists,
            )
            for name, shelf in shelves
            if shelf is not None  # made or deleted at this moment
        ]

    def key(self, name: str) -> CollectionKey:
        """For work that goes on if the collection is renamed meanwhile. Raises UnknownCollection."""
        return self._catalog.collections.key(name)

    def known(self, collection: CollectionRef, sha256s: Sequence[str]) -> dict[str, ImageRecord]:
        """Those of the contents that the collection has, by content. Raises UnknownCollection.

        Content whose files were lost is left out: whoever adds it again, mends it.
        """
        known = self._catalog.known(collection, sha256s)
        return {sha256: record for sha256, record in known.items() if self._files.has(sha256)}

    def image(self, collection: str, id: int) -> ImageRecord:
        """Raises UnknownCollection, UnknownImage."""
        return self._catalog.image(collection, id)

    def by_external_id(
        self, collection: CollectionRef, external_ids: Sequence[str]
    ) -> dict[str, ImageRecord]:
        """Those of the images that the collection has, by external id. Raises UnknownCollection."""
        return self._catalog.by_external_id(collection, external_ids)

    def matching(self, collection: CollectionRef, filter: Json) -> list[int]:
        """The images that a filter lets pass, by ascending id. Raises UnknownCollection, BadFilter."""
        found: list[int] = self._catalog.passing(collection, compiled(filter)).tolist()
        return found

    def present(self, collection: CollectionRef, ids: Sequence[int]) -> list[int]:
        """Those of the ids that the collection has, ascending. Raises UnknownCollection."""
        condition = Condition("images.id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),))
        found: list[int] = self._catalog.passing(collection, condition).tolist()
        return found

    @property
    def receipts(self) -> Receipts:
        return self._catalog.receipts

    @property
    def duplicates(self) -> Duplicates:
        """What is the same, nearly the same, or alike; seen through the model that serves now."""
        return Duplicates(self._space, self._files)

    def images(
        self,
        collection: CollectionRef,
        *,
        after: int | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> list[ImageRecord]:
        """Up to `limit` images by ascending id, or by descending id with `newest_first`.

        With `after`, those that come after this id in that order. Raises UnknownCollection.
        """
        return self._catalog.images(collection, after=after, limit=limit, newest_first=newest_first)

    def page(self, collection: str, listing: Listing) -> Page:
        """Raises UnknownCollection, BadFilter, BadCursor, CursorExpired."""
        return self._catalog.page(collection, listing)

    def original(self, record: ImageRecord) -> Path:
        """The file as it was handed in. It is gone once the last record of its content was removed."""
        return self._files.original(record.sha256)

    def thumbnail(self, record: ImageRecord) -> Path:
        """The WebP thumbnail, which shares the fate of the original."""
        return self._files.thumbnail(record.sha256)

    def vector(self, collection: str, id: int) -> Row:
        """(dim,) float32, as it was handed in. Raises UnknownCollection, UnknownImage, NotEmbedded."""
        return self._catalog.vectors.of_image(collection, id)

    def without_vector(self, *, after: int = 0, limit: int = 32) -> list[ImageRecord]:
        """Up to `limit` images of any collection without a vector of the current model, by ascending id."""
        return self._catalog.without_vector(after=after, limit=limit)

    def captions_without_vector(self, *, after: int = 0, limit: int = 32) -> list[CaptionRecord]:
        """Up to `limit` captions of any collection that await a vector of the current model, as above."""
        return self._catalog.captions.without_vector(after=after, limit=limit)

    def pending(self) -> int:
        """How many images and captions await a vector of the current model, and take no part in searches.

        Captions that the model cannot read do not count: they never will.
        """
        return self._catalog.pending()

    def search(
        self, collection: str, query: Query, options: SearchOptions, *, model_version: str | None = None
    ) -> Found:
        """The best images for a query (see `queries`); equal scores by ascending id.

        A cursor goes on where an earlier answer to the same query and options ended. The vectors have to be
        the same to the last bit: a text that is embedded anew for each page may not be.

        Raises BadVector, BadValue, BadFilter, BadCursor, CursorExpired, UnknownCollection; for an image as
        the query also UnknownImage, NotEmbedded; and ModelChanged where a `model_version` is told and serves
        no longer.
        """
        space = self._space  # the same until the end, whatever takes over meanwhile
        space.check(model_version)
        if isinstance(query, Like):
            # Rules for captions are made for texts. Without them, no image gains by having captions.
            options = replace(options, captions=None, exclude=options.exclude | {query.id})
            query = space.catalog.vectors.of_image(collection, query.id)
        key = space.catalog.collections.key(collection)  # which stays the same if the name changes
        question = Question(query, space.dim)
        condition = None if options.filter is None else compiled(options.filter)
        made_for = fingerprint(key.id, space.model_version, question, options)
        position = Position() if options.cursor is None else to_position(options.cursor, made_for)
        exclude = options.exclude
        while True:
            shelf, now = space.shelf(key), replace(options, exclude=exclude)
            page = Search(space.catalog, key, shelf, question, now, condition).page(position)
            started = perf_counter()
            records = space.catalog.records([hit.id for hit in page.hits])
            timings = {**page.milliseconds, "records": (perf_counter() - started) * 1000}
            deleted = {hit.id for hit in page.hits}.difference(records)
            if not deleted:
                break
            exclude |= deleted  # since they were picked: search again, so that others move up
        hits = [Hit(records[hit.id], *hit.scores, *hit.ranks) for hit in page.hits]
        cursor = None if page.position is None else to_cursor(page.position, made_for)
        return Found(hits, page.scored, timings, cursor)

    def best_captions(
        self,
        collection: str,
        image: Row | int,
        *,
        k: int = 10,
        scoring: Scoring = "symmetric",
        n: int = 200,
        model_version: str | None = None,
    ) -> list[CaptionHit]:
        """What others wrote that fits an image: the `k` best of all captions of the collection, best first.

        `image` is (dim,) float32, unit, or the id of an image of the collection, whose own captions count
        like any. The `n` nearest by the symmetric score are ranked by the score asked for.

        Raises BadVector, BadValue, UnknownCollection, UnknownImage, NotEmbedded, and ModelChanged where a
        `model_version` is told and serves no longer.
        """
        SearchOptions(k=k, candidates=n)  # which judges both
        space = self._space
        space.check(model_version)
        row = space.catalog.vectors.of_image(collection, image) if isinstance(image, int) else image
        check_vector(row, space.dim)
        picked = space.shelf(collection).captions.nearest(row, max(k, n), frozenset())
        records = space.catalog.captions.records(picked.ids.tolist())
        there = np.array([id in records for id in picked.ids.tolist()], bool)
        ids, rows = picked.ids[there], picked.rows[there]
        scores = {name: score(rows, row) for name, score in TEXT_SCORES.items()}
        return [
            CaptionHit(records[int(ids[i])], float(scores["symmetric"][i]), float(scores["asymmetric"][i]))
            for i in best(ids, scores[scoring], k)
        ]
