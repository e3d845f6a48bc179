"""Decoding where a hostile file can harm nothing: in child processes with little memory and little time.

Each child has a channel of its own and shares nothing with its siblings, so whatever kills one, at whatever
moment, costs only the file that it was at; the next file finds a fresh child. (A pool with shared queues
stops as a whole when a child is killed between two files, or while it holds a lock.)
"""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import logging
import os
import pickle
import socket
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue
from time import monotonic
from typing import Final

from service import decode_process
from service.batcher import Overloaded, Stopping
from service.channel import Channel
from service.decode_answer import MAX_ANSWER, unpacked
from service.decode_process import DecodeFunction, Orders
from service.images import THUMBNAIL_SIDE, Decoded, ImageError, decode
from service.settings import MIB, Settings

_START_SECONDS: Final = 60  # a busy machine may take long to start a process; that is not the image's fault
_START_AGAIN_SECONDS: Final = 5
_DEAD: Final = 3  # starts that failed, one after the other

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


class DecoderNotStarted(Overloaded):
    """No process came up, which is the machine's fault and not the image's."""

    def __init__(self) -> None:
        super().__init__(_START_SECONDS, retry_after=_START_AGAIN_SECONDS)

    def __str__(self) -> str:
        return f"No process for decoding could be started. Try again in {self.retry_after} s."


class Decoder:
    """Decodes images side by side in `settings.decode_workers` processes, which start when first needed."""

    def __init__(self, settings: Settings, function: DecodeFunction = decode) -> None:
        self._threads = ThreadPoolExecutor(settings.decode_workers, thread_name_prefix="decode")
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._workers = [_Worker(settings, function) for _ in range(settings.decode_workers)]
        for worker in self._workers:
            self._idle.put(worker)

    def decode(self, data: bytes, side: int = THUMBNAIL_SIDE) -> Future[Decoded]:
        """With a thumbnail of at most `side` pixels a side.

        The future raises an `ImageError`, `DecodeTimeout` and `DecodeCrashed` among them, or
        `DecoderNotStarted`. Raises Stopping once closed.
        """
        try:
            return self._threads.submit(self._run, data, side)
        except RuntimeError:
            raise Stopping from None

    @property
    def dead(self) -> bool:
        """Whether a process could not be started again and again, and no other is at work."""
        return all(worker.failed_starts >= _DEAD for worker in self._workers)

    def close(self) -> None:
        """Finish what was accepted, then end the processes."""
        self._threads.shutdown()
        for worker in self._workers:
            worker.stop()

    def _run(self, data: bytes, side: int) -> Decoded:
        worker = self._idle.get()
        try:
            return worker.decode(data, side)
        finally:
            self._idle.put(worker)


class _Worker:
    """One child process and the channel to it; used by one thread at a time."""

    def __init__(self, settings: Settings, function: DecodeFunction) -> None:
        self._orders: Orders = (function, settings.max_pixels, settings.decode_memory_mb * MIB)
        self._seconds = settings.decode_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel
        self.failed_starts = 0  # since the last one that succeeded

    def decode(self, data: bytes, side: int) -> Decoded:
        try:
            return self._decode(data, side)
        except DecodeCrashed:
            # The system may have killed it, for want of memory elsewhere; what crashes twice is to blame.
            # (What takes too long is not tried again: a hostile file should not get the time twice.)
            return self._decode(data, side)

    def _decode(self, data: bytes, side: int) -> Decoded:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._start()
        try:
            answer = unpacked(self._ask(side.to_bytes(2, "big"), data, seconds=self._seconds))
        except (EOFError, OSError, ValueError) as error:
            logger.warning("a decoding process failed, exit code %s: %r", self.stop(), error)
            raise DecodeCrashed from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stop(self) -> int | None:
        """End the child at once, for it holds nothing worth saving; gives its exit code.

        The next `decode` starts another.
        """
        if self._process is None:
            return None
        process, self._process = self._process, None
        process.kill()
        self._channel.close()
        return process.wait()

    def _start(self) -> None:
        """Raises DecoderNotStarted."""
        try:
            self._launch()
            self._ask(pickle.dumps(self._orders), seconds=_START_SECONDS)
            self.failed_starts = 0
        except (DecodeTimeout, EOFError, OSError, ValueError) as error:
            logger.error("a decoding process could not be started, exit code %s: %r", self.stop(), error)
            self.failed_starts += 1
            raise DecoderNotStarted from error

    def _launch(self) -> None:
        ours, theirs = socket.socketpair()
        with ExitStack() as unless_started, theirs:  # closed here: the child's end shall be the channel's
            unless_started.enter_context(ours)
            self._process = subprocess.Popen(
                [sys.executable, "-m", decode_process.__name__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,  # Ctrl-C is for the parent, which finishes what it accepted
            )
            unless_started.pop_all()
        self._channel = Channel(ours)

    def _ask(self, *messages: bytes, seconds: float) -> bytes:
        """The answer, all of which has to be there in time."""
        by = monotonic() + seconds
        try:
            for message in messages:
                self._channel.send(message, by=by)
            return self._channel.receive(by=by, limit=MAX_ANSWER)
        except TimeoutError:
            logger.warning("a decoding process took longer than %g s and was ended", seconds)
            self.stop()
            raise DecodeTimeout(seconds) from None
