"""The program of a decoding process: a thumbnail's side and a file in, `Decoded` or an error out, until the
channel ends.

`decoder.py` starts it as a program of its own, not as a fork: it has nothing of the service in it, no torch,
no FAISS, no open files.
"""

import os
import pickle
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from service.channel import Channel
from service.decode_answer import packed
from service.images import Decoded, prepare

DecodeFunction = Callable[[bytes, int, int], Decoded]
"""A file, the limit of its pixels, the thumbnail's side -> the image, or an ImageError raised"""

Orders = tuple[DecodeFunction, int, int]
"""The function to call, the limit of pixels, the limit of memory in bytes"""


def serve(channel: Channel) -> None:
    """Takes its orders first, pickled, for it trusts the service; an empty answer tells that it is ready."""
    function, max_pixels, memory = cast(Orders, pickle.loads(channel.receive()))
    _confine(memory)
    prepare()
    _hush()
    channel.send()
    while True:
        try:
            side = int.from_bytes(channel.receive(), "big")
            data = channel.receive()  # a message of its own: a copy of the file would be against its memory
        except EOFError:  # the service is gone
            return
        channel.send(*packed(_answer(function, data, max_pixels, side)))


def _answer(function: DecodeFunction, data: bytes, max_pixels: int, side: int) -> Decoded | Exception:
    try:
        return function(data, max_pixels, side)
    except Exception as error:
        return error


def _confine(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the address space cannot be limited
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _hush() -> None:
    """What decoders find odd about a stranger's file, in C or by Python's log, is not for our log."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stderr.fileno())


if __name__ == "__main__":
    serve(Channel(socket.socket(fileno=int(sys.argv[1]))))
