"""The tables of the paper (Gella et al. 2017) on our data: six systems, trained and evaluated.

    PIVOT_DATA=DIR python -m benchmarks.paper --jobs 2

DIR holds `flickr8k/` and `sts/`. Every run is kept in the output folder, and goes on where it was stopped;
once all are there, the tables are printed at once. All numbers are of the dev split, which also chose each
run's epoch.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, fields
from pathlib import Path

from benchmarks.paper.data import STS, Data
from benchmarks.paper.run import train
from benchmarks.paper.systems import SYSTEMS, Settings, Unit, units
from benchmarks.paper.table import tables
from model.training.data import DataError
from model.training.start import StartMissingError


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.data is None:
        print("Set PIVOT_DATA to the folder that holds flickr8k/ and sts/, or give --data.", file=sys.stderr)
        return 2
    settings = Settings(**{field.name: getattr(options, field.name) for field in fields(Settings)})
    names = options.systems.split(",")
    unknown = sorted(set(names) - {system.name for system in SYSTEMS})
    if unknown:
        print(f"There is no system {unknown[0]}. There are: {_all_systems()}.", file=sys.stderr)
        return 2
    try:
        data = Data.read(options.data)
        if not options.print:
            _train(units(range(options.seeds), names), settings, options)
    except (DataError, StartMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    files = _results(units(range(options.seeds), names), settings, data, options.out)
    results = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.is_file()]
    print(f"{len(results)} of {len(files)} runs, {asdict(settings)}\n")
    print(tables(results, options.seeds, STS))
    return 0


def _train(wanted: Sequence[Unit], settings: Settings, options: argparse.Namespace) -> None:
    """What is missing, in `--jobs` processes of one thread each."""
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / ".gitignore").write_text("*\n")  # caches are no part of the project
    data = Data.read(options.data)
    files = _results(wanted, settings, data, options.out)
    missing = [unit for unit, file in zip(wanted, files, strict=True) if not file.is_file()]
    if not missing:
        return
    data.features(options.out)  # once, before several processes want them
    with ProcessPoolExecutor(options.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        runs = [pool.submit(train, unit, settings, options.data, options.out) for unit in missing]
        for run in runs:
            run.result()


def _results(wanted: Sequence[Unit], settings: Settings, data: Data, folder: Path) -> list[Path]:
    fingerprint = data.fingerprint()
    return [folder / f"{unit.name(settings, fingerprint)}.json" for unit in wanted]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.paper",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    place = os.environ.get("PIVOT_DATA")
    parser.add_argument("--data", type=Path, default=place and Path(place), help="default: PIVOT_DATA")
    parser.add_argument("--out", type=Path, default=Path("paper-table"), help="default: ./paper-table")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side, one thread each (default: 1)")
    parser.add_argument("--seeds", type=int, default=3, help="from 0 on (default: 3)")
    parser.add_argument("--systems", default=_all_systems(), help="comma-separated (default: all)")
    parser.add_argument("--print", action="store_true", help="train nothing, print what is there")
    for field in fields(Settings):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            help=f"default: {field.default}",
        )
    return parser


def _all_systems() -> str:
    return ",".join(system.name for system in SYSTEMS)


if __name__ == "__main__":
    sys.exit(main())
