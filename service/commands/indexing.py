"""Bringing photos into a collection, with progress, and with a way to stop and go on."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, NamedTuple, NoReturn

from tqdm import tqdm

from service.client import NewImage, Pivot, TooLarge
from service.commands.folder import Entry, Other, Photo, Unreadable
from service.commands.printable import printable
from service.uploads import FileUnreadable, clean_filename

BATCH: Final = 16
AT_ONCE: Final = 2  # batches: the second is decoded while the first is embedded


@dataclass(frozen=True)
class Indexed:
    """What became of a photo. `reason` says why it failed and what to do, and is None where it did not."""

    status: Literal["created", "exists", "failed"]
    reason: str | None = None


@dataclass
class Tally:
    """What became of the files so far. What it counts as added is safe, whatever happens next."""

    added: int = 0
    existing: int = 0
    failed: int = 0
    others: int = 0

    def __str__(self) -> str:
        return (
            f"{self.added:,} added, {self.existing:,} already there, {self.failed:,} failed,"
            f" {self.others:,} of other kinds skipped"
        )


class _Adding(NamedTuple):
    """A batch under way."""

    batch: list[Photo]
    outcome: Future[list[Indexed]]


class Indexing:
    """One run over the files that `entries` finds. What fails is named on standard error as it happens."""

    def __init__(self, pivot: Pivot, collection: str, entries: Callable[[], Iterable[Entry]]) -> None:
        self._pivot = pivot
        self._collection = collection
        self._entries = entries
        self.tally = Tally()

    def run(self) -> None:
        """Add every photo. Interrupted, it finishes the batches under way, so that the tally is true."""
        with tqdm(unit=" files", desc="upload", disable=None) as bar:
            if not bar.disable:  # whoever sees no bar need not wait for the count
                bar.reset(total=sum(isinstance(entry, Photo) for entry in self._entries()))
            self._add_all(bar)

    def _add_all(self, bar: "tqdm[NoReturn]") -> None:
        under_way: deque[_Adding] = deque()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="upload") as threads:
            try:
                for batch in self._batches():
                    added = threads.submit(upload, self._pivot, self._collection, batch)
                    under_way.append(_Adding(batch, added))
                    if len(under_way) == AT_ONCE:
                        self._settle_first(under_way, bar)
            except KeyboardInterrupt:
                _tell("Stopping as soon as the files under way are stored.")
                raise
            finally:
                while under_way:
                    self._settle_first(under_way, bar)

    def _batches(self) -> Iterator[list[Photo]]:
        photos = self._photos()
        while batch := list(islice(photos, BATCH)):
            yield batch

    def _photos(self) -> Iterator[Photo]:
        for entry in self._entries():
            match entry:
                case Photo():
                    yield entry
                case Other():
                    self.tally.others += 1
                case Unreadable(name, reason):
                    self._fail(name, f"{reason}. Check that it is there, and its rights.")

    def _settle_first(self, under_way: deque[_Adding], bar: "tqdm[NoReturn]") -> None:
        wait([under_way[0].outcome])  # before it is taken out, so that Ctrl-C does not lose it
        adding = under_way.popleft()
        for photo, indexed in zip(adding.batch, adding.outcome.result(), strict=True):
            if indexed.reason is not None:
                self._fail(photo.name, indexed.reason)
            elif indexed.status == "created":
                self.tally.added += 1
            else:
                self.tally.existing += 1
        bar.update(len(adding.batch))

    def _fail(self, name: str, reason: str) -> None:
        self.tally.failed += 1
        _tell(f"{printable(name)}: {reason}")


def upload(pivot: Pivot, collection: str, photos: Sequence[Photo]) -> list[Indexed]:
    """Add photos and tell of each, in their order. What it returned is safe on the service's disk."""
    failed: dict[Photo, Indexed] = {}
    for photo in photos:
        try:
            photo.path.open("rb").close()
        except OSError as error:
            failed[photo] = Indexed("failed", str(FileUnreadable(error.strerror or str(error))))
    there = [photo for photo in photos if photo not in failed]
    sent = iter(_sent(pivot, collection, there) if there else [])
    return [failed[photo] if photo in failed else next(sent) for photo in photos]


def _sent(pivot: Pivot, collection: str, photos: Sequence[Photo]) -> list[Indexed]:
    """A request that is too large is divided."""
    new = [NewImage(photo.path, clean_filename(photo.name), {"path": photo.name}) for photo in photos]
    try:
        items = pivot.upload(new, collection=collection).items
    except TooLarge as error:
        if len(photos) == 1:
            return [Indexed("failed", str(error))]
        half = len(photos) // 2
        return [*_sent(pivot, collection, photos[:half]), *_sent(pivot, collection, photos[half:])]
    return [Indexed(item.status, None if item.error is None else str(item.error)) for item in items]


def _tell(text: str) -> None:
    tqdm.write(text, file=sys.stderr)
