"""Spaces: the vectors of one model each. One is searched, a coming one is filled beside it to take over."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from index.candidates import Candidates
from index.catalog import Catalog
from index.errors import ModelChanged, NoStore
from index.records import ImageRecord
from index.store import catalog_in
from index.vectors import Row, check_vector


@dataclass(frozen=True)
class Space:
    """What is searched, all of one model; replaced as a whole, so that no search sees half of two."""

    model_version: str
    dim: int
    catalog: Catalog
    candidates: dict[str, Candidates]

    def check(self, model_version: str | None) -> None:
        """Raises ModelChanged for vectors of another model; None vouches for itself."""
        if model_version not in (None, self.model_version):
            raise ModelChanged(str(model_version), self.model_version)


class Coming:
    """The space of a model that is to serve next. It is written to, durably, and never searched."""

    def __init__(self, catalog: Catalog, model_version: str, dim: int) -> None:
        self.model_version = model_version
        self.dim = dim
        self.catalog = catalog.of_model(model_version, dim)

    def pending(self) -> int:
        """How many images still lack their vector."""
        return self.catalog.pending()

    def without_vector(self, *, after: int = 0, limit: int = 32) -> list[ImageRecord]:
        """Up to `limit` images of any collection without a vector of this model, by ascending id."""
        return self.catalog.without_vector(after=after, limit=limit)

    def put_vectors(self, vectors: Mapping[int, Row]) -> None:
        """Gives images their vectors, (dim,) float32 by id; deleted images are ignored.

        Raises BadVector, StorageFull, StorageUnwritable.
        """
        for vector in vectors.values():
            check_vector(vector, self.dim)
        self.catalog.put_vectors(vectors)


@dataclass(frozen=True)
class Served:
    """The model that a data folder was searched with last."""

    model_version: str
    checkpoint: str | None
    pending: int  # images that lack a vector of it
    pending_of_next: int  # images that lack one of the model that asks to be next


def served_before(folder: Path, next_version: str) -> Served | None:
    """Who served the folder, which nobody need have open; None where it is new or does not tell.

    Raises StoreTooNew, StoreDamaged.
    """
    try:
        with catalog_in(folder) as connection:
            try:
                row = connection.execute("SELECT model_version, checkpoint FROM serving").fetchone()
            except sqlite3.OperationalError:  # of a release before this table
                return None
            if row is None:
                return None
            pending = [
                connection.execute(
                    """SELECT count(*) FROM images WHERE NOT EXISTS
                    (SELECT 1 FROM vectors WHERE image_id = images.id AND model_version = ?)""",
                    (version,),
                ).fetchone()[0]
                for version in (row[0], next_version)
            ]
            return Served(*row, *pending)
    except NoStore:
        return None
