"""Clients on real connections, and how long they wait."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import cycle, islice, takewhile
from time import perf_counter
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np

SEARCH = "/v1/collections/default/search"
UPLOADS = "uploads"  # a collection apart, deleted afterwards: the one that is searched stays as it is
FILES = 8  # of one request


@dataclass(frozen=True)
class Waits:
    """Seconds that each request took, and that all of them took together."""

    each: list[float]
    total: float

    def milliseconds(self, percentile: float) -> float:
        return float(np.percentile(self.each, percentile)) * 1000

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.each) / self.total


class Client:
    """One connection that is kept. For one thread; a plain one, since httpx takes as long as the service."""

    def __init__(self, address: str) -> None:
        url = urlsplit(address)
        self._connection = HTTPConnection(url.hostname or "", url.port, timeout=120)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> bytes:
        """The body of the answer, which has to be a good one."""
        self._connection.request(method, path, body, {"Content-Type": content_type} if body else {})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content

    def search(self, q: str) -> list[int]:
        """The ids of the best ten."""
        body = json.dumps({"q": q, "k": 10}).encode()
        return [result["image"]["id"] for result in json.loads(self.ask("POST", SEARCH, body))["results"]]


def searches(address: str, queries: Sequence[str], clients: int = 1) -> Waits:
    """The queries, each once, dealt out to as many clients as are asked for."""
    hands = [queries[client::clients] for client in range(clients)]
    started = perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        each = [wait for waits in pool.map(lambda hand: _timed(address, hand), hands) for wait in waits]
    return Waits(each, perf_counter() - started)


def _timed(address: str, queries: Iterable[str]) -> list[float]:
    waits = []
    with Client(address) as client:
        for q in queries:
            started = perf_counter()
            client.search(q)
            waits.append(perf_counter() - started)
    return waits


def found(address: str, queries: Iterable[str]) -> list[list[int]]:
    """The ids that each query finds, best first."""
    with Client(address) as client:
        return [client.search(q) for q in queries]


@dataclass(frozen=True)
class Uploading:
    """Files a second, and what searches waited meanwhile."""

    rate: float
    searches: Waits


def uploading(
    address: str, files: Iterator[bytes], queries: Sequence[str], seconds: float, senders: int = 2
) -> Uploading:
    """Upload for so long, while one client searches all the time."""
    with Client(address) as client:
        client.ask("POST", "/v1/collections", json.dumps({"name": UPLOADS}).encode())
    lock = threading.Lock()
    stop = threading.Event()

    def batch() -> list[bytes]:
        with lock:
            return list(islice(files, FILES))

    started = perf_counter()
    with ThreadPoolExecutor(senders + 1) as pool:
        sent = [pool.submit(_send, address, batch, started + seconds) for _ in range(senders)]
        searching = pool.submit(_timed, address, takewhile(lambda _: not stop.is_set(), cycle(queries)))
        try:
            number = sum(one.result() for one in sent)
            took = perf_counter() - started
        finally:
            stop.set()
        waits = searching.result()
    with Client(address) as client:
        client.ask("DELETE", f"/v1/collections/{UPLOADS}")
    return Uploading(number / took, Waits(waits, took))


def _send(address: str, batch: Callable[[], list[bytes]], until: float) -> int:
    path = f"/v1/collections/{UPLOADS}/images"
    number = 0
    with Client(address) as client:
        while perf_counter() < until:
            boundary = uuid4().hex
            files = batch()
            client.ask("POST", path, _form(files, boundary), f"multipart/form-data; boundary={boundary}")
            number += len(files)
    return number


def _form(files: Sequence[bytes], boundary: str) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="photo.jpg"\r\n\r\n'.encode()
        + file
        + b"\r\n"
        for file in files
    ]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()])
