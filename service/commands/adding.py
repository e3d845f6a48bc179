"""What `upload` does: files and folders go in batches, archives as imports that the service works off."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from service.client import Conflict, Invalid, Pivot, TooLarge
from service.commands import jobs
from service.commands.folder import Entry, Photo, text_of, walk
from service.commands.indexing import Indexing
from service.commands.printable import printable

ARCHIVES: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def add(pivot: Pivot, collection: str, paths: Sequence[Path], tell: Callable[[str], object]) -> int:
    """Add all there is at the paths; the exit code. The collection is made where it is missing."""
    with suppress(Conflict):  # which says that it exists
        pivot.create_collection(collection)
    archives = [path for path in paths if path.name.lower().endswith(ARCHIVES) and path.is_file()]
    others = [path for path in paths if path not in archives]
    failed = 0
    if others:
        failed += _add_files(Indexing(pivot, collection, lambda: _entries(others)), tell)
    for archive in archives:
        failed += _add_archive(pivot, collection, archive, tell)
    return 1 if failed else 0


def _add_archive(pivot: Pivot, collection: str, archive: Path, tell: Callable[[str], object]) -> int:
    """How many failed; an archive that is refused counts as one."""
    try:
        begun = pivot.import_archive(archive, collection=collection)
    except (Invalid, TooLarge) as error:
        print(f"{printable(text_of(archive.name))}: {error}", file=sys.stderr)
        return 1
    job = jobs.follow(pivot, begun.id)
    tell(jobs.outcome(job))
    return job.failed + (job.state != "succeeded")


def _add_files(indexing: Indexing, tell: Callable[[str], object]) -> int:
    """How many failed."""
    try:
        indexing.run()
    except KeyboardInterrupt:
        print("Stopped. What is added is safe; the same command goes on from here.", file=sys.stderr)
        raise
    finally:
        tell(str(indexing.tally))
    return indexing.tally.failed


def _entries(paths: Sequence[Path]) -> Iterator[Entry]:
    """A file that is named is taken for a photo, whatever it is called."""
    for path in paths:
        if path.is_dir():
            yield from walk(path)
        else:
            yield Photo(path, text_of(path.name))
