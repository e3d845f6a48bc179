"""Decoding where a hostile file can harm nothing: in child processes with little memory and little time.

Each child has a pipe of its own and shares nothing with its siblings, so whatever kills one, at whatever
moment, costs only the file that it was at; the next file finds a fresh child. (A pool with shared queues
stops as a whole when a child is killed between two files, or while it holds a lock.)
"""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import logging
import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Final

from service import decode_process
from service.batcher import Stopping
from service.decode_process import DecodeFunction, Orders
from service.images import Decoded, ImageError, decode
from service.settings import MIB, Settings

_START_SECONDS: Final = 60  # a busy machine may take long to start a process; that is not the image's fault

logger = logging.getLogger(__name__)


class DecodeTimeout(ImageError):
    """The image kept its worker busy beyond the limit; the worker was ended."""

    def __init__(self, limit: float) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return (
            f"Decoding took longer than the limit of {self.limit:g} seconds. Send a smaller copy, or a JPEG."
        )


class DecodeCrashed(ImageError):
    """The worker died of the image, or was killed while it was at it."""

    def __str__(self) -> str:
        return "The process that decoded the image ended unexpectedly. Send another copy, or a JPEG."


class Decoder:
    """Decodes images side by side in `settings.decode_workers` processes, which start when first needed."""

    def __init__(self, settings: Settings, function: DecodeFunction = decode) -> None:
        self._threads = ThreadPoolExecutor(settings.decode_workers, thread_name_prefix="decode")
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._workers = [_Worker(settings, function) for _ in range(settings.decode_workers)]
        for worker in self._workers:
            self._idle.put(worker)

    def decode(self, data: bytes) -> Future[Decoded]:
        """The future raises an `ImageError`, `DecodeTimeout` and `DecodeCrashed` among them.

        Raises Stopping once closed.
        """
        try:
            return self._threads.submit(self._run, data)
        except RuntimeError:
            raise Stopping from None

    def close(self) -> None:
        """Finish what was accepted, then end the processes."""
        self._threads.shutdown()
        for worker in self._workers:
            worker.stop()

    def _run(self, data: bytes) -> Decoded:
        worker = self._idle.get()
        try:
            return worker.decode(data)
        finally:
            self._idle.put(worker)


class _Worker:
    """One child process and the pipe to it; used by one thread at a time."""

    def __init__(self, settings: Settings, function: DecodeFunction) -> None:
        self._orders: Orders = (function, settings.max_pixels, settings.decode_memory_mb * MIB)
        self._seconds = settings.decode_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection[object, object]

    def decode(self, data: bytes) -> Decoded:
        try:
            if self._process is None or self._process.poll() is not None:
                self.stop()
                self._start()
            self._pipe.send_bytes(data)
            answer = self._receive(self._seconds)
        except (EOFError, OSError):
            logger.warning("a decoding process ended unexpectedly, exit code %s", self.stop())
            raise DecodeCrashed from None
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Decoded)
        return answer

    def stop(self) -> int | None:
        """End the child at once, for it holds nothing worth saving; gives its exit code.

        The next `decode` starts another.
        """
        if self._process is None:
            return None
        process, self._process = self._process, None
        process.kill()
        self._pipe.close()
        return process.wait()

    def _start(self) -> None:
        self._pipe, theirs = Pipe()
        with theirs:  # closed here once the child has it, so that the child's end is the end of the pipe
            self._process = subprocess.Popen(
                [sys.executable, "-m", decode_process.__name__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,  # Ctrl-C is for the parent, which finishes what it accepted
            )
        self._pipe.send(self._orders)
        self._receive(_START_SECONDS)

    def _receive(self, seconds: float) -> object:
        if not self._pipe.poll(seconds):
            logger.warning("a decoding process took longer than %g s and was ended", seconds)
            self.stop()
            raise DecodeTimeout(seconds)
        answer: object = self._pipe.recv()
        return answer
