"""Bringing a folder's photos into a collection, with progress, and with a way to stop and go on."""

import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from tqdm import tqdm

from service.commands.client import Client, Indexed
from service.commands.folder import Other, Photo, Unreadable, walk
from service.commands.printable import printable

BATCH: Final = 16
AT_ONCE: Final = 2  # batches: the second is decoded while the first is embedded


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
    """One run over a folder. What fails is named on standard error as it happens."""

    def __init__(self, client: Client, collection: str, root: Path) -> None:
        self._client = client
        self._collection = collection
        self._root = root
        self.tally = Tally()

    def run(self) -> None:
        """Add every photo. Interrupted, it finishes the batches under way, so that the tally is true."""
        with tqdm(unit=" files", desc="index", disable=None) as bar:
            if not bar.disable:  # whoever sees no bar need not wait for the count
                bar.reset(total=sum(isinstance(entry, Photo) for entry in walk(self._root)))
            self._add_all(bar)

    def _add_all(self, bar: "tqdm[NoReturn]") -> None:
        under_way: deque[_Adding] = deque()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="index") as threads:
            try:
                for batch in self._batches():
                    under_way.append(
                        _Adding(batch, threads.submit(self._client.add, self._collection, batch))
                    )
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
        for entry in walk(self._root):
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


def _tell(text: str) -> None:
    tqdm.write(text, file=sys.stderr)
