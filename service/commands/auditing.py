"""What `audit` asks, and the tables that it prints."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tqdm import tqdm

from index.audit import AuditQuery, Recall, audit, image_queries
from service.commands.errors import CommandError
from service.demo import PHOTOS
from service.finder import Language
from service.library import Library

HEADINGS: Final = ("candidates", "symmetric", "asymmetric", "all ten")
EXPLANATION: Final = (
    "Percent of the ten best of all images that a search finds from so many candidates, by each score;"
    "\n`all ten`: percent of queries for which the asymmetric ten are complete."
)


class QueriesUnusable(CommandError):  # noqa: N818 -- it says what happened
    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} {reason}. Give a text file in UTF-8, a query on each line.")
        self.path = path
        self.reason = reason


def read_queries(path: Path | None) -> list[str]:
    """The lines of the file; without one, what the demo's photos show. Raises QueriesUnusable."""
    if path is None:
        return [Path(photo.name).stem.replace("-", " ") for photo in PHOTOS]
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise QueriesUnusable(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise QueriesUnusable(path, "is not UTF-8") from error
    if not (texts := [line.strip() for line in lines if line.strip()]):
        raise QueriesUnusable(path, "has no queries")
    return texts


def audit_tables(
    library: Library, collection: str, texts: Sequence[str], detect: Callable[[str], Language], images: int
) -> str:
    """A table for the texts, and one for up to `images` images that ask for the like of them."""
    rows = library.encoder.embed_texts(texts, [detect(text).code for text in texts])
    asked = {
        "texts": [AuditQuery(row) for row in rows],
        "images": image_queries(library.gallery, collection, images),
    }
    number = library.gallery.collection(collection).searchable
    tables = []
    for kind, queries in asked.items():
        with tqdm(total=len(queries), desc=f"audit with {kind}", disable=None) as bar:
            recalls = audit(library.gallery, collection, queries, step=bar.update)
        tables.append(_table(f"{len(queries):,} {kind} ask, {number:,} images answer", recalls))
    return "\n\n".join([*tables, EXPLANATION])


def _table(title: str, recalls: Sequence[Recall]) -> str:
    lines = [title, "  ".join(f"{heading:>10}" for heading in HEADINGS)]
    for recall in recalls:
        percents = (recall.symmetric, recall.asymmetric, recall.complete)
        lines.append(
            "  ".join([f"{recall.candidates:>10,}", *(f"{100 * share:>10.1f}" for share in percents)])
        )
    return "\n".join(lines)
