"""The backlog: images and captions that lack a vector of the model, and get one in the background."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from time import monotonic
from typing import Final, Protocol, TypeVar

from index.gallery import Gallery
from index.records import CaptionRecord, ImageRecord
from index.vectors import Row
from service.decoder import Decoder
from service.embedder import Embedder
from service.images import Decoded, ImageError

logger = logging.getLogger(__name__)

BATCH: Final = 16


class Space(Protocol):
    """Where images and captions get vectors of one model: the gallery, or what is to take its place."""

    def without_vector(self, *, after: int, limit: int) -> list[ImageRecord]: ...
    def put_vectors(self, vectors: Mapping[int, Row]) -> None: ...
    def captions_without_vector(self, *, after: int, limit: int) -> list[CaptionRecord]: ...
    def put_caption_vectors(self, vectors: Mapping[int, Row]) -> None: ...
    def put_unreadable_captions(self, ids: Sequence[int]) -> None: ...


R = TypeVar("R", ImageRecord, CaptionRecord)
R_co = TypeVar("R_co", ImageRecord, CaptionRecord, covariant=True)


class Lacking(Protocol[R_co]):
    """The next records without a vector, ids above `after`, by ascending id."""

    def __call__(self, *, after: int, limit: int) -> Sequence[R_co]: ...


class Backlog:
    def __init__(self, gallery: Gallery, decoder: Decoder, share: float) -> None:
        """`share` of the time, more than 0 and at most 1, it may be at work."""
        self._gallery = gallery
        self._decoder = decoder
        self._share = share

    def work_off(self, stop: threading.Event, space: Space, embedder: Embedder) -> int:
        """Give what lacks a vector in the space one; see `Library.reembed`."""
        done = self._fill(
            stop, space.without_vector, lambda images: self._vectors(images, embedder), space.put_vectors
        )
        return done + self._fill(
            stop,
            space.captions_without_vector,
            lambda captions: _caption_vectors(captions, embedder, space.put_unreadable_captions),
            space.put_caption_vectors,
        )

    def _fill(
        self,
        stop: threading.Event,
        lacking: Lacking[R],
        embed: Callable[[Sequence[R]], dict[int, Row]],
        put: Callable[[Mapping[int, Row]], None],
    ) -> int:
        done = after = 0
        while not stop.is_set():
            started = monotonic()
            records = lacking(after=after, limit=BATCH)
            if not records:
                break
            after = records[-1].id
            vectors = embed(records)
            put(vectors)
            done += len(vectors)
            stop.wait((monotonic() - started) * (1 / self._share - 1))
        return done

    def _vectors(self, records: Sequence[ImageRecord], embedder: Embedder) -> dict[int, Row]:
        """New vectors by id. An original that no longer decodes is logged and left out."""
        decoding = {record.id: self._decode_original(record) for record in records}
        embedding: dict[int, Future[Row]] = {}
        for id, future in decoding.items():
            try:
                embedding[id] = embedder.images.submit(future.result().image(), patient=True)
            except (ImageError, OSError) as error:
                logger.warning("image %d stays without a vector of model %s: %s", id, embedder.version, error)
        return {id: future.result() for id, future in embedding.items()}

    def _decode_original(self, record: ImageRecord) -> Future[Decoded]:
        try:
            return self._decoder.decode(self._gallery.original(record).read_bytes())
        except OSError as error:
            failed: Future[Decoded] = Future()
            failed.set_exception(error)
            return failed


def _caption_vectors(
    records: Sequence[CaptionRecord], embedder: Embedder, put_unreadable: Callable[[Sequence[int]], None]
) -> dict[int, Row]:
    """New vectors by id. A caption that says nothing to the model is noted, and awaits none any more."""
    embedding: dict[int, Future[Row]] = {}
    unreadable: list[int] = []
    for record in records:
        if embedder.encoder.reads(record.text):
            embedding[record.id] = embedder.texts.submit((record.text, record.language), patient=True)
        else:
            unreadable.append(record.id)
            logger.warning(
                "caption %d stays without a vector of model %s, which cannot read it",
                record.id,
                embedder.version,
            )
    if unreadable:
        put_unreadable(unreadable)
    return {id: future.result() for id, future in embedding.items()}
