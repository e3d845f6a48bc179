"""Files from other servers by their URLs: the one place where the service asks anything of the network.

    fetcher = Fetcher(max_bytes=64 * MIB)
    fetcher.upload("https://photos.example/dog.jpg")   # an `Upload`, fetched when its turn comes
    fetcher.opener(url), filename_in(url)              # its parts, for whoever makes the Upload
    fetcher.fetch(url)                                 # the bytes

Every error is a FetchError, which is an ImageError: in an upload it is the outcome of that file alone. An
app has a `context.fetcher`, which is None unless PIVOT_FETCH_URLS is on; `allowed(context.fetcher)` raises
FetchingOff then.

A URL must not reach what only this machine can reach, such as a router's page or a cloud's metadata. So each
name, the ones that redirects lead to included, is resolved once, every address of it has to be a public one,
and the connection goes to such an address and not to the name: what the name means a moment later (DNS
rebinding) is never asked. Certificates are checked against the name. Nothing of the service goes along: no
cookies, no credentials, and no proxy of the environment is used.
"""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import PurePosixPath
from time import monotonic
from typing import BinaryIO, Final

import httpcore
import httpx

from service.addresses import is_public
from service.bad_requests import BadRequest
from service.images import FileTooLarge, ImageError
from service.uploads import Upload

MAX_URL: Final = 2048  # characters
PORTS: Final = {"http": 80, "https": 443}
MAX_REDIRECTS: Final = 5
SECONDS: Final = 30.0  # for one file, redirects included
CONNECT_SECONDS: Final = 5.0  # for one address
ADDRESSES: Final = 4  # of a name that are tried
DIGITS: Final = 18  # of an announced length that are read; Python refuses thousands

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_HEADERS: Final[dict[str | bytes, str | bytes]] = {
    "Accept": "image/*",
    "Accept-Encoding": "identity",
    "User-Agent": "Pivot",
}


class FetchError(ImageError):
    """A file that its URL did not bring."""


class UrlRefused(FetchError):
    """Nothing was asked of the server."""

    field = "url"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The URL is refused: {self.reason}. Give one of a public server, or upload the file itself."


class FetchFailed(FetchError):
    """The server was asked, and gave no file."""

    field = "url"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The URL gave no file: {self.reason}. Check it in a browser, or upload the file itself."


class FetchingOff(BadRequest):
    def __str__(self) -> str:
        return (
            "The service fetches no URLs. Upload the files themselves, or have the operator set"
            " PIVOT_FETCH_URLS=1."
        )


def _resolved(name: str, port: int) -> list[str]:
    """All addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True)
class Network:
    """How names become addresses, and addresses connections; tests bring their own."""

    resolve: Callable[[str, int], list[str]] = _resolved
    backend: httpcore.NetworkBackend = httpcore.SyncBackend()  # noqa: RUF009 -- it has no state


class Fetcher:
    """Fetches files of at most `max_bytes`. Thread-safe."""

    def __init__(self, max_bytes: int, seconds: float = SECONDS, network: Network | None = None) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._network = network or Network()

    @cached_property
    def _tls(self) -> ssl.SSLContext:  # which takes its time to load the world's authorities
        return httpcore.default_ssl_context()

    def upload(self, url: str) -> Upload:
        """The file, under the last part of the URL's path as its name."""
        return Upload(filename_in(url), self.opener(url))

    def opener(self, url: str) -> Callable[[], BinaryIO]:
        """What an Upload is opened by: fetches the file into memory."""
        return lambda: BytesIO(self.fetch(url))

    def fetch(self, url: str) -> bytes:
        """The bytes of the file. Raises UrlRefused, FetchFailed, FileTooLarge."""
        by = monotonic() + self._seconds
        asked = _checked(url)
        for _ in range(1 + MAX_REDIRECTS):
            answer = self._get(asked, by)
            if isinstance(answer, bytes):
                return answer
            asked = answer
        raise FetchFailed(f"it leads on more than {MAX_REDIRECTS} times")

    def _get(self, url: httpx.URL, by: float) -> bytes | httpx.URL:
        """The file, or where else it is."""
        late = FetchFailed(f"it took longer than the limit of {self._seconds:g} seconds")
        backend = _PublicOnly(self._network, by)
        try:
            with closing(backend), self._asked(url, backend) as answer:
                if answer.status in _REDIRECTS:
                    return _next(url, answer)
                if answer.status != 200:
                    raise FetchFailed(f"the server answered {answer.status}")
                body = self._body(answer)
                if monotonic() >= by:  # a body of no announced length ends where we hang up
                    raise late
                return body
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise (late if monotonic() >= by else FetchFailed(_reason(error))) from error

    @contextmanager
    def _asked(self, url: httpx.URL, backend: httpcore.NetworkBackend) -> Iterator[httpcore.Response]:
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=_port(url), target=url.raw_path)
        with (
            httpcore.ConnectionPool(
                self._tls if url.scheme == "https" else None, network_backend=backend
            ) as pool,
            pool.stream("GET", target, headers=_HEADERS) as answer,
        ):
            yield answer

    def _body(self, answer: httpcore.Response) -> bytes:
        announced = _header(answer, b"content-length") or b""
        size = int(announced[:DIGITS]) if announced.isdigit() else 0
        if size > self._max_bytes:
            raise FileTooLarge(size, self._max_bytes)
        body = bytearray()
        for piece in answer.iter_stream():
            body += piece
            if len(body) > self._max_bytes:
                raise FileTooLarge(len(body), self._max_bytes)
        return bytes(body)


