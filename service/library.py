"""The two paths of the service, without HTTP: images go in, images are found."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Protocol, Self

from index.gallery import DEFAULT_COLLECTION, Gallery
from index.records import CollectionKey, CollectionRef, Hit, Scoring, SearchOptions
from index.vectors import Row
from service.decoder import Decoder
from service.embedder import Embedder, Encoder, Serving
from service.intake import Intake
from service.queries import OutOfRange, QueryUnreadable, clean_query, language_code
from service.settings import Settings
from service.stopwatch import Stopwatch
from service.succession import checkpoint_of
from service.uploads import Outcome, Upload

logger = logging.getLogger(__name__)

MAX_CANDIDATES: Final = 10_000


class Language(Protocol):
    """`code` is ISO 639-1, `confidence` in [0, 1]."""

    @property
    def code(self) -> str: ...
    @property
    def confidence(self) -> float: ...


@dataclass(frozen=True)
class Ranking:
    """What the asker may choose. `scoring=None`: what ranks best for the kind of query."""

    k: int = 10
    scoring: Scoring | None = None
    candidates: int = 200
    exact: bool = False


DEFAULT_RANKING: Final = Ranking()


@dataclass(frozen=True)
class QueryLanguage:
    """The language that a query was taken to be in; `confidence` in [0, 1], None where it was given."""

    code: str
    confidence: float | None
    source: Literal["given", "detected"]


@dataclass(frozen=True)
class Answer:
    """What was found, best first, and how. `text` and `language` are None where an image was the query."""

    hits: list[Hit]
    text: str | None  # as the model read it
    language: QueryLanguage | None
    model: str
    scoring: Scoring
    exact: bool
    candidates: int  # images that were scored
    partial: bool  # images or captions of the store await a vector of the model, and were not searched
    timings_ms: dict[str, float]


class Library:
    """An encoder, a gallery and a decoder at work together. Thread-safe; a context manager.

    It owns what it is given: `close` finishes the accepted work, then closes decoder and gallery.
    """

    def __init__(
        self,
        encoder: Encoder,
        gallery: Gallery,
        decoder: Decoder,
        detect: Callable[[str], Language],
        settings: Settings,
        coming: Encoder | None = None,
    ) -> None:
        """`coming` serves in place of `encoder`, once `reembed` has embedded all with it."""
        self.gallery = gallery
        self._decoder = decoder
        self._detect = detect
        self._settings = settings
        self._serving = Serving(Embedder(encoder, settings.queue))
        self._coming = coming and Embedder(coming, settings.queue)
        self._partial = gallery.pending() > 0
        self._intake = Intake(gallery, decoder, self._serving, settings)

    @property
    def encoder(self) -> Encoder:
        """The one that serves."""
        return self._serving.now.encoder

    def close(self) -> None:
        """Finish what was accepted and refuse more. Closing twice does nothing."""
        self._decoder.close()
        self._serving.now.close()
        if self._coming:
            self._coming.close()
        self.gallery.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def collection(self, name: str) -> CollectionKey:
        """The collection, for work that goes on if it is renamed meanwhile. Raises UnknownCollection."""
        return self.gallery.key(name)

    def delete_collection(self, name: str) -> None:
        """Delete it with all that is in it; the default one stays, empty. Raises UnknownCollection."""
        if name == DEFAULT_COLLECTION:
            self.gallery.empty_collection(name)
        else:
            self.gallery.delete_collection(name)

    def add(self, collection: CollectionRef, uploads: Iterable[Upload]) -> list[Outcome]:
        """Add images, any number of them, and tell of each in its turn what became of it.

        Content that the collection has is not decoded again and keeps its record. A file that is no good is
        an outcome, not an exception. Raises UnknownCollection, StorageFull, StorageUnwritable, Stopping; what
        was stored before that stays stored, and counts as existing when it is sent again.
        """
        key = self.collection(collection) if isinstance(collection, str) else collection
        return self._intake.add(key, uploads)

    def reembed(self, stop: threading.Event) -> int:
        """Give images and captions that lack a vector of the current model one, made from originals and
        texts; with a coming model, all of them one of that, which then serves.

        Returns their number. What was done stays done when `stop` is set. An original that no longer decodes
        is passed over, and so is a caption that the model cannot read.
        """
        done = 0
        if coming := self._coming:
            space = self.gallery.coming(coming.version, coming.encoder.dim)
            done += self._intake.reembed(stop, space, coming)
            if stop.is_set():
                return done
            checkpoint = checkpoint_of(self._settings)
            self._serving.replace(coming, lambda: self.gallery.switch(space, checkpoint))
            self._coming = None
            logger.info("model %s serves now", coming.version)
        done += self._intake.reembed(stop, self.gallery, self._serving.now)
        self._partial = self.gallery.pending() > 0
        return done

    def awaited(self) -> tuple[str, int]:
        """The model that images and captions are to get vectors of, and how many lack theirs."""
        if coming := self._coming:
            return coming.version, self.gallery.coming(coming.version, coming.encoder.dim).pending()
        return self.encoder.version, self.gallery.pending()

    def search_text(
        self, collection: str, q: str, *, language: str | None = None, ranking: Ranking = DEFAULT_RANKING
    ) -> Answer:
        """Find images by words. `language` is a tag such as `de` or `en-GB`; without it, it is detected.

        Raises a QueryError, UnknownCollection, Overloaded, Stopping.
        """
        return self._serving.use(
            lambda embedder: self._search_text(embedder, collection, q, language, ranking)
        )

    def search_image(self, collection: str, upload: Upload, *, ranking: Ranking = DEFAULT_RANKING) -> Answer:
        """Find images that show the like of an image from outside, which is not kept.

        Raises an ImageError, OutOfRange, UnknownCollection, Overloaded, Stopping.
        """
        options = self._options(ranking, "symmetric")
        watch = Stopwatch()
        content = upload.read(self._settings.max_image_bytes)
        image = self._decoder.decode(content.data).result().image()
        watch.lap("decode")

        def ask(embedder: Embedder) -> Answer:
            vector = embedder.images.submit(image).result()
            watch.lap("embed")
            return self._rank(collection, embedder, vector, options, watch)

        return self._serving.use(ask)

    def search_like(self, collection: str, image_id: int, *, ranking: Ranking = DEFAULT_RANKING) -> Answer:
        """Find images that show the like of one in the collection, which is left out itself.

        Raises OutOfRange, UnknownCollection, UnknownImage, NotEmbedded.
        """
        options = self._options(ranking, "symmetric", exclude=frozenset((image_id,)))
        watch = Stopwatch()

        def ask(embedder: Embedder) -> Answer:
            vector = self.gallery.vector(collection, image_id)
            watch.lap("embed")
            return self._rank(collection, embedder, vector, options, watch)

        return self._serving.use(ask)

    def _search_text(
        self, embedder: Embedder, collection: str, q: str, language: str | None, ranking: Ranking
    ) -> Answer:
        options = self._options(ranking, embedder.encoder.scoring)
        watch = Stopwatch()
        text = clean_query(q, self._settings.max_query_chars)
        asked_in = self._language(text, language)
        watch.lap("language")
        if not embedder.encoder.reads(text):
            raise QueryUnreadable
        vector = embedder.texts.submit((text, asked_in.code)).result()
        watch.lap("embed")
        return self._rank(collection, embedder, vector, options, watch, text, asked_in)

    def _options(
        self, ranking: Ranking, best: Scoring, exclude: frozenset[int] = frozenset()
    ) -> SearchOptions:
        """What was asked for, with the `best` scoring where none was. Raises OutOfRange."""
        for name, value, most in (
            ("k", ranking.k, self._settings.max_k),
            ("candidates", ranking.candidates, MAX_CANDIDATES),
        ):
            if not 1 <= value <= most:
                raise OutOfRange(name, value, 1, most)
        return SearchOptions(ranking.k, ranking.scoring or best, ranking.candidates, ranking.exact, exclude)

    def _language(self, text: str, tag: str | None) -> QueryLanguage:
        if tag is not None:
            return QueryLanguage(language_code(tag), None, "given")
        detected = self._detect(text)
        return QueryLanguage(detected.code, detected.confidence, "detected")

    def _rank(
        self,
        collection: str,
        embedder: Embedder,
        vector: Row,
        options: SearchOptions,
        watch: Stopwatch,
        text: str | None = None,
        language: QueryLanguage | None = None,
    ) -> Answer:
        found = self.gallery.search(collection, vector, options, model_version=embedder.version)
        return Answer(
            hits=found.hits,
            text=text,
            language=language,
            model=embedder.version,
            scoring=options.scoring,
            exact=options.exact,
            candidates=found.candidates,
            partial=self._partial,
            timings_ms={**watch.timings(), **found.timings},
        )
