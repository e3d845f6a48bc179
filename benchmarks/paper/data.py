"""What all units share: features of the photos, captions as numbers, sentence pairs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from benchmarks.paper.features import features, fingerprint
from benchmarks.paper.systems import LANGUAGES
from benchmarks.paper.vocabulary import Vocabulary
from model.training.data import Photos, read_photos
from model.training.sts import Pairs, read_pairs

STS = ("2012.MSRvid.test", "2014.images.test", "2015.images.test")  # descriptions of videos and of images


@dataclass(frozen=True)
class Data:
    """Train and dev photos with all their captions of both languages, written independently or translated."""

    train: Photos
    dev: Photos
    sts: dict[str, Pairs]

    @classmethod
    def read(cls, folder: Path) -> Data:
        """From `flickr8k/` and `sts/` in the folder.

        Raises:
            DataError: something is missing.
        """
        train, dev = (read_photos(folder / "flickr8k", split, LANGUAGES) for split in ("train", "dev"))
        return cls(train, dev, {name: read_pairs(folder / "sts" / f"{name}.tsv") for name in STS})

    def fingerprint(self) -> str:
        """Changes with the photos, captions and pairs."""
        digest = hashlib.sha256()
        for photos in (self.train, self.dev):
            digest.update(repr((fingerprint(photos.paths), photos.captions)).encode())
        digest.update(repr(self.sts).encode())
        return digest.hexdigest()[:12]

    def features(self, folder: Path) -> tuple[Tensor, Tensor]:
        """Of the train and the dev photos, each `(n, 1280)`; kept in `folder`."""
        return features(self.train.paths, folder), features(self.dev.paths, folder)

    def vocabulary(self, language: str, least: int) -> Vocabulary:
        """Of the training captions alone."""
        return Vocabulary((caption.text for caption in self.train.captions[language]), least)
