"""Small stand-ins that behave: for every test that is not about a real model."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final, Literal

import numpy as np
from PIL import ImageStat
from PIL.Image import Image

from index.vectors import Row, Rows

COLOURS: Final = {
    "red": (255, 0, 0),
    "rot": (255, 0, 0),
    "green": (0, 255, 0),
    "grün": (0, 255, 0),
    "blue": (0, 0, 255),
    "blau": (0, 0, 255),
    "yellow": (255, 255, 0),
    "gelb": (255, 255, 0),
    "grey": (128, 128, 128),
    "grau": (128, 128, 128),
}
GERMAN: Final = {"rot", "grün", "blau", "gelb", "grau"}


class ColourEncoder:
    """Knows colours in English and German; an image is its mean colour. Counts its calls.

    The row of red, green and blue is made of these three numbers, so that `rot` finds the red image. While
    `open` is cleared, it embeds nothing and the callers wait; `started` is set once one of them does.
    """

    dim: Final = 3
    scoring: Final[Literal["symmetric", "asymmetric"]] = "asymmetric"
    languages: Final = ("de", "en")

    def __init__(self, version: str = "colours-1") -> None:
        self.version = version
        self.image_batches: list[int] = []
        self.text_batches: list[int] = []
        self.open = threading.Event()
        self.open.set()
        self.started = threading.Event()

    def embed_images(self, images: Sequence[Image]) -> Rows:
        """RGB images -> (n, 3) float32, unit, non-negative rows."""
        self.image_batches.append(len(images))
        self._wait()
        return _rows([ImageStat.Stat(image).mean for image in images])

    def embed_texts(self, texts: Sequence[str], languages: Sequence[str]) -> Rows:
        """Colour words -> (n, 3) float32, unit, non-negative rows; a text without any is grey."""
        assert len(texts) == len(languages)
        self.text_batches.append(len(texts))
        self._wait()
        return _rows([_colour(text) for text in texts])

    def as_query(self, row: Row) -> Row:
        """The row itself."""
        return row

    def reads(self, text: str) -> bool:
        """Whether the text has a Latin letter."""
        return any(char.isalpha() and ord(char) < 0x250 for char in text)

    def _wait(self) -> None:
        self.started.set()
        assert self.open.wait(timeout=30)


@dataclass(frozen=True)
class Detected:
    code: str
    confidence: float


def detect(text: str) -> Detected:
    """German where it has a German colour word, else English; `unsure` is hard to tell."""
    code = "de" if GERMAN & set(text.lower().split()) else "en"
    return Detected(code, 0.2 if text == "unsure" else 0.9)


def _colour(text: str) -> list[float]:
    known = [COLOURS[word] for word in text.lower().split() if word in COLOURS]
    return [fmean(channel) for channel in zip(*(known or [COLOURS["grey"]]), strict=True)]


def _rows(colours: Sequence[Sequence[float]]) -> Rows:
    rows: Rows = np.array(colours, np.float32) + 1  # black too has a direction
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows
