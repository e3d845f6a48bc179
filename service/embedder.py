"""A model at work, and the moment at which another takes over."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeVar

from PIL.Image import Image

from index.errors import ModelChanged
from index.records import Scoring
from index.vectors import Row, Rows
from service.batcher import Batcher, Load, Stopping
from service.remembered import Remembered

TEXT_BATCH: Final = 64
IMAGE_BATCH: Final = 16
REMEMBERED_QUERIES: Final = 1024  # 2 MB of vectors of 512 numbers

T = TypeVar("T")


class Encoder(Protocol):
    """What the service asks of a model."""

    @property
    def version(self) -> str: ...
    @property
    def dim(self) -> int: ...
    @property
    def scoring(self) -> Scoring:
        """The score that ranks best for this model."""

    @property
    def languages(self) -> Sequence[str]:
        """The codes of the languages that the model was made for; none where nobody tells."""

    def embed_images(self, images: Sequence[Image]) -> Rows:
        """RGB images, upright, of any size -> (n, dim) float32, unit rows."""

    def embed_texts(self, texts: Sequence[str], languages: Sequence[str]) -> Rows:
        """Texts, and the code of each one's language -> (n, dim) float32, unit rows."""

    def as_query(self, row: Row) -> Row:
        """A text's row as a question for images and their captions; scores with images are the same."""

    def reads(self, text: str) -> bool:
        """False: nothing in the text means anything to the model."""


class Embedder:
    """An encoder, and the queues in which requests wait to go through it together."""

    def __init__(self, encoder: Encoder, queue: int) -> None:
        self.encoder = encoder
        self.texts: Batcher[tuple[str, str], Row] = Batcher(
            self._embed_texts, name="embed-texts", batch=TEXT_BATCH, queue=queue
        )
        self.images: Batcher[Image, Row] = Batcher(
            encoder.embed_images, name="embed-images", batch=IMAGE_BATCH, queue=queue
        )
        self.queries = Remembered(self.texts, REMEMBERED_QUERIES)

    @property
    def version(self) -> str:
        return self.encoder.version

    def loads(self) -> Mapping[str, Load]:
        """Of the queues, by what is in them."""
        return {"texts": self.texts.load(), "images": self.images.load()}

    def close(self) -> None:
        """Finish what was accepted and refuse more."""
        self.texts.close()
        self.images.close()

    def _embed_texts(self, items: Sequence[tuple[str, str]]) -> Rows:
        texts, languages = zip(*items, strict=True)
        return self.encoder.embed_texts(texts, languages)


class Serving:
    """The embedder that serves. Whoever uses it when another takes over, starts anew with that one."""

    def __init__(self, embedder: Embedder) -> None:
        self.now = embedder
        self._switching = threading.Lock()

    def use(self, work: Callable[[Embedder], T]) -> T:
        """What `work` gives with one embedder for all its vectors, which tells the gallery their model."""
        while True:
            embedder = self.now
            try:
                return work(embedder)
            except (ModelChanged, Stopping):
                with self._switching:  # the gallery may have switched a moment ago, and we not yet
                    if self.now is embedder:
                        raise

    def replace(self, embedder: Embedder, switch: Callable[[], None]) -> None:
        """Has `switch` change the gallery, and `embedder` serve from then on."""
        with self._switching:
            switch()
            before, self.now = self.now, embedder
        before.close()
