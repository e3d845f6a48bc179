"""What a search costs as a collection grows, next to FAISS alone and hnswlib.

    PIVOT_DATA=DIR python -m benchmarks.index --sizes 1000 10000 100000 1000000 --out bench-index

Needs the extra `bench`, and `flickr8k/` in DIR (see `vectors`). What was measured is kept in the output
folder: a second call measures what is missing and prints everything. A million rows take 5 GB of disk for a
while, 4 GB of memory, and half an hour. The exit code is 1 where one of our targets is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.index.contenders import CONTENDERS
from benchmarks.index.report import Measured, Results, table, targets
from benchmarks.index.vectors import real

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def main() -> int:
    arguments = _arguments()
    if arguments.data is None:
        print("Set PIVOT_DATA to the folder that holds flickr8k/, or give --data.", file=sys.stderr)
        return 2
    arguments.out.mkdir(parents=True, exist_ok=True)
    real(arguments.data, arguments.out)
    for size in arguments.sizes:
        for name in CONTENDERS:
            _measure(size, name, arguments.out)
    results = _kept(arguments.out, arguments.sizes)
    print(table(results))
    reached = targets(results)
    print("\n" + "\n".join(str(target) for target in reached))
    return 0 if all(target.reached for target in reached) else 1


def _measure(size: int, name: str, out: Path) -> None:
    """Unless that has been done."""
    file = _file(out, size, name)
    if file.is_file():
        return
    print(f"{size:,} rows, {name} ...", file=sys.stderr, flush=True)
    measured: dict[str, float] = {}
    for phase in ("build", "search"):
        command = [sys.executable, "-m", "benchmarks.index.measure", phase, name, str(size), str(out)]
        ran = subprocess.run(command, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, check=True)
        measured |= json.loads(ran.stdout.splitlines()[-1])
    CONTENDERS[name](out).remove()
    aside = file.with_suffix(".new")
    aside.write_text(json.dumps(measured, indent=1), encoding="utf-8")
    aside.replace(file)


def _kept(out: Path, sizes: list[int]) -> Results:
    files = {(size, name): _file(out, size, name) for size in sizes for name in CONTENDERS}
    results: dict[tuple[int, str], Measured] = {}
    for key, file in files.items():
        results[key] = json.loads(file.read_text(encoding="utf-8"))
    return results


def _file(out: Path, size: int, name: str) -> Path:
    return out / f"{size}-{name}.json"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    place = os.environ.get("PIVOT_DATA")
    parser.add_argument("--data", type=Path, default=place and Path(place), help="default: PIVOT_DATA")
    parser.add_argument("--out", type=Path, default=Path("bench-index"), help="default: ./bench-index")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of rows")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
