"""The program of a decoding process: bytes in, `Decoded` or an error out, until the pipe ends.

`decoder.py` starts it as a program of its own, not as a fork: it has nothing of the service in it, no torch,
no FAISS, no open files.
"""

import resource
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import cast

from service.images import Decoded, prepare

DecodeFunction = Callable[[bytes, int], Decoded]
"""A file and the limit of its pixels -> the image, or an ImageError raised"""

Orders = tuple[DecodeFunction, int, int]
"""The function to call, the limit of pixels, the limit of memory in bytes"""


def serve(pipe: "Connection[object, object]") -> None:
    """Takes its orders first; an answer of None tells that it is ready."""
    function, max_pixels, memory = cast(Orders, pipe.recv())
    _confine(memory)
    prepare()
    pipe.send(None)
    while True:
        try:
            data = pipe.recv_bytes()
        except EOFError:  # the service is gone
            return
        pipe.send(_answer(function, data, max_pixels))


def _answer(function: DecodeFunction, data: bytes, max_pixels: int) -> Decoded | Exception:
    try:
        return function(data, max_pixels)
    except Exception as error:
        return error


def _confine(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the address space cannot be limited
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
