"""What the service costs over HTTP: searches, uploads, memory, the time until it is ready.

    PIVOT_DATA=DIR python -m benchmarks.service --images 100000 --out bench-service

Real HTTP on loopback, with the real model: the service is a process of its own, this one is its clients. The
collection is made of the dev photos' vectors as `benchmarks.index.vectors` says, and kept in the output
folder, so that a second call begins to measure at once. `--repeat` starts the service twice and compares what
all queries find, to the last id. The exit code is 1 where a target is missed or the two runs differ.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.index.report import MB, Target
from benchmarks.index.vectors import LANGUAGES, real
from benchmarks.service.load import found, searches, uploading
from benchmarks.service.store import distinct, fill, photos
from tests.end_to_end.server import serving

ALONE, TOGETHER = 1000, 3000  # queries of one client, and of 16
PHOTOS = 32


def main() -> int:
    arguments = _arguments()
    if arguments.data is None:
        print("Set PIVOT_DATA to the folder that holds flickr8k/, or give --data.", file=sys.stderr)
        return 2
    arguments.out.mkdir(parents=True, exist_ok=True)
    queries, files = _asked(arguments.data / "flickr8k")
    _fill(arguments.data, arguments.out, arguments.images)
    targets, ids = _measured(arguments.out, queries, files, arguments.seconds)
    print("\n".join(map(str, targets)))
    same = True
    if arguments.repeat:
        with serving(arguments.out) as server:
            same = found(server.address, queries[:ALONE]) == ids
        print(f"two runs {'agree to the last id' if same else 'DIFFER'} in {len(ids):,} searches")
    return 0 if same and all(target.reached for target in targets) else 1


def _asked(folder: Path) -> tuple[list[str], list[bytes]]:
    """Captions of the dev photos, each once, and some of the photos as JPEGs of two megapixels."""
    from model.training.data import read_photos

    read = read_photos(folder, "dev", LANGUAGES)
    both = [read.captions[language] for language in LANGUAGES]
    captions = dict.fromkeys(caption.text for pair in zip(*both, strict=False) for caption in pair)
    return list(captions), photos(read.paths[:PHOTOS])


def _fill(data: Path, out: Path, n: int) -> None:
    from index.gallery import Gallery
    from model.encoder import Encoder

    images, _ = real(data, out)
    encoder = Encoder.load()
    started = perf_counter()
    with Gallery.open(out / "store", dim=encoder.dim, model_version=encoder.version) as gallery:
        fill(gallery, images, n)
    print(f"{n:,} images are there after {perf_counter() - started:.0f} s", file=sys.stderr)


def _measured(
    out: Path, queries: Sequence[str], files: Sequence[bytes], seconds: float
) -> tuple[list[Target], list[list[int]]]:
    alone, together, others = dealt(queries)
    started = perf_counter()
    with serving(out) as server:
        ready = perf_counter() - started
        memory = resident(server.pid)
        one = searches(server.address, alone)
        many = searches(server.address, together, clients=16)
        during = uploading(server.address, distinct(files), others, seconds)
        ids = found(server.address, alone)
    return [
        Target("one client, search, p50 in ms", one.milliseconds(50), 12),
        Target("one client, search, p99 in ms", one.milliseconds(99), 30),
        Target("16 clients, searches a second", many.rate, 150, least=True),
        Target("uploads of 2 megapixels a second", during.rate, 12, least=True),
        Target("a search while uploads run, p99 in ms", during.searches.milliseconds(99), 250),
        Target("memory before the first search in MB", memory / MB, 900),
        Target("seconds from start to ready", ready, 5),
    ], ids


def dealt(queries: Sequence[str]) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """For one client, for 16, and for the time of the uploads. No text twice: the service remembers those."""
    return queries[:ALONE], queries[ALONE : ALONE + TOGETHER], queries[ALONE + TOGETHER :]


def resident(process: int) -> int:
    """Bytes of memory of a process (Linux)."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    place = os.environ.get("PIVOT_DATA")
    parser.add_argument("--data", type=Path, default=place and Path(place), help="default: PIVOT_DATA")
    parser.add_argument("--out", type=Path, default=Path("bench-service"), help="default: ./bench-service")
    parser.add_argument("--images", type=int, default=100_000, help="in the collection")
    parser.add_argument("--seconds", type=float, default=60, help="for which uploads are sent")
    parser.add_argument("--repeat", action="store_true", help="compare the results of two runs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