class _PublicOnly(httpcore.NetworkBackend):
    """Connects to public addresses, and hangs up at a moment, whatever the other side is at by then."""

    def __init__(self, network: Network, by: float) -> None:
        self._network = network
        self._by = by
        self._hanging_up: list[tuple[threading.Timer, socket.socket]] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 -- ours is `by`
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        for address in self._addresses(host, port):
            seconds = min(CONNECT_SECONDS, max(self._by - monotonic(), 0.001))
            try:
                stream = self._network.backend.connect_tcp(
                    address, port, seconds, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                self._hang_up_in_time(stream)
                return stream
        raise failure

    def close(self) -> None:
        for timer, connection in self._hanging_up:
            timer.cancel()
            connection.close()

    def _addresses(self, host: str, port: int) -> list[str]:
        """Raises UrlRefused where one of them, or all there are, must not be asked."""
        try:
            addresses = self._resolved_in_time(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (OSError, UnicodeError) as error:
            raise FetchFailed(f"there is no server {host}") from error
        if not addresses or not all(map(is_public, addresses)):
            raise UrlRefused(f"{host} is no public server")
        return addresses[:ADDRESSES]

    def _resolved_in_time(self, host: str, port: int) -> list[str]:
        """Raises OSError, of which TimeoutError is one."""
        # The system takes no limit. A thread that waits for it longer than we do ends when it gives up.
        found = Future[list[str]]()

        def resolve() -> None:
            try:
                found.set_result(self._network.resolve(host, port))
            except Exception as error:
                found.set_exception(error)

        threading.Thread(target=resolve, name="resolve", daemon=True).start()
        return found.result(max(self._by - monotonic(), 0))

    def _hang_up_in_time(self, stream: httpcore.NetworkStream) -> None:
        # Timeouts of single reads would let a server that sends a byte now and then take for ever.
        connection: socket.socket = stream.get_extra_info("socket").dup()
        timer = threading.Timer(max(self._by - monotonic(), 0), _hang_up, (connection,))
        timer.daemon = True
        self._hanging_up.append((timer, connection))
        timer.start()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        connection.shutdown(socket.SHUT_RDWR)


def allowed(fetcher: Fetcher | None) -> Fetcher:
    """Raises FetchingOff."""
    if fetcher is None:
        raise FetchingOff
    return fetcher


def filename_in(url: str) -> str:
    """The last part of the path; empty where there is none."""
    try:
        return PurePosixPath(httpx.URL(url).path).name
    except httpx.InvalidURL:
        return ""


def _checked(url: str) -> httpx.URL:
    """Raises UrlRefused."""
    if len(url) > MAX_URL:
        raise UrlRefused(f"it has {len(url):,} characters, and the limit is {MAX_URL:,}")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UrlRefused("it is none") from error
    if parsed.scheme not in PORTS or not parsed.host:
        raise UrlRefused("it does not begin with https:// or http:// and a server's name")
    if parsed.userinfo:
        raise UrlRefused("it holds credentials")
    if _port(parsed) not in PORTS.values():
        raise UrlRefused(f"port {_port(parsed)} is not one of a public web server")
    return parsed


def _port(url: httpx.URL) -> int:
    return PORTS[url.scheme] if url.port is None else url.port


def _header(answer: httpcore.Response, name: bytes) -> bytes | None:
    """Servers write the names as they like."""
    return next((value for key, value in answer.headers if key.lower() == name), None)


def _next(url: httpx.URL, answer: httpcore.Response) -> httpx.URL:
    """Where a redirect leads to. Raises FetchFailed, UrlRefused."""
    location = _header(answer, b"location")
    if location is None:
        raise FetchFailed(f"the server answered {answer.status} and not where it leads to")
    try:
        return _checked(str(url.join(location.decode("latin-1"))))
    except httpx.InvalidURL as error:
        raise UrlRefused("it leads to what is none") from error


def _reason(error: Exception) -> str:
    return "the server could not be reached" if isinstance(error, _UNREACHABLE) else "the answer broke off"


_UNREACHABLE: Final = (httpcore.ConnectError, httpcore.ConnectTimeout)
