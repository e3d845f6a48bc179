"""What is measured: our gallery, FAISS without it, and hnswlib. Each is built on disk, then opened anew."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Protocol

import faiss
import hnswlib
import numpy as np

from index.candidates import SPARE
from index.gallery import DEFAULT_COLLECTION, Gallery
from index.records import NewImage, SearchOptions
from index.vectors import Ids, Row, Rows

DIM = 512
K = 10
BATCH = 1000  # rows of one durable addition
WITH_FILES = 1000  # images that are added with files, too
LARGEST_COPY = 200_000  # rows that may lie in memory twice
HNSW = {"M": 16, "ef_construction": 100}
HNSW_EF = 200

Search = Callable[[Row], Ids]
"""(dim,) float32 -> the row numbers of the K best"""


class Contender(Protocol):
    def build(self, blocks: Iterator[Rows], n: int) -> dict[str, float]:
        """Leaves itself on disk; gives adds_per_second and build_seconds."""

    def open(self) -> Search: ...

    def beside_bare(self) -> tuple[Search, Search] | None:
        """Our candidates, and those of FAISS alone from the same structure; after `open`."""

    def remove(self) -> None:
        """From the disk."""


class Flat:
    """faiss.IndexFlatIP: every row is scored."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "flat.faiss"

    def build(self, blocks: Iterator[Rows], n: int) -> dict[str, float]:
        index, seconds = faiss.IndexFlatIP(DIM), 0.0
        for block in blocks:
            started = perf_counter()
            index.add(block)
            seconds += perf_counter() - started
        faiss.write_index(index, str(self._file))
        return {"adds_per_second": n / seconds, "build_seconds": seconds}

    def open(self) -> Search:
        index = faiss.read_index(str(self._file))
        return lambda query: np.asarray(index.search(query[None], K)[1][0])

    def beside_bare(self) -> tuple[Search, Search] | None:
        return None

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)


class Hnsw:
    """hnswlib, whose graph holds the rows in full."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "hnsw.bin"

    def build(self, blocks: Iterator[Rows], n: int) -> dict[str, float]:
        index, seconds = hnswlib.Index("ip", DIM), 0.0
        index.init_index(max_elements=n, **HNSW)
        for block in blocks:
            started = perf_counter()
            index.add_items(block, num_threads=1)
            seconds += perf_counter() - started
        index.save_index(str(self._file))
        return {"adds_per_second": n / seconds, "build_seconds": seconds}

    def open(self) -> Search:
        index = hnswlib.Index("ip", DIM)
        index.load_index(str(self._file))
        index.set_ef(HNSW_EF)
        return lambda query: np.asarray(index.knn_query(query, K, num_threads=1)[0][0], np.int64)

    def beside_bare(self) -> tuple[Search, Search] | None:
        return None

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)


class Pivot:
    """Gallery.search with the options that are the default, records of the images included.

    Rows are added as `Gallery.add` does it, each batch durable in SQLite before it can be found, but without
    the images' files: two million of them would measure the disk. In the end a thousand come with files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "store"
        self._opened: Gallery | None = None

    def build(self, blocks: Iterator[Rows], n: int) -> dict[str, float]:
        self.remove()
        seconds = 0.0
        with self._gallery() as gallery:
            candidates = gallery._space.shelf(DEFAULT_COLLECTION).images
            batches = (block[i : i + BATCH] for block in blocks for i in range(0, len(block), BATCH))
            for number, rows in enumerate(batches):
                images = [_image(f"{number} {i}", row) for i, row in enumerate(rows)]
                started = perf_counter()
                stored = gallery._catalog.add(DEFAULT_COLLECTION, images)
                candidates.add([one.added.record.id for one in stored], rows)
                seconds += perf_counter() - started
            candidates._builder.wait()
        shutil.rmtree(self._folder / "lists", ignore_errors=True)
        with self._gallery() as gallery:
            started = perf_counter()
            gallery._space.shelf(DEFAULT_COLLECTION).images._builder.wait()
            build_seconds = perf_counter() - started
            with_files = self._add_with_files(gallery, rows[-1])
        return {
            "adds_per_second": n / seconds,
            "build_seconds": build_seconds,
            "adds_with_files_per_second": with_files,
        }

    def open(self) -> Search:
        self._opened = gallery = self._gallery()
        options = SearchOptions(k=K)

        def search(query: Row) -> Ids:
            hits = gallery.search(DEFAULT_COLLECTION, query, options).hits
            return np.array([hit.record.id - 1 for hit in hits], np.int64)

        return search

    def beside_bare(self) -> tuple[Search, Search] | None:
        """FAISS's IndexRefine, over the lists and a copy of the full rows: as many lists, codes and rows."""
        assert self._opened is not None
        candidates = self._opened._space.shelf(DEFAULT_COLLECTION).images
        lists, n = candidates._lists, SearchOptions().candidates
        if lists is None or len(candidates) > LARGEST_COPY:
            return None
        ids = np.sort(candidates._rows.ids)
        self._flat = faiss.IndexFlatIP(DIM)
        self._flat.add(np.zeros((ids[0], DIM), np.float32))  # it counts from 0
        self._flat.add(candidates._rows.take(candidates._rows.find(ids)))
        self._empty = faiss.IndexFlatIP(DIM)
        refine = faiss.IndexRefine(self._empty, self._empty)
        refine.base_index, refine.refine_index, refine.ntotal = lists._index, self._flat, self._flat.ntotal
        parameters = faiss.IndexRefineSearchParameters(  # type: ignore[call-arg] # not in the stubs
            k_factor=(n + SPARE) / n,
            base_index_params=faiss.SearchParametersIVF(  # type: ignore[call-arg]
                nprobe=lists.probes(n + SPARE, len(ids))
            ),
        )
        return (
            lambda query: candidates.nearest(query, n, frozenset()).ids,
            lambda query: np.asarray(refine.search(query[None], n, params=parameters)[1][0]),
        )

    def remove(self) -> None:
        if self._opened is not None:
            self._opened.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _gallery(self) -> Gallery:
        return Gallery.open(self._folder, dim=DIM, model_version="benchmark")

    def _add_with_files(self, gallery: Gallery, row: Row) -> float:
        """Into a collection of its own, which goes again."""
        gallery.create_collection("with-files")
        images = [_image(f"with files {i}", row) for i in range(WITH_FILES)]
        started = perf_counter()
        gallery.add("with-files", images)
        seconds = perf_counter() - started
        gallery.delete_collection("with-files")
        return WITH_FILES / seconds


CONTENDERS: dict[str, Callable[[Path], Contender]] = {
    "IndexFlatIP": Flat,  # first: it tells what the others should find
    "Pivot": Pivot,
    "hnswlib": Hnsw,
}


def _image(name: str, row: Row) -> NewImage:
    original = name.encode()
    return NewImage(
        original=original,
        thumbnail=original,
        format="jpeg",
        width=640,
        height=480,
        filename=f"{name}.jpg",
        metadata={},
        vector=row,
        sha256=hashlib.sha256(original).hexdigest(),
    )
