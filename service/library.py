"""The two paths of the service, without HTTP: images go in, images are found."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from index.gallery import DEFAULT_COLLECTION, Gallery
from index.records import CaptionRules, CollectionKey, CollectionRef, ImageRecord
from index.vectors import Row
from service.alive import DecoderDead, Hanging
from service.backlog import Backlog
from service.batcher import Load
from service.decoder import Decoder
from service.duplicates import Duplicates
from service.embedder import Embedder, Encoder, Serving
from service.finder import RULES, Finder, Language
from service.intake import Intake
from service.questions import DEFAULT_RANKING, Answer, CaptionAnswer, Part, Ranking
from service.settings import Settings
from service.succession import checkpoint_of
from service.thumbnails import Thumbnails
from service.uploads import Outcome, Upload

logger = logging.getLogger(__name__)


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
        rules: Mapping[str, CaptionRules] = RULES,
    ) -> None:
        """`coming` serves in place of `encoder`, once `reembed` has embedded all with it.

        `rules` tell what captions are worth, by the version of the model.
        """
        self.gallery = gallery
        self._decoder = decoder
        self._settings = settings
        self._serving = Serving(Embedder(encoder, settings.queue))
        self._coming = coming and Embedder(coming, settings.queue)
        self._partial = gallery.pending() > 0
        self._intake = Intake(gallery, decoder, self._serving, detect, settings)
        self._backlog = Backlog(gallery, decoder, settings.reembed_share)
        self.duplicates = Duplicates(gallery)
        self.thumbnails = Thumbnails(gallery, decoder)
        self._finder = Finder(gallery, decoder, self._serving, detect, settings, rules)

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

    def check_collection(self, name: str) -> CollectionKey:
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
        return self._intake.add(self._key(collection), uploads)

    def add_in_chunks(
        self, collection: CollectionRef, uploads: Iterable[Upload], files: int
    ) -> Iterator[list[Outcome]]:
        """As `add`, telling of at most `files` images at a time, as soon as they are stored."""
        return self._intake.add_in_chunks(self._key(collection), uploads, files)

    def _key(self, collection: CollectionRef) -> CollectionKey:
        return self.check_collection(collection) if isinstance(collection, str) else collection

    def change(self, collection: str, id: int, change: Mapping[str, Any]) -> ImageRecord:
        """Change an image: any of the fields of `ImageChange`, with captions as they were given.

        Raises UnknownCollection, UnknownImage, ExternalIdTaken, TooManyCaptions, BadValue, StorageFull,
        StorageUnwritable, Stopping.
        """
        return self._intake.change(collection, id, change)

    def reembed(self, stop: threading.Event) -> int:
        """Give images and captions that lack a vector of the current model one, made from originals and
        texts; with a coming model, all of them one of that, which then serves.

        Returns their number. What was done stays done when `stop` is set. An original that no longer decodes
        is passed over, and so is a caption that the model cannot read.
        """
        done = 0
        if coming := self._coming:
            space = self.gallery.coming(coming.version, coming.encoder.dim)
            done += self._backlog.work_off(stop, space, coming)
            if stop.is_set():
                return done
            checkpoint = checkpoint_of(self._settings)
            self._serving.replace(coming, lambda: self.gallery.switch(space, checkpoint))
            self._coming = None
            logger.info("model %s serves now", coming.version)
        done += self._backlog.work_off(stop, self.gallery, self._serving.now)
        self._partial = self.gallery.pending() > 0
        return done

    def awaited(self) -> tuple[str, int]:
        """The model that images and captions are to get vectors of, and how many lack theirs."""
        if coming := self._coming:
            return coming.version, self.gallery.coming(coming.version, coming.encoder.dim).pending()
        return self.encoder.version, self.gallery.pending()

    def check_alive(self) -> None:
        """Raises Hanging, DecoderDead."""
        for load in self.loads().values():
            if load.busy_seconds > self._settings.hang_seconds:
                raise Hanging(self._settings.hang_seconds)
        if self._decoder.dead:
            raise DecoderDead

    def loads(self) -> Mapping[str, Load]:
        """Of the queues in front of the model that serves, by what is in them."""
        return self._serving.now.loads()

    def search(
        self,
        collection: str,
        parts: Sequence[Part],
        *,
        ranking: Ranking = DEFAULT_RANKING,
        accepted: Sequence[str] = (),
    ) -> Answer:
        """Find the images of a collection that are like the parts, 1 to 32 of them.

        `accepted` are codes of languages, the first likeliest, for texts whose language is hard to tell.
        Images of the collection among them are left out themselves. Raises a QueryError, an ImageError,
        UnknownCollection, UnknownImage, NotEmbedded, or InField around them; BadFilter, BadCursor,
        CursorExpired, Overloaded, Stopping.
        """
        return self._finder.search(collection, parts, ranking, accepted=accepted, partial=self._partial)

    def search_captions(self, collection: str, part: Part, *, ranking: Ranking) -> CaptionAnswer:
        """Find the captions of a collection that fit an image, which is part of it or from outside.

        Of the ranking, `k`, `scoring` and `candidates` count. Raises as `search` does.
        """
        return self._finder.captions(collection, part, ranking, partial=self._partial)

    def embed(
        self, parts: Sequence[Part], *, model: str | None = None, dim: int | None = None
    ) -> tuple[str, list[Row]]:
        """The version of the model that serves, and a vector for each text and image from outside.

        Each is (dim,) float32, unit. Raises UnknownModel and WrongDimensions where another `model` or `dim`
        is asked for, and as `search` does.
        """
        return self._finder.embed(parts, model, dim)

    def search_text(
        self, collection: str, q: str, *, language: str | None = None, ranking: Ranking = DEFAULT_RANKING
    ) -> Answer:
        """Find images by words. `language` is a tag such as `de` or `en-GB`; without it, it is detected."""
        return self.search(collection, [Part(q=q, language=language)], ranking=ranking)

    def search_image(self, collection: str, upload: Upload, *, ranking: Ranking = DEFAULT_RANKING) -> Answer:
        """Find images that show the like of an image from outside, which is not kept."""
        return self.search(collection, [Part(image=upload)], ranking=ranking)

    def search_like(self, collection: str, image_id: int, *, ranking: Ranking = DEFAULT_RANKING) -> Answer:
        """Find images that show the like of one in the collection, which is left out itself."""
        return self.search(collection, [Part(image_id=image_id)], ranking=ranking)
