"""The rows that are searched and the queries that are asked, both from the dev photos of Flickr8k.

There are 964 such photos, and we need a million rows. Random vectors would flatter or punish a structure:
they have no neighbourhoods, or ones that no photo has. So each row is a mix of real ones: with image rows
a, b, c drawn at random and weights w from a Dirichlet distribution,

    row = normalised(max(0, (w_a a + w_b b + w_c c) * (1 + noise)))

Weights of concentration 0.5 let one photo dominate most mixes, as if the row were a photo much like it. The
noise is in proportion, so that what is weak in all three photos stays weak. Queries stay real: English and
German captions of the same photos, as the text tower embeds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from index.vectors import Rows

BLOCK = 8192  # rows made at once
MIXED = 3
CONCENTRATION = 0.5
NOISE = 0.1  # standard deviation, in shares of the mix's number
QUERIES = 1000
LANGUAGES = ("en", "de")


def real(data: Path, out: Path) -> tuple[Rows, Rows]:
    """Image rows, `(964, dim)`, and query rows, `(QUERIES, dim)`, float32, unit; kept in `out`."""
    files = [out / "images.npy", out / "queries.npy"]
    if not all(file.is_file() for file in files):
        for file, rows in zip(files, _embedded(data / "flickr8k"), strict=True):
            aside = file.with_suffix(".new.npy")
            np.save(aside, rows)
            aside.replace(file)
    images, queries = (np.load(file) for file in files)
    return images, queries


def augmented(images: Rows, n: int) -> Iterator[Rows]:
    """`n` rows made of the `(m, dim)` real ones, in blocks `(BLOCK, dim)` float32, unit, non-negative.

    The first rows are the same whatever `n` is.
    """
    for number, start in enumerate(range(0, n, BLOCK)):
        yield _block(images, np.random.default_rng(number))[: n - start]


def _block(images: Rows, chance: np.random.Generator) -> Rows:
    weights = chance.dirichlet([CONCENTRATION] * MIXED, BLOCK).astype(np.float32)
    drawn = chance.integers(0, len(images), (BLOCK, MIXED))
    rows = np.zeros((BLOCK, images.shape[1]), np.float32)
    for place in range(MIXED):
        rows += weights[:, place, None] * images[drawn[:, place]]
    rows *= 1 + np.float32(NOISE) * chance.standard_normal(rows.shape, np.float32)
    np.maximum(rows, 0, out=rows)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def _embedded(folder: Path) -> tuple[Rows, Rows]:
    from model.encoder import Encoder
    from model.training.data import open_photo, read_photos

    encoder = Encoder.load()
    photos = read_photos(folder, "dev", LANGUAGES)
    images = np.concatenate([encoder.embed_images([open_photo(path)]) for path in photos.paths])
    captions = [caption.text for language in LANGUAGES for caption in photos.captions[language]]
    chosen = np.random.default_rng(0).choice(len(captions), QUERIES, replace=False)
    return images, encoder.embed_texts([captions[i] for i in chosen])
