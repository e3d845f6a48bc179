"""A public model of `sentence-transformers` that embeds texts and images, as the service uses it.

For whoever has a network and the machine for a larger model than ours. The extra `hub` brings what it needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from model import hub_head
from model.checkpoint import CheckpointError
from model.hub_files import EXTRA_MISSING, folder_of, version_of
from model.hub_head import HubHead
from model.similarity import Scoring

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Row = NDArray[np.float32]  # (dim,), unit
Rows = NDArray[np.float32]  # (n, dim), unit; non-negative only behind a pivot head

IMAGES_AT_ONCE = 4
TEXTS_AT_ONCE = 32

# What sentence-transformers may take for the address or the path of a picture, and open.
ADDRESS = re.compile(r"\s*\w+:.*|.*\.\w{2,5}\s*", re.DOTALL)

FIXED_WIDTH: Final = ("siglip", "siglip2")


class HubEncoder:
    """Images and texts -> one space, by a public model. Safe to call from several threads.

    Without a pivot head the rows are the model's own, negative numbers and all: the symmetric score is what
    it was trained for, and the asymmetric one, though it can be computed, means little.
    """

    languages: Final[tuple[str, ...]] = ()  # the model's card on the hub may say; its files do not

    def __init__(
        self,
        model: SentenceTransformer,
        version: str,
        head: HubHead | None = None,
        scoring: Scoring = "symmetric",
    ) -> None:
        """`model` embeds texts and images; see `load`."""
        self._model = model.eval()
        self._head = head
        self._options = _text_options(model)
        # Tokenizers must not be used by two threads at once, and where images become chat messages, those
        # are tokenized, too.
        self._texts_lock = Lock()
        self._images_lock = self._texts_lock if model.supports("message") else Lock()
        self.version = version
        self.scoring: Scoring = scoring
        self.width = self._width()  # of the public model's own rows
        self.dim = self.width if head is None else head.image.out_features

    @classmethod
    def load(cls, name: str, threads: int | None = None, trust_code: bool = False) -> HubEncoder:
        """The model `name`, a folder or a name on the hub, without a head.

        `threads` is how many cores torch may use, for the whole process; None leaves it alone. `trust_code`
        lets the model bring Python code of its own, which may do whatever this process may.

        Raises:
            CheckpointError: the model cannot be had or loaded, or does not embed both texts and images.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        folder = folder_of(name, trust_code)
        version = f"hub-{version_of(folder, trust_code)}"
        try:
            return cls(_loaded(folder, name, trust_code), version)
        except CheckpointError:
            raise
        except Exception as error:  # of four libraries, and of the model's own code where that is trusted
            raise CheckpointError(Path(name), f"it cannot be loaded ({error})", _remedy(error)) from error

    @classmethod
    def load_with_head(cls, folder: Path, threads: int | None = None, trust_code: bool = False) -> HubEncoder:
        """The head in `folder`, and the model that it was trained on.

        Raises:
            CheckpointError: one of them cannot be loaded, or the model is no longer the same.
        """
        head, card = hub_head.load(folder)
        plain = cls.load(card.model, threads, trust_code)
        if plain.version != card.model_version:
            raise CheckpointError(
                folder,
                f"the head was trained on {card.model_version}, and {card.model} is now {plain.version}",
                "Train it again: model.training.hub_head.",
            )
        return cls(plain._model, f"{plain.version}-{card.version}", head, card.scoring)

    def embed_images(self, images: Sequence[Image.Image]) -> Rows:
        """`n` upright RGB images of any size -> `(n, dim) float32`, unit rows; non-negative behind a head."""
        rows = np.empty((len(images), self.dim), dtype=np.float32)
        for start in range(0, len(images), IMAGES_AT_ONCE):
            batch = list(images[start : start + IMAGES_AT_ONCE])
            with self._images_lock:  # a batch at a time, so that a query need not wait for all of them
                raw = self._encoded(self._model.encode_document, batch)
            rows[start : start + len(batch)] = self._behind_head(raw, "images")
        return rows

    def embed_texts(self, texts: Sequence[str], languages: Sequence[str] = ()) -> Rows:  # noqa: ARG002
        """`n` texts -> `(n, dim) float32`, unit rows; non-negative behind a head.

        `languages` changes nothing.
        """
        rows = np.empty((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            batch = [as_words(text) for text in texts[start : start + TEXTS_AT_ONCE]]
            with self._texts_lock:
                raw = self._encoded(self._model.encode_query, batch, **self._options)
            rows[start : start + len(batch)] = self._behind_head(raw, "texts")
        return rows

    def as_query(self, row: Row) -> Row:
        """The row itself."""
        return row

    def reads(self, text: str) -> bool:  # noqa: ARG002
        """True: which scripts a public model was made for, nothing in its files tells."""
        return True

    def _encoded(self, encode: Callable[..., Any], batch: list[Any], **options: Any) -> Rows:
        """`n` texts or images -> `(n, width) float32`, unit rows of the model's own space."""
        raw = encode(
            batch, batch_size=len(batch), show_progress_bar=False, normalize_embeddings=True, **options
        )
        return np.asarray(raw, dtype=np.float32)

    @torch.inference_mode()
    def _behind_head(self, raw: Rows, what: str) -> Rows:
        if self._head is None:
            return raw
        rows: Rows = getattr(self._head, what)(torch.from_numpy(raw)).numpy()
        return rows

    def _width(self) -> int:
        """Of the rows of one text and of one image, which have to agree."""
        text = self._encoded(self._model.encode_query, ["a dog"], **self._options)
        image = self._encoded(self._model.encode_document, [Image.new("RGB", (64, 64), "grey")])
        if text.shape != image.shape or text.ndim != 2:
            raise ValueError(f"its texts become {text.shape[1:]} numbers, its images {image.shape[1:]}")
        return int(text.shape[1])


def as_words(text: str) -> str:
    """The text, spaced out where it could be taken for the address of a picture: a searcher must not have
    the service open addresses and files."""
    return f" {text} " if ADDRESS.fullmatch(text) else text


def _text_options(model: SentenceTransformer) -> dict[str, Any]:
    """SigLIP reads its answer off the last position and was trained with texts of one width, without a mask
    (transformers' documentation of SigLIP). sentence-transformers 6 pads to the longest text instead."""
    config = model.config
    if getattr(config, "model_type", None) not in FIXED_WIDTH:
        return {}
    width = config.text_config.max_position_embeddings
    padding = {"padding": "max_length", "max_length": width, "return_attention_mask": False}
    return {"processing_kwargs": {"text": padding}}


def _loaded(folder: Path, name: str, trust_code: bool) -> SentenceTransformer:
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise CheckpointError(Path(name), "the extra hub is not installed", EXTRA_MISSING) from error
    logging.disable_progress_bar()
    model = SentenceTransformer(
        str(folder),
        local_files_only=not trust_code,  # code may lie in a repository of its own
        trust_remote_code=trust_code,
        model_kwargs={"use_safetensors": True, "dtype": torch.float32},
    )
    for modality in ("text", "image"):
        if not model.supports(modality):
            remedy = "Choose one that embeds both texts and images."
            raise CheckpointError(Path(name), f"the model embeds no {modality}s", remedy)
    return model


def _remedy(error: Exception) -> str:
    if "trust_remote_code" in str(error):
        return "It brings Python code of its own: read it, and set PIVOT_TRUST_REMOTE_CODE=1 if you trust it."
    return "Does sentence-transformers support it, and is it complete?"
