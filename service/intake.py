"""How images get in: bytes -> decoded -> embedded -> stored, a chunk at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Protocol, TypeAlias, TypeVar

from index.changes import ImageChange
from index.errors import ImageRefused
from index.gallery import Gallery
from index.records import Added, Addition, CollectionKey, ImageRecord, NewCaption, NewImage
from index.vectors import Row
from service.decoder import Decoder
from service.descriptions import GivenCaption
from service.embedder import Embedder, Serving
from service.images import Decoded, ImageError
from service.perceptual import hash_of
from service.settings import Settings
from service.uploads import CHUNK_FILES, Content, Made, Outcome, Upload, chunks, clean_filename

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class _Started:
    """A chunk whose new contents, by SHA-256, are being decoded."""

    chunk: list[Content | Outcome]
    known: dict[str, ImageRecord]
    decoding: dict[str, Future[Decoded]]


_Embedding: TypeAlias = tuple[Decoded, Future[Row]]


@dataclass(frozen=True)
class _Waiting:
    """A caption whose vector is being made; None where the model cannot read it."""

    language: str
    text: str
    vector: Future[Row] | None

    def new(self) -> NewCaption:
        vector = None if self.vector is None else self.vector.result()
        return NewCaption(self.language, self.text, vector)


class Language(Protocol):
    """`code` is ISO 639."""

    @property
    def code(self) -> str: ...


Detect: TypeAlias = Callable[[str], Language]


class Intake:
    """Brings images into a gallery. Decoding runs ahead, while the chunk before is embedded and stored."""

    def __init__(
        self, gallery: Gallery, decoder: Decoder, serving: Serving, detect: Detect, settings: Settings
    ) -> None:
        self._gallery = gallery
        self._decoder = decoder
        self._serving = serving
        self._detect = detect
        self._max_image_bytes = settings.max_image_bytes

    def add(self, collection: CollectionKey, uploads: Iterable[Upload]) -> list[Outcome]:
        """One outcome per upload, in their order; see `Library.add`."""
        return list(chain.from_iterable(self.add_in_chunks(collection, uploads, CHUNK_FILES)))

    def add_in_chunks(
        self, collection: CollectionKey, uploads: Iterable[Upload], files: int
    ) -> Iterator[list[Outcome]]:
        """The same, told as soon as at most `files` of them are stored."""
        read = chunks(uploads, self._max_image_bytes, files)
        started = (self._start(collection, chunk) for chunk in read)
        return map(partial(self._finish, collection), _one_ahead(started))

    def change(self, collection: str, id: int, change: Mapping[str, Any]) -> ImageRecord:
        """See `Library.change`."""

        def work(embedder: Embedder) -> ImageRecord:
            given = dict(change)
            if "filename" in given:
                given["filename"] = clean_filename(given["filename"])
            if "captions" in given:
                self._gallery.image(collection, id)  # before the model is at work
                given["captions"] = [one.new() for one in self._captions(given["captions"], embedder)]
            version = embedder.version
            return self._gallery.update(collection, id, ImageChange(**given), model_version=version)

        return self._serving.use(work)

    def _start(self, collection: CollectionKey, chunk: list[Content | Outcome]) -> _Started:
        contents = {one.sha256: one.data for one in chunk if isinstance(one, Content)}
        known = self._gallery.known(collection, list(contents))
        new = {sha256: data for sha256, data in contents.items() if sha256 not in known}
        return _Started(chunk, known, {sha256: self._decoder.decode(data) for sha256, data in new.items()})

    def _finish(self, collection: CollectionKey, started: _Started) -> list[Outcome]:
        return self._serving.use(lambda embedder: self._finish_with(embedder, collection, started))

    def _finish_with(self, embedder: Embedder, collection: CollectionKey, started: _Started) -> list[Outcome]:
        errors: dict[str, ImageError] = {}
        embedding: dict[str, _Embedding] = {}
        made = {one.sha256: _made(one, embedder).image for one in started.chunk if isinstance(one, Content)}
        for sha256, future in started.decoding.items():
            try:
                embedding[sha256] = _embed(embedder, future.result(), made.get(sha256))
            except ImageError as error:
                errors[sha256] = error
        good = [one for one in started.chunk if isinstance(one, Content) and one.sha256 not in errors]
        new, known = self._to_store(good, embedding, embedder)
        version = embedder.version
        added = iter(_each(new, lambda some: self._gallery.add(collection, some, model_version=version)))
        completed = iter(
            _each(known, lambda some: self._gallery.complete(collection, some, model_version=version))
        )

        def outcome(one: Content | Outcome) -> Outcome:
            match one:
                case Outcome():
                    return one
                case Content(sha256=sha256) if sha256 in errors:
                    return Outcome(one.filename, error=errors[sha256])
                case Content(sha256=sha256) if sha256 in embedding:
                    return _outcome(one.filename, next(added))
                case Content(sha256=sha256):
                    # Where it was deleted just now, it was there when it came.
                    stored = next(completed) if one.says_more else None
                    return _outcome(one.filename, stored or started.known[sha256])

        return [outcome(one) for one in started.chunk]

    def _to_store(
        self, contents: Sequence[Content], embedding: Mapping[str, _Embedding], embedder: Embedder
    ) -> tuple[list[NewImage], list[Addition]]:
        """The new ones, and what the known ones may lack."""
        waiting = [  # all of them in the queue
            self._captions(one.captions, embedder, _made(one, embedder).captions) for one in contents
        ]
        new, known = [], []
        for one, captions in zip(contents, waiting, strict=True):
            texts = tuple(caption.new() for caption in captions)
            if one.sha256 in embedding:
                new.append(_new_image(one, *embedding[one.sha256], texts))
            elif one.says_more:
                known.append(Addition(one.sha256, texts, one.external_id))
        return new, known

    def _captions(
        self, given: Sequence[GivenCaption], embedder: Embedder, made: Sequence[Row | None] = ()
    ) -> list[_Waiting]:
        """The captions on their way through the model, those that it cannot read without a vector.

        `made` are vectors that are there already, of the first captions.
        """
        waiting = []
        rows = (*made, *(None,) * (len(given) - len(made)))
        for caption, row in zip(given, rows, strict=True):
            language = caption.language or self._detect(caption.text).code
            vector = None
            if row is not None:
                vector = _there(row)
            elif embedder.encoder.reads(caption.text):
                vector = embedder.texts.submit((caption.text, language), patient=True)
            waiting.append(_Waiting(language, caption.text, vector))
        return waiting


def _embed(embedder: Embedder, decoded: Decoded, made: Row | None = None) -> tuple[Decoded, Future[Row]]:
    if made is not None:
        return decoded, _there(made)
    # Patient: how many requests are here is bounded elsewhere, and half a request helps nobody.
    return decoded, embedder.images.submit(decoded.image(), patient=True)


def _there(row: Row) -> Future[Row]:
    there: Future[Row] = Future()
    there.set_result(row)
    return there


def _made(content: Content, embedder: Embedder) -> Made:
    """What the model that serves made of the content elsewhere, as far as it fits."""
    made = content.made.get(embedder.version, Made(None, ()))
    rows = (row if row is not None and len(row) == embedder.encoder.dim else None for row in made.captions)
    fits = made.image is not None and len(made.image) == embedder.encoder.dim
    return Made(made.image if fits else None, tuple(rows))


def _each(items: Sequence[T], store: Callable[[Sequence[T]], Sequence[S]]) -> list[S | ImageRefused]:
    """What `store` gives for each item; where it refuses one, the others are stored without it."""
    left = list(range(len(items)))
    results: dict[int, S | ImageRefused] = {}
    while left:
        try:
            results.update(zip(left, store([items[place] for place in left]), strict=True))
            break
        except ImageRefused as error:
            results[left.pop(error.place)] = error
    return [results[place] for place in range(len(items))]


def _outcome(filename: str, stored: Added | ImageRecord | ImageRefused) -> Outcome:
    match stored:
        case ImageRefused():
            return Outcome(filename, error=stored)
        case Added():
            return Outcome(filename, stored.record, stored.created)
        case ImageRecord():
            return Outcome(filename, stored)


def _new_image(
    content: Content, decoded: Decoded, embedding: Future[Row], captions: tuple[NewCaption, ...]
) -> NewImage:
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
        captions=captions,
        external_id=content.external_id,
        created_at=content.created_at,
        hash=hash_of(decoded.thumbnail),
    )


def _one_ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items, but each is pulled before the one in front of it is handed out."""
    pulled: deque[T] = deque()
    for item in items:
        pulled.append(item)
        if len(pulled) > 1:
            yield pulled.popleft()
    yield from pulled
