"""What hostile files do to a worker, on demand."""

import os
import sys
import time

from service.images import Decoded, ImageDamaged, decode


def obey(data: bytes, max_pixels: int) -> Decoded:
    """Do what the bytes say; decode them where they say nothing."""
    match data:
        case b"crash":
            os._exit(3)
        case b"sleep":
            time.sleep(600)
        case b"fill the memory":
            bytearray(8 * 1024**3)
        case b"name your modules":
            raise ImageDamaged(" ".join(sys.modules))
        case b"name your process":
            raise ImageDamaged(str(os.getpid()))
    return decode(data, max_pixels)
