"""The trained model as the service uses it: PIL images and strings in, numpy rows out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model import checkpoint
from model.checkpoint import Card
from model.efficientnet import SameConv
from model.image import network_input
from model.language import READ
from model.likeness import as_query
from model.networks import Pivot
from model.similarity import Scoring
from model.text import Tokenizer
from model.text import network_input as text_input

Row = NDArray[np.float32]  # (dim,), unit
Rows = NDArray[np.float32]  # (n, dim), unit, non-negative but for the likeness of texts

IMAGES_AT_ONCE = 4  # more spill out of a core's cache: 32 at once cost twice as much an image
TEXTS_AT_ONCE = 32


class Encoder:
    """Images and texts of any language -> one space. Safe to call from several threads."""

    def __init__(self, model: Pivot, card: Card) -> None:
        self._model = model.eval()
        fold_batch_norm(self._model.image)
        if self._model.text.ngrams is not None:
            self._model.text.ngrams.table.half()  # as a checkpoint has it: a third of the text tower's memory
        self._tokenizer = Tokenizer()
        self.version = card.version
        self.dim = card.architecture.dim
        self.scoring: Scoring = card.scoring
        self.languages = READ

    @classmethod
    def load(cls, folder: Path | None = None, threads: int | None = None) -> Encoder:
        """The checkpoint in `folder`, or the one that comes with the package.

        `threads` is how many cores torch may use, for the whole process; None leaves it alone.

        Raises:
            CheckpointError: the folder holds no checkpoint that can be used.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        return cls(*checkpoint.load(folder or checkpoint.COMMITTED))

    @torch.inference_mode()
    def embed_images(self, images: Sequence[Image.Image]) -> Rows:
        """`n` upright RGB images of any size -> `(n, dim) float32`, unit, non-negative rows."""
        rows = np.empty((len(images), self.dim), dtype=np.float32)
        for start in range(0, len(images), IMAGES_AT_ONCE):
            batch = images[start : start + IMAGES_AT_ONCE]
            pixels = network_input(batch, self._model.architecture.image_size)
            rows[start : start + len(batch)] = self._model.image(pixels).numpy()
        return rows

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str], languages: Sequence[str] = ()) -> Rows:  # noqa: ARG002
        """`n` texts -> `(n, dim) float32`, unit rows, non-negative but for the last ones, their likeness.

        All languages share one tower here, so `languages` changes nothing: a wrong guess does no harm. It is
        there for models with a tower a language.
        """
        rows = np.empty((len(texts), self.dim), dtype=np.float32)
        readings = [self._tokenizer.read(text) for text in texts]
        order = sorted(
            range(len(texts)), key=lambda row: len(readings[row].subwords)
        )  # alike lengths waste no padding
        for start in range(0, len(order), TEXTS_AT_ONCE):
            batch = order[start : start + TEXTS_AT_ONCE]
            rows[batch] = self._model.text(*text_input([readings[row] for row in batch])).numpy()
        return rows

    def as_query(self, row: Row) -> Row:
        """A text's row `(dim,) float32` as one that asks: to captions it is close by what both find."""
        width = self._model.architecture.likeness
        return as_query(row, width) if width else row

    def reads(self, text: str) -> bool:
        """Whether the model knows any part of the text: False for a script that it has never seen."""
        return self._tokenizer.reads(text)


def fold_batch_norm(module: nn.Module) -> None:
    """Merge every batch norm into its convolution, in place: for inference the same function, but faster."""
    for part in module.modules():
        if isinstance(part, nn.Sequential) and len(part) == 2 and isinstance(part[1], nn.BatchNorm2d):
            convolution, norm = part[0], part[1]
            assert isinstance(convolution, SameConv)
            part[0], part[1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()
