"""Processes that write to a gallery and say what was acknowledged, each until it is killed.

    python -m tests.index.writer FOLDER

It reads a seed from each line of standard input and forks a writer for it, so that a writer starts in
milliseconds. The writer prints `writing PID`, `ready` once the gallery is open, `added ID SHA256` once an
image was added, and `removing ID`, then `removed ID`, around a removal; then its parent prints `ended`.
"""

import hashlib
import os
import random
import sys
from pathlib import Path

import numpy as np

from index.gallery import Gallery
from index.records import NewCaption, NewImage
from index.vectors import Row

DIM = 16
MODEL = "model-1"
KEPT = 20  # images, so that a reader has checked all of them soon


def vector_of(sha256: str) -> Row:
    """The vector that belongs to a content, so that a reader can tell a wrong one."""
    numbers = np.frombuffer(bytes.fromhex(sha256)[:DIM], np.uint8).astype(np.float32) + 1
    row: Row = numbers / np.float32(np.linalg.norm(numbers))
    return row


def new_image(source: random.Random) -> NewImage:
    original = source.randbytes(source.randint(1, 200_000))
    sha256 = hashlib.sha256(original).hexdigest()
    return NewImage(
        original=original,
        thumbnail=original[:1000],
        format="jpeg",
        width=1,
        height=1,
        filename="",
        metadata={},
        vector=vector_of(sha256),
        sha256=sha256,
        captions=(NewCaption("en", sha256, vector_of(sha256)),),
    )


def say(*words: object) -> None:
    """A short line, in one write: whoever dies has said it or not."""
    os.write(1, f"{' '.join(map(str, words))}\n".encode())


def write(folder: Path, seed: int) -> None:
    source = random.Random(seed)
    say("writing", os.getpid())
    with Gallery.open(folder, dim=DIM, model_version=MODEL) as gallery:
        ids = [record.id for record in gallery.images("default", limit=1000)]
        say("ready")
        while True:
            for added in gallery.add("default", [new_image(source) for _ in range(source.randint(1, 4))]):
                say("added", added.record.id, added.record.sha256)
                ids.append(added.record.id)
            leaving = source.sample(ids, min(len(ids), source.randint(0, 3) + max(0, len(ids) - KEPT)))
            for id in leaving:
                say("removing", id)
                ids.remove(id)
            for id in gallery.remove("default", leaving):
                say("removed", id)


def main(folder: Path) -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            write(folder, int(line))
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
