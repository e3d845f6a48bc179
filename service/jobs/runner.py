"""Runs jobs, a few at a time, and leaves each so that the next start of the service goes on with it.

An item counts once: its result is written down after its image is stored. Where the service is killed between
the two, the item is done again, and its content is there already; it was this job that added it if its id is
above the mark, the newest id when the job began, and no other item has it.
"""

import json
import logging
import shutil
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, get_args

from index.errors import StorageFull, StoreClosed
from service.bad_requests import Bug
from service.batcher import Overloaded, Stopping
from service.fetch import Fetcher, allowed
from service.jobs.archives import Tar, archive
from service.jobs.bundles import UNPACKED, Bundle, is_bundle
from service.jobs.errors import ArchiveUnusable
from service.jobs.events import Bell
from service.jobs.folders import FolderSource
from service.jobs.ledger import Ledger
from service.jobs.records import Entry, ItemRecord, JobRecord, Result
from service.jobs.sources import Source
from service.jobs.urls import UrlSource
from service.library import Library
from service.problems import problem_for, problem_of_ours
from service.settings import Settings
from service.spoken import Tongue, speaking
from service.uploads import Outcome

logger = logging.getLogger(__name__)

AT_ONCE: Final = 2
# Images of a job that are decoded and embedded together: searches by images and uploads wait behind them.
CHUNK_FILES: Final = 4
AGAIN_SECONDS: Final = 10  # where the disk is full, or no process can be started


