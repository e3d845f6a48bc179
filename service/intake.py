"""How images get in: bytes -> decoded -> embedded -> stored, a chunk at a time."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import chain
from time import monotonic
from typing import Final, Protocol, TypeVar

from index.gallery import Gallery
from index.records import CaptionRecord, ImageRecord, NewImage
from index.vectors import Row
from service.decoder import Decoder
from service.embedder import Embedder, Serving
from service.images import Decoded, ImageError
from service.settings import Settings
from service.uploads import Content, Outcome, Upload, chunks

logger = logging.getLogger(__name__)

T = TypeVar("T")

REEMBED_BATCH: Final = 16


@dataclass(frozen=True)
class _Started:
    """A chunk whose new contents, by SHA-256, are being decoded."""

    chunk: list[Content | Outcome]
    known: dict[str, ImageRecord]
    decoding: dict[str, Future[Decoded]]


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


class Intake:
    """Brings images into a gallery. Decoding runs ahead, while the chunk before is embedded and stored."""

    def __init__(self, gallery: Gallery, decoder: Decoder, serving: Serving, settings: Settings) -> None:
        self._gallery = gallery
        self._decoder = decoder
        self._serving = serving
        self._max_image_bytes = settings.max_image_bytes
        self._reembed_share = settings.reembed_share

    def add(self, collection: str, uploads: Iterable[Upload]) -> list[Outcome]:
        """One outcome per upload, in their order; see `Library.add`."""
        started = (self._start(collection, chunk) for chunk in chunks(uploads, self._max_image_bytes))
        finished = map(partial(self._finish, collection), _one_ahead(started))
        return list(chain.from_iterable(finished))

    def reembed(self, stop: threading.Event, space: Space, embedder: Embedder) -> int:
        """Give the images and captions that lack a vector in the space one; see `Library.reembed`."""
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
            records = lacking(after=after, limit=REEMBED_BATCH)
            if not records:
                break
            after = records[-1].id
            vectors = embed(records)
            put(vectors)
            done += len(vectors)
            stop.wait((monotonic() - started) * (1 / self._reembed_share - 1))
        return done

    def _start(self, collection: str, chunk: list[Content | Outcome]) -> _Started:
        contents = {one.sha256: one.data for one in chunk if isinstance(one, Content)}
        known = self._gallery.known(collection, list(contents))
        new = {sha256: data for sha256, data in contents.items() if sha256 not in known}
        return _Started(chunk, known, {sha256: self._decoder.decode(data) for sha256, data in new.items()})

    def _finish(self, collection: str, started: _Started) -> list[Outcome]:
        return self._serving.use(lambda embedder: self._finish_with(embedder, collection, started))

    def _finish_with(self, embedder: Embedder, collection: str, started: _Started) -> list[Outcome]:
        errors: dict[str, ImageError] = {}
        embedding: dict[str, tuple[Decoded, Future[Row]]] = {}
        for sha256, future in started.decoding.items():
            try:
                embedding[sha256] = _embed(embedder, future.result())
            except ImageError as error:
                errors[sha256] = error
        new = [
            _new_image(one, *embedding[one.sha256])
            for one in started.chunk
            if isinstance(one, Content) and one.sha256 in embedding
        ]
        added = iter(self._gallery.add(collection, new, model_version=embedder.version))
        outcomes = []
        for one in started.chunk:
            if isinstance(one, Outcome):
                outcomes.append(one)
            elif one.sha256 in embedding:
                stored = next(added)
                outcomes.append(Outcome(one.filename, stored.record, stored.created))
            else:
                record, failure = started.known.get(one.sha256), errors.get(one.sha256)
                outcomes.append(Outcome(one.filename, record, error=failure))
        return outcomes

    def _vectors(self, records: Sequence[ImageRecord], embedder: Embedder) -> dict[int, Row]:
        """New vectors by id. An original that no longer decodes is logged and left out."""
        decoding = {record.id: self._decode_original(record) for record in records}
        embedding: dict[int, Future[Row]] = {}
        for id, future in decoding.items():
            try:
                _, embedding[id] = _embed(embedder, future.result())
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


def _embed(embedder: Embedder, decoded: Decoded) -> tuple[Decoded, Future[Row]]:
    # Patient: how many requests are here is bounded elsewhere, and half a request helps nobody.
    return decoded, embedder.images.submit(decoded.image(), patient=True)


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


def _new_image(content: Content, decoded: Decoded, embedding: Future[Row]) -> NewImage:
    return NewImage(
        original=content.data,
        thumbnail=decoded.thumbnail,
        format=decoded.format,
        width=decoded.width,
        height=decoded.height,
        filename=content.filename,
        metadata=content.metadata,
        vector=embedding.result(),
        sha256=content.sha256,
    )


def _one_ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items, but each is pulled before the one in front of it is handed out."""
    pulled: deque[T] = deque()
    for item in items:
        pulled.append(item)
        if len(pulled) > 1:
            yield pulled.popleft()
    yield from pulled
