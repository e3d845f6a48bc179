"""Bringing old images into the space of a new model, in the background while the service runs."""

import logging
import threading

from service.library import Library

logger = logging.getLogger(__name__)


class Reembedding:
    """Runs `Library.reembed` once, in a thread of its own."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reembedding", daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the batch under way is stored; the next start goes on from there."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            done = self._library.reembed(self._stop)
        except Exception:
            logger.exception("re-embedding stopped early; the next start of the service goes on with it")
        else:
            if done:
                logger.info("re-embedded %d images with %s", done, self._library.encoder.version)
