"""The vectors of a question's parts: embedded, read from the collection, or carried by a cursor."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future

from index.errors import CursorExpired, GalleryError
from index.gallery import Gallery
from index.vectors import Row
from service.batcher import in_time
from service.carried import Vectors, digest
from service.decoder import Decoder
from service.embedder import Embedder
from service.images import Decoded, ImageError
from service.queries import QueryUnreadable, in_field
from service.questions import Understood
from service.settings import Settings
from service.stopwatch import Stopwatch
from service.uploads import Content


class PartVectors:
    """For questions to one collection, with one model."""

    def __init__(
        self, gallery: Gallery, decoder: Decoder, embedder: Embedder, collection: str, settings: Settings
    ) -> None:
        self._gallery = gallery
        self._decoder = decoder
        self._embedder = embedder
        self._collection = collection
        self._max_image_bytes = settings.max_image_bytes
        self._wait_seconds = settings.wait_seconds

    def of(
        self, asked: Sequence[Understood], carried: Vectors | None, watch: Stopwatch
    ) -> tuple[list[Row], Vectors]:
        """One for each part, and those among them that the next page's cursor has to carry.

        With the vectors that a cursor `carried`, nothing is embedded. Raises an ImageError, QueryUnreadable,
        UnknownCollection, UnknownImage, NotEmbedded (in the part's field), CursorExpired, Overloaded,
        Stopping.
        """
        stored = self._stored(asked)
        contents = self._contents(asked)
        digests = {
            position: self._digest(one, contents.get(position))
            for position, one in enumerate(asked)
            if position not in stored
        }
        made = self._embedded(asked, contents, watch) if carried is None else _taken(carried, digests)
        watch.lap("embed")
        rows = stored | made
        return [rows[position] for position in range(len(asked))], {
            digests[position]: row for position, row in made.items()
        }

    def _stored(self, asked: Sequence[Understood]) -> dict[int, Row]:
        rows = {}
        for position, one in enumerate(asked):
            if one.part.image_id is not None:
                with in_field(one.part.field, GalleryError):
                    rows[position] = self._gallery.vector(self._collection, one.part.image_id)
        return rows

    def _contents(self, asked: Sequence[Understood]) -> dict[int, Content]:
        contents = {}
        for position, one in enumerate(asked):
            if one.part.image is not None:
                with in_field(one.part.field, ImageError):
                    contents[position] = one.part.image.read(self._max_image_bytes)
        return contents

    def _digest(self, one: Understood, content: Content | None) -> bytes:
        if content is not None:
            return digest(self._embedder.version, "image", content.sha256.encode())
        assert one.text is not None
        return digest(self._embedder.version, "text", one.text.encode())

    def _embedded(
        self, asked: Sequence[Understood], contents: Mapping[int, Content], watch: Stopwatch
    ) -> dict[int, Row]:
        decoding = {position: self._decoder.decode(one.data) for position, one in contents.items()}
        images: dict[int, Future[Row]] = {}
        try:
            futures = self._texts(asked)
            images.update(self._images(asked, decoding))
            if decoding:
                watch.lap("decode")
            futures |= images
            return {position: in_time(future, self._wait_seconds) for position, future in futures.items()}
        except Exception:
            # Nobody else waits for these. (A text may be another's as well, and is cheap.)
            for decoded in decoding.values():
                decoded.cancel()
            for embedded in images.values():
                embedded.cancel()
            raise

    def _texts(self, asked: Sequence[Understood]) -> dict[int, Future[Row]]:
        futures: dict[int, Future[Row]] = {}
        for position, one in enumerate(asked):
            if one.text is None or one.language is None:
                continue
            with in_field(one.part.field, QueryUnreadable):
                if not self._embedder.encoder.reads(one.text):
                    raise QueryUnreadable
            # Who has one text in the queue may wait for room for the others: half a question helps nobody.
            item = one.text, one.language.code
            futures[position] = self._embedder.queries.submit(item, patient=bool(futures))
        return futures

    def _images(
        self, asked: Sequence[Understood], decoding: Mapping[int, Future[Decoded]]
    ) -> Iterator[tuple[int, Future[Row]]]:
        """By their positions, each as soon as it is decoded."""
        for number, (position, future) in enumerate(decoding.items()):
            with in_field(asked[position].part.field, ImageError):
                image = in_time(future, self._wait_seconds).image()
            yield position, self._embedder.images.submit(image, patient=number > 0)


def _taken(carried: Vectors, digests: Mapping[int, bytes]) -> dict[int, Row]:
    """The vectors of these digests, by position. Raises CursorExpired where one is not there."""
    try:
        return {position: carried[key] for position, key in digests.items()}
    except KeyError:
        raise CursorExpired from None
