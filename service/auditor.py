"""The audit in the background: now and then, from a few images of each collection, for the metrics."""

import logging
import threading
from time import monotonic
from typing import Final

from index.audit import Recall, audit, image_queries
from index.errors import GalleryError
from service.gauges import MOST_COLLECTIONS
from service.library import Library
from service.metrics import Metrics

logger = logging.getLogger(__name__)

LEAST_IMAGES: Final = 100  # below which a search finds everything anyway
SAMPLE: Final = 50  # images of a collection that ask
SHARE: Final = 0.05  # of the time for which it may be at work: searches come first
AFTER_START: Final = 60  # seconds
HOUR: Final = 3600


class Auditor:
    """Runs the audit of `python -m service audit` on images, in a thread of its own."""

    def __init__(self, library: Library, metrics: Metrics, hours: float) -> None:
        """The first soon after `start`, then one every so many `hours`; with 0 none."""
        self._library = library
        self._metrics = metrics
        self._seconds = hours * HOUR
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        if self._seconds > 0:
            self._thread.start()

    def stop(self) -> None:
        """Returns when the query under way is answered. Once stopped, it cannot start again."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        wait = min(AFTER_START, self._seconds)
        while not self._stop.wait(wait):
            wait = self._seconds
            try:
                self._metrics.audited(self._found())
            except _Stopped:
                return
            except Exception:
                logger.exception("the audit stopped early; the next one begins in %g hours", wait / HOUR)

    def _found(self) -> dict[str, list[Recall]]:
        """By collection. Raises _Stopped."""
        gallery, found = self._library.gallery, {}
        large = [one for one in gallery.held() if one.images >= LEAST_IMAGES]
        for one in sorted(large, key=lambda one: one.images, reverse=True)[:MOST_COLLECTIONS]:
            try:
                queries = image_queries(gallery, one.collection, SAMPLE)
                found[one.collection] = audit(gallery, one.collection, queries, step=_Pace(self._stop).rest)
            except GalleryError as error:  # deleted meanwhile, or of another model by now
                logger.info("no audit of %s: %s", one.collection, error)
        return found


class _Stopped(Exception):  # noqa: N818 -- it says what happened
    pass


class _Pace:
    """Rests after each query, so that most of the time nothing is at work."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._since = monotonic()

    def rest(self) -> None:
        """Raises _Stopped."""
        if self._stop.wait((monotonic() - self._since) * (1 / SHARE - 1)):
            raise _Stopped
        self._since = monotonic()
