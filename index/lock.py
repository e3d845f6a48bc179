"""The lock of a data folder: one process owns it."""

import fcntl
import os
from pathlib import Path

from index.errors import StoreInUse, translated


class FolderLock:
    """Holds `<folder>/lock`, which names the owner. The system lets go of it however the owner ends."""

    def __init__(self, folder: Path) -> None:
        """Takes the lock, or raises StoreInUse at once."""
        with translated(folder):
            self._file = (folder / "lock").open("a+")
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._file.truncate(0)
                self._file.write(f"{os.getpid()}\n")
                self._file.flush()
            except BlockingIOError:
                self._file.seek(0)
                owner = self._file.read().strip()
                self._file.close()
                raise StoreInUse(folder, int(owner) if owner.isdecimal() else None) from None
            except BaseException:
                self._file.close()
                raise

    def close(self) -> None:
        """Lets go. The file stays: removing it would let two processes lock two files of one name."""
        self._file.close()
