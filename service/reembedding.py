"""Bringing old images into the space of a new model, in the background while the service runs."""

import logging
import threading
from time import monotonic
from typing import Final

from service.library import Library

logger = logging.getLogger(__name__)


COUNTED_FOR: Final = 5  # seconds: counting looks at every image, and probes ask often


class Reembedding:
    """Runs `Library.reembed` once, in a thread of its own."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._stop = threading.Event()
        self._counting = threading.Lock()
        self._counted: tuple[str, int] | None = None
        self._counted_at = 0.0
        self._thread = threading.Thread(target=self._run, name="reembedding", daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def awaited(self) -> tuple[str, int]:
        """As `Library.awaited`, of a few seconds ago at most."""
        with self._counting:
            if self._counted is None or monotonic() - self._counted_at > COUNTED_FOR:
                self._counted = self._library.awaited()
                self._counted_at = monotonic()
            return self._counted

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
        finally:
            with self._counting:
                self._counted = None
