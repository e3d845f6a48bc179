import threading
import time
from concurrent.futures import ThreadPoolExecutor

from index.readers_writer import ReadersWriterLock

WAIT = 10  # seconds before a test that hangs fails


def test_readers_read_side_by_side() -> None:
    lock = ReadersWriterLock()
    meeting = threading.Barrier(3)

    def read() -> None:
        with lock.reading():
            meeting.wait(WAIT)  # breaks unless all three are inside at once

    with ThreadPoolExecutor(3) as pool:
        for reader in [pool.submit(read) for _ in range(3)]:
            reader.result()


def test_writer_is_alone() -> None:
    lock = ReadersWriterLock()
    inside: list[str] = []
    seen: list[tuple[str, ...]] = []

    def write() -> None:
        for _ in range(20):
            with lock.writing():
                inside.append("writer")
                time.sleep(0.001)  # time for others to come in, were they let
                seen.append(tuple(inside))
                inside.remove("writer")

    def read() -> None:
        for _ in range(20):
            with lock.reading():
                inside.append("reader")
                time.sleep(0.001)
                inside.remove("reader")

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(write), pool.submit(read), pool.submit(write), pool.submit(read)]:
            future.result(WAIT)
    assert set(seen) == {("writer",)}


def test_writer_that_waits_goes_before_new_readers() -> None:
    lock = ReadersWriterLock()
    order: list[str] = []
    begun = threading.Event()

    def write() -> None:
        begun.set()
        with lock.writing():
            order.append("writer")

    def read() -> None:
        with lock.reading():
            order.append("reader")

    with ThreadPoolExecutor(2) as pool:
        with lock.reading():
            writer = pool.submit(write)
            begun.wait(WAIT)
            give_up = time.monotonic() + WAIT
            while not lock._writers_waiting and time.monotonic() < give_up:
                time.sleep(0.001)
            reader = pool.submit(read)
        writer.result(WAIT)
        reader.result(WAIT)
    assert order == ["writer", "reader"]


def test_error_inside_lets_the_lock_go() -> None:
    lock = ReadersWriterLock()
    for entered in (lock.reading, lock.writing):
        try:
            with entered():
                raise RuntimeError
        except RuntimeError:
            pass
    with lock.writing():
        pass
