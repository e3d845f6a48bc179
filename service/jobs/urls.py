"""Lists of URLs as sources. They are items from the start, so that nothing needs to be looked for."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import Final

from service.fetch import Fetcher, filename_in
from service.jobs.records import Entry, ItemRecord
from service.uploads import Upload

AT_ONCE: Final = 4


def entries_of(urls: Iterable[str]) -> list[Entry]:
    return [Entry(url, url.encode(errors="replace")) for url in urls]


class UrlSource:
    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch")

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def plan(self) -> Iterator[Entry | None]:
        return iter(())

    def uploads(self, items: Iterable[ItemRecord]) -> Iterator[Upload]:
        """A few are fetched ahead, since the servers take their time."""
        ahead: deque[tuple[ItemRecord, Future[bytes]]] = deque()
        for item in items:
            ahead.append((item, self._threads.submit(self._fetcher.fetch, item.place.decode())))
            if len(ahead) == AT_ONCE:
                yield _upload(*ahead.popleft())
        yield from (_upload(*one) for one in ahead)


def _upload(item: ItemRecord, fetched: Future[bytes]) -> Upload:
    return Upload(filename_in(item.name), lambda: BytesIO(fetched.result()), {"url": item.name})