class Runner:
    def __init__(
        self, library: Library, ledger: Ledger, settings: Settings, fetcher: Fetcher | None, bell: Bell
    ) -> None:
        self._library = library
        self._ledger = ledger
        self._settings = settings
        self._fetcher = fetcher
        self._bell = bell
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"jobs-{number}", daemon=True)
            for number in range(AT_ONCE)
        ]

    def start(self) -> None:
        gallery = self._library.gallery
        for record in gallery.collections():  # should the service have ended in the middle of a renaming
            self._ledger.rename(gallery.key(record.name))
        needed = self._ledger.archives()
        for path in archives_folder(self._settings.store).iterdir():
            if path.suffix == UNPACKED:  # its job begins with it anew
                shutil.rmtree(path)
            elif path.name not in needed:
                path.unlink()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Returns when what is under way is written down; the next start goes on from there."""
        self._stop.set()
        self.wake()
        for thread in self._threads:
            thread.join()

    def wake(self) -> None:
        """There may be a job."""
        with self._changed:
            self._changed.notify_all()
        self._bell.ring()

    def cancel(self, id: int) -> JobRecord:
        """Raises UnknownJob."""
        job = self._ledger.cancel(id)
        self._remove_archive(job)
        self.wake()
        return job

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                job = self._ledger.take()
                if job is not None:
                    self._run_to_its_end(job)
                    continue
            except Exception:
                logger.exception("a job could not be taken up; trying again in %d s", AGAIN_SECONDS)
                self._stop.wait(AGAIN_SECONDS)
            with self._changed:
                self._changed.wait(timeout=1)  # a job that came between the look and the wait

    def _run_to_its_end(self, job: JobRecord) -> None:
        while not (self._stop.is_set() or job.finished):
            try:
                self._finish(job, self._run(job))
            except (StorageFull, Overloaded) as error:
                logger.warning("job %d waits %d s and goes on: %s", job.id, AGAIN_SECONDS, error)
                self._stop.wait(AGAIN_SECONDS)
                job = self._ledger.job(job.id)
            except (Stopping, StoreClosed):
                return
            else:
                return

    def _run(self, job: JobRecord) -> str | None:
        """None, or why it failed, as `_in_all_tongues`. Raises what time may mend."""
        try:
            with closing(self._source(job)) as source:
                self._import(job, source)
        except (StorageFull, Overloaded, Stopping, StoreClosed):
            raise
        except Exception as error:
            if problem_for(error) is None:
                logger.exception("job %d failed", job.id)
            return _in_all_tongues(error)
        return None

    def _source(self, job: JobRecord) -> Source:
        limit = self._settings.max_image_bytes
        match job.kind:
            case "archive":
                path = archives_folder(self._settings.store) / job.source
                if not path.is_file():
                    raise ArchiveUnusable("the service no longer has it")
                source = archive(path, limit)
                if isinstance(source, Tar) and is_bundle(source):
                    return Bundle(source, path.with_suffix(UNPACKED), self._settings.max_archive_bytes)
                return source
            case "folder":
                return FolderSource(job.source, self._settings.folders, limit)
            case "urls":
                return UrlSource(allowed(self._fetcher))

    def _import(self, job: JobRecord, source: Source) -> None:
        gallery = self._library.gallery
        newest = gallery.images(job.target, limit=1, newest_first=True)
        if job.total is None:
            self._ledger.plan(job.id, self._unless_stopped(source.plan()))
        mark = job.mark
        if mark is None:
            mark = newest[0].id if newest else 0
            self._ledger.begin(job.id, mark)
        self._bell.ring()
        numbers: deque[int] = deque()
        uploads = source.uploads(self._due(job.id, numbers))
        unsure = 0 if job.mark is None else CHUNK_FILES  # what may be stored and not written down
        for outcomes in self._library.add_in_chunks(job.target, uploads, CHUNK_FILES):
            results: list[Result] = []
            for outcome in outcomes:
                status = outcome.status
                if status == "exists" and unsure > 0 and self._added(job.id, outcome, mark, results):
                    status = "created"
                unsure -= 1
                results.append(_result(numbers.popleft(), outcome, status == "created"))
            self._ledger.record(job.id, results)
            self._bell.ring()

    def _unless_stopped(self, entries: Iterator[Entry | None]) -> Iterator[Entry | None]:
        """Raises Stopping: a plan in part is none."""
        for entry in entries:
            if self._stop.is_set():
                raise Stopping
            yield entry

    def _due(self, id: int, numbers: deque[int]) -> Iterator[ItemRecord]:
        """The items that are left, until there is reason to stop; `numbers` gets theirs."""
        for item in self._ledger.waiting_items(id):
            if self._stop.is_set() or self._ledger.job(id).finished:  # cancelled
                return
            numbers.append(item.number)
            yield item

    def _added(self, id: int, outcome: Outcome, mark: int, results: list[Result]) -> bool:
        """Whether the job added this existing image itself, before it was interrupted."""
        record = outcome.record
        return (
            record is not None
            and record.id > mark
            and all(result.image_id != record.id for result in results)
            and not self._ledger.has_image(id, record.id)
        )

    def _finish(self, job: JobRecord, error: str | None) -> None:
        if self._stop.is_set() and error is None:
            return  # the next start goes on with it
        self._ledger.finish(job.id, "succeeded" if error is None else "failed", error)
        self._remove_archive(job)
        self._bell.ring()

    def _remove_archive(self, job: JobRecord) -> None:
        if job.kind == "archive":  # whoever still reads it can do so to its end
            (archives_folder(self._settings.store) / job.source).unlink(missing_ok=True)


def archives_folder(store: Path) -> Path:
    """Where archives wait for their jobs."""
    folder = store / "imports"
    folder.mkdir(exist_ok=True)
    return folder


def _in_all_tongues(error: Exception) -> str:
    """A problem document by each language: nobody knows yet who will read it."""
    told = {}
    for tongue in get_args(Tongue):
        with speaking(tongue):
            told[tongue] = (problem_for(error) or problem_of_ours(Bug())).model_dump(exclude_none=True)
    return json.dumps(told)


def _result(number: int, outcome: Outcome, created: bool) -> Result:
    if outcome.error is not None:
        return Result(number, "failed", None, _in_all_tongues(outcome.error))
    assert outcome.record is not None
    return Result(number, "created" if created else "exists", outcome.record.id, None)
