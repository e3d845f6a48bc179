"""What hostile files do to a worker, on demand."""

import os
import pickle
import signal
import sys
import time
from pathlib import Path

from service.images import Decoded, ImageDamaged, NotAnImage, decode


def answer(message: bytes, announced: int | None = None) -> None:
    """Past the process's own code, straight into its channel."""
    length = len(message) if announced is None else announced
    os.write(int(sys.argv[1]), length.to_bytes(8, "big") + message)


def obey(data: bytes, max_pixels: int, side: int) -> Decoded:
    """Do what the bytes say; decode them where they say nothing."""
    match data:
        case b"crash":
            os._exit(3)
        case b"sleep":
            time.sleep(600)
        case b"fill the memory":
            bytearray(8 * 1024**3)
        case b"answer with a pickle":
            answer(pickle.dumps(NotAnImage()))
        case b"answer in part":
            answer(b"", announced=1000)
            time.sleep(600)
        case b"answer with a terabyte":
            answer(b"", announced=2**40)
            time.sleep(600)
        case b"name your modules":
            raise ImageDamaged(" ".join(sys.modules))
        case b"name your process":
            raise ImageDamaged(str(os.getpid()))
    if data.startswith(b"die of "):
        os.kill(os.getpid(), signal.Signals[data.removeprefix(b"die of ").decode()])
    if data.startswith(b"crash once: "):
        mark = Path(data.removeprefix(b"crash once: ").decode())
        if not mark.exists():
            mark.touch()
            os._exit(3)
        return Decoded("png", 7, 5, (7, 5), bytes(3 * 7 * 5), b"thumbnail")
    return decode(data, max_pixels, side)
