"""Where the photo comes that one meant: 964 photos through the HTTP interface, 20 queries written by us.

    PIVOT_DATA=DIR python -m benchmarks.meant

DIR holds `flickr8k/`, whose photos of the split `dev` no tower was trained on. The queries were written after
looking at these photos, and before the first search; none of them is a caption of the data.
"""

from __future__ import annotations

import csv
import os
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import httpx

from tests.end_to_end.server import serving

BATCH = 16

MEANT = {
    "en": {
        "a bride in a white dress at the beach": "3094278545_febac56382.webp",
        "a woman in a red dress next to a stop sign": "441398149_297146e38d.webp",
        "a brown dog with a baseball in its mouth": "3622929632_26fb800000.webp",
        "shirtless boy with a basketball in front of a hoop": "2399219552_bbba0a9a59.webp",
        "man with glasses and a bow tie": "3399616238_77acf4ee12.webp",
        "a motorcycle doing a wheelie at night": "3079073247_97e88e2eb7.webp",
        "a boat on a lake in front of red mountains": "2057160636_6e9cf3b5f0.webp",
        "kitesurfer on the water with a city behind": "3334300164_e75e0479ae.webp",
        "people sitting on the lawn under a blossoming tree": "3425685827_03683e8e5a.webp",
        "a girl hitting a volleyball": "2290330500_e7bdaa58e1.webp",
    },
    "de": {
        "ein schwarz-weißer Hund läuft durch den Schnee": "3262849619_0bc4f88ef9.webp",
        "zwei Basketballspieler springen nach dem Ball": "3126752627_dc2d6674da.webp",
        "ein Kind steht bei Sonnenuntergang im Wasser": "3198247669_7493af04a7.webp",
        "zwei kleine Kinder gehen über eine große Wiese": "438639005_208bc59b0b.webp",
        "drei Welpen fressen aus einem Napf": "3681414069_71ba164f71.webp",
        "schwarze Hunde mit einem roten Spielzeug im Schnee": "3154152744_4e93ec8a62.webp",
        "Mädchen mit Partyhut vor einer Geburtstagstorte mit Kerzen": "3653484549_f316590b0f.webp",
        "zwei Menschen mit einer roten Blume": "3231880001_193a579b97.webp",
        "jemand springt von einem Steg in den See": "3690425778_3b390b3ea5.webp",
        "ein Hundeschlitten im Schnee": "3404906655_bc51c69c1e.webp",
    },
}


def main() -> int:
    if "PIVOT_DATA" not in os.environ:
        print("Set PIVOT_DATA to the folder that holds flickr8k/.", file=sys.stderr)
        return 2
    folder = Path(os.environ["PIVOT_DATA"]) / "flickr8k"
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving(Path(scratch)) as server,
        httpx.Client(base_url=f"{server.address}/v1/collections/default", timeout=120) as client,
    ):
        _upload(client, [folder / "images" / name for name in _dev_photos(folder)])
        for language, queries in MEANT.items():
            _search(client, language, queries)
    return 0


def _dev_photos(folder: Path) -> list[str]:
    with (folder / "splits.tsv").open(encoding="utf-8", newline="") as file:
        return [row["image"] for row in csv.DictReader(file, delimiter="\t") if row["split"] == "dev"]


def _upload(client: httpx.Client, paths: list[Path]) -> None:
    started = perf_counter()
    for start in range(0, len(paths), BATCH):
        files = [("files", (path.name, path.read_bytes())) for path in paths[start : start + BATCH]]
        client.post("/images", files=files).raise_for_status()
    seconds = perf_counter() - started
    print(f"{len(paths)} photos uploaded in {seconds:.0f} s, {len(paths) / seconds:.1f} a second")


def _search(client: httpx.Client, language: str, queries: dict[str, str]) -> None:
    ranks = []
    milliseconds = []
    for query, photo in queries.items():
        response = client.post("/search", json={"q": query, "k": 1000, "candidates": 1000})
        answer = response.raise_for_status().json()
        names = [result["image"]["filename"] for result in answer["results"]]
        ranks.append(names.index(photo) + 1)
        milliseconds.append(answer["timings_ms"]["total"])
        print(f"{ranks[-1]:5}  {query}")
    first = sum(rank == 1 for rank in ranks)
    ten = sum(rank <= 10 for rank in ranks)
    print(
        f"{language}: {first} of {len(ranks)} first, {ten} in the first ten, median rank"
        f" {statistics.median(ranks):g}; {statistics.median(milliseconds):.1f} ms a search"
    )


if __name__ == "__main__":
    sys.exit(main())
