"""The reserve: space that is kept for the moment when the disk is full."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

# Writing down that an image is gone takes up to 100 kB: what it touches lies scattered over the catalog.
LARGEST = 4 * 2**20
SMALLEST = 2**20


class Reserve:
    """A file that holds nothing. SQLite needs space to write down a deletion, too: on a full disk nothing
    could be deleted, and nobody could open the folder, if there were no file to give up for it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "reserve"

    def hold(self) -> None:
        """Takes the space unless it is held; half of it or a quarter where there is no more."""
        if self._path.exists():
            return
        size = LARGEST
        while size >= SMALLEST:
            try:
                with self._path.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, size)
                return
            except OSError as error:
                self._path.unlink(missing_ok=True)
                reason = error
            size //= 2
        logger.warning("no space can be kept for deletions on a full disk: %s", reason.strerror)

    def give_up(self) -> None:
        self._path.unlink(missing_ok=True)

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Space to write in for as long as the block runs."""
        self.give_up()
        try:
            yield
        finally:
            self.hold()
