"""How well copies of photos are told from other photos, by threshold; and how long it takes to look for them.

    PIVOT_DATA=DIR python -m benchmarks.duplicates

DIR holds `flickr8k/`. Of 300 photos of the split `dev`, on which nothing was trained, we make copies, each in
one of the ways of `COPIES`, and compare each photo with all copies. A pair is right where the copy is of the
photo.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from index.candidates import Candidates
from index.duplicates import NEAR_PAIRS, SIMILAR_PAIRS, Matching, Scan, Similar
from index.hashes import Near
from model.load import load
from model.training.data import read_photos
from service.images import Decoded, decode
from service.perceptual import hash_of
from service.settings import Settings

PHOTOS = 300
BATCH = 16
HASHES, ROWS, DIM = 100_000, 20_000, 512  # that are made at random, and timed

Copy = Callable[[Image.Image], Image.Image]
Values = NDArray[np.float64]
"""(photos, copies of them) float64: distances or scores"""


def _half(photo: Image.Image) -> Image.Image:
    return photo.resize((photo.width // 2, photo.height // 2))


def _recompressed(photo: Image.Image) -> Image.Image:
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=30)
    return Image.open(out).convert("RGB")


def _cropped(percent: int) -> Copy:
    """What is left without this share of the width and of the height, half of it at either end."""

    def crop(photo: Image.Image) -> Image.Image:
        x, y = photo.width * percent // 200, photo.height * percent // 200
        return photo.crop((x, y, photo.width - x, photo.height - y))

    return crop


COPIES: dict[str, Copy] = {
    "half": _half,
    "jpeg 30": _recompressed,
    "crop 4%": _cropped(4),
    "crop 10%": _cropped(10),
    "crop 30%": _cropped(30),
    "brighter": lambda photo: ImageEnhance.Brightness(photo).enhance(1.3),
    "grey": lambda photo: photo.convert("L").convert("RGB"),
}


def main() -> int:
    if "PIVOT_DATA" not in os.environ:
        print("Set PIVOT_DATA to the folder that holds flickr8k/.", file=sys.stderr)
        return 2
    folder = Path(os.environ["PIVOT_DATA"]) / "flickr8k"
    photos = [Image.open(path).convert("RGB") for path in read_photos(folder, "dev", ()).paths[:PHOTOS]]
    originals = _decoded(photos)
    copies = {name: _decoded([copy(photo) for photo in photos]) for name, copy in COPIES.items()}
    _near(originals, copies)
    _similar(originals, copies)
    _timed()
    return 0


def _decoded(photos: Sequence[Image.Image]) -> list[Decoded]:
    """As the service would have them from files of good quality."""
    decoded = []
    for photo in photos:
        out = io.BytesIO()
        photo.save(out, "JPEG", quality=90)
        decoded.append(decode(out.getvalue(), Settings().max_pixels))
    return decoded


def _near(originals: list[Decoded], copies: dict[str, list[Decoded]]) -> None:
    def hashes(images: list[Decoded]) -> NDArray[np.uint64]:
        return np.frombuffer(b"".join(hash_of(one.thumbnail) for one in images), np.uint64)

    mine = hashes(originals)
    distances = {
        name: np.bitwise_count(mine[:, None] ^ hashes(images)[None]).astype(np.float64)
        for name, images in copies.items()
    }
    print("near: bits that differ")
    _table(distances, range(0, 17, 2), lambda values, threshold: values <= threshold)


def _similar(originals: list[Decoded], copies: dict[str, list[Decoded]]) -> None:
    encoder = load(Settings().checkpoint, None)

    def rows(images: list[Decoded]) -> NDArray[np.float32]:
        steps = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
        return np.concatenate([encoder.embed_images([one.image() for one in step]) for step in steps])

    mine = rows(originals)
    scores = {name: (mine @ rows(images).T).astype(np.float64) for name, images in copies.items()}
    print("similar: cosine")
    thresholds = (0.9, 0.925, 0.95, 0.9625, 0.975, 0.99)
    _table(scores, thresholds, lambda values, threshold: values >= threshold)


def _table(
    values: dict[str, Values],
    thresholds: Sequence[float],
    passes: Callable[[Values, float], NDArray[np.bool_]],
) -> None:
    """For each threshold, precision and recall of all pairs, then the recall of each way to copy."""
    print("threshold  wrong  precision  recall  " + "  ".join(f"{name:>8}" for name in values))
    for threshold in thresholds:
        passed = [passes(one, threshold) for one in values.values()]
        right = [int(np.diagonal(one).sum()) for one in passed]
        wrong = sum(int(one.sum()) for one in passed) - sum(right)
        photos = len(passed[0])
        precision = sum(right) / max(1, sum(right) + wrong)
        recalls = "  ".join(f"{one / photos:8.3f}" for one in right)
        recall = sum(right) / (photos * len(right))
        print(f"{threshold:9g}  {wrong:5}  {precision:9.4f}  {recall:6.3f}  {recalls}")
    print(f"of {len(values) * photos * photos} pairs, {len(values) * photos} are right")


def _timed() -> None:
    """How long it takes to look for all groups of what is made at random, where next to none are."""
    random = np.random.default_rng(0)
    hashes = random.integers(0, 256, (HASHES, 8), np.uint8)
    _time(f"{HASHES} hashes", Near(np.arange(HASHES), hashes, 8), NEAR_PAIRS)
    rows = np.maximum(random.standard_normal((ROWS, DIM), np.float32), 0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    candidates = Candidates(DIM)
    candidates.add(np.arange(ROWS), rows)
    _time(f"{ROWS} rows", Similar(candidates, candidates.ids(), 0.9), SIMILAR_PAIRS)


def _time(what: str, matching: Matching, pairs: int) -> None:
    seconds: list[float] = []
    groups, after = 0, -1
    while True:
        started = process_time()
        found, last = Scan(matching, pairs // len(matching.ids)).groups(after, 1000)
        seconds.append(process_time() - started)
        groups += len(found)
        if last is None:
            break
        after = last
    total, longest = sum(seconds), max(seconds)
    print(
        f"{what}: {groups} groups in {total:.1f} s of a core, {len(seconds)} calls of {longest:.1f} s at most"
    )


if __name__ == "__main__":
    sys.exit(main())
