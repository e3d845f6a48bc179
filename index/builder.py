"""Builder: makes the lists of a large collection in the background, while searches and changes go on."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from index.lists import SAMPLE, Lists, lists_for
from index.readers_writer import ReadersWriterLock
from index.rows import RowStore
from index.snapshots import Saved, Snapshot, prints_of
from index.vectors import Ids, Rows

logger = logging.getLogger(__name__)

STEP_ROWS = 4096  # rows that are copied while changes wait
FEW_ROWS = 256  # rows that lists may take in while searches wait


class Builder:
    """One build at a time, in a thread of its own.

    Lists that are being built belong to the thread alone. Whatever changes meanwhile is noted, and they catch
    up with it: with nearly all of it while searches go on, with the rest when they take their place.
    """

    def __init__(
        self,
        rows: RowStore,
        lock: ReadersWriterLock,
        snapshot: Snapshot | None,
        publish: Callable[[Lists], None],
    ) -> None:
        """`publish` takes the lists when they are done; `lock` is then held for writing."""
        self._rows = rows
        self._lock = lock
        self._snapshot = snapshot
        self._publish = publish
        self._changed: set[int] | None = None  # what the lists lag behind by; None while none are built
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, lists: Lists | None = None, outdated: Iterable[int] | None = None) -> None:
        """Begins to build lists, or to bring up to date those given, unless it is building already.

        To be called with the lock held for writing, as `note`.
        """
        if self._changed is None and not self._stopping.is_set():
            self._changed = set(self._rows.ids.tolist() if outdated is None else outdated)
            # A daemon, so that a process without a call of `stop` can end.
            self._thread = threading.Thread(target=self._run, args=(lists,), name="lists", daemon=True)
            self._thread.start()

    def note(self, ids: Iterable[int]) -> None:
        """What was added, replaced or removed just now."""
        if self._changed is not None:
            self._changed.update(ids)

    def wait(self) -> None:
        """Until nothing is being built."""
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """Gives up what is being built, now and in future. Takes seconds at most."""
        self._stopping.set()
        self.wait()

    def _run(self, lists: Lists | None) -> None:
        try:
            lists = lists or self._trained()
            self._catch_up(lists)
            if self._snapshot is not None:
                self._snapshot.save(self._saved(lists))
            self._catch_up(lists)
            with self._lock.writing():
                self._refresh(lists, self._lag())
                self._changed = None
                self._publish(lists)
        except _StoppedError:
            self._give_up()
        except Exception:
            logger.exception("No new lists could be built; searches go on with what there is")
            self._give_up()

    def _give_up(self) -> None:
        with self._lock.writing():
            self._changed = None

    def _trained(self) -> Lists:
        with self._lock.reading():
            ids = self._rows.ids.copy()
        count = lists_for(len(ids))
        chosen = np.random.default_rng(0).permutation(ids)[: SAMPLE * count]
        sample = np.concatenate([rows for _, rows in self._steps(chosen)])
        logger.info("Building %d lists for %d vectors", count, len(ids))
        trained = Lists.trained(sample, count, self._stopping.is_set)
        if trained is None:
            raise _StoppedError
        return trained

    def _catch_up(self, lists: Lists) -> None:
        """Until few changes are left that the lists know nothing of."""
        while True:
            with self._lock.writing():
                if len(self._lag()) <= FEW_ROWS:
                    return
                changed, self._changed = self._lag(), set()
            ids = np.array(sorted(changed), np.int64)
            lists.remove(ids)
            for present, rows in self._steps(ids):
                lists.add(present, rows)

    def _refresh(self, lists: Lists, changed: Iterable[int]) -> None:
        """The same for a few, with the lock held."""
        ids = np.array(sorted(changed), np.int64)
        lists.remove(ids)
        lists.add(*self._present(ids))

    def _saved(self, lists: Lists) -> Saved:
        ids = lists.ids()
        prints = np.zeros(len(ids), np.uint32)
        order = np.argsort(ids)
        for present, rows in self._steps(ids):
            prints[order[np.searchsorted(ids, present, sorter=order)]] = prints_of(rows)
        with self._lock.reading():
            changed = np.isin(ids, list(self._lag()))
        prints[changed] ^= 0xFFFFFFFF  # of no row that we know: whoever loads this takes it for outdated
        return Saved(lists, prints)

    def _steps(self, ids: Ids) -> Iterator[tuple[Ids, Rows]]:
        """Those of the ids that are there, with their rows, a step at a time; other work comes between."""
        for start in range(0, len(ids), STEP_ROWS):
            if self._stopping.is_set():
                raise _StoppedError
            with self._lock.reading():
                step = self._present(ids[start : start + STEP_ROWS])
            yield step

    def _present(self, ids: Ids) -> tuple[Ids, Rows]:
        slots = np.sort(self._rows.find(ids))
        return self._rows.ids[slots], self._rows.take(slots)

    def _lag(self) -> set[int]:
        assert self._changed is not None  # while this thread builds
        return self._changed


class _StoppedError(Exception):
    """Nobody waits for the lists any more."""
