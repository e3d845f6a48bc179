import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpcore
import pytest

from service.fetch import Fetcher, FetchFailed, FetchingOff, Network, UrlRefused, allowed, filename_in
from service.images import FileTooLarge
from service.settings import Settings
from service.uploads import chunks

PUBLIC = "93.184.216.34"

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Web:
    """Servers with public addresses, all of them one server on this machine."""

    port: int
    names: dict[str, list[list[str]]]  # what a name means, the first time and the times after
    asked: list[BaseHTTPRequestHandler] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    @property
    def network(self) -> Network:
        return Network(self._resolve, _Backend(self))

    def fetcher(self, max_bytes: int = 1000, seconds: float = 10) -> Fetcher:
        return Fetcher(max_bytes, seconds, self.network)

    def _resolve(self, name: str, _: int) -> list[str]:
        self.resolved.append(name)
        if name not in self.names:
            raise OSError("no such name")
        answers = self.names[name]
        return answers.pop(0) if len(answers) > 1 else answers[0]


class _Backend(httpcore.SyncBackend):
    def __init__(self, web: Web) -> None:
        self._web = web

    def connect_tcp(self, host: str, port: int, *arguments: object) -> httpcore.NetworkStream:
        self._web.connected.append((host, port))
        if host == "93.184.216.99":
            raise httpcore.ConnectError
        return super().connect_tcp("127.0.0.1", self._web.port, *arguments)  # type: ignore[arg-type]


@contextmanager
def web(answers: dict[str, Answer], **names: list[list[str]]) -> Iterator[Web]:
    """`answers` by path; every name of `names` may mean something else each time."""
    found: Web

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self)
            answers[self.path](self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Web(server.server_port, {"photos.example": [[PUBLIC]], **names})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def file(data: bytes, announced: int | str | None = None) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        if announced is not None:
            request.send_header("Content-Length", str(announced))
        request.end_headers()
        request.wfile.write(data)

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Location", location)
        request.send_header("Set-Cookie", "session=1")
        request.end_headers()

    return answer


def test_a_file_comes_under_the_name_in_its_url_with_nothing_of_ours_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with web({"/a/dog.jpg?size=1": file(b"dog", 3)}) as found:
        upload = found.fetcher().upload("http://photos.example/a/dog.jpg?size=1#part")
        assert (upload.filename, upload.read(1000).data) == ("dog.jpg", b"dog")
        headers = {name.lower() for name in found.asked[0].headers}
    assert found.asked[0].headers["host"] == "photos.example"
    assert headers == {"host", "accept", "accept-encoding", "user-agent"}


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://photos.example/a", "file:///etc/passwd", "photos.example/a", "", "https://", "http:///a"),
        *("http://me:secret@photos.example/", "http://me@photos.example/", "http://photos.example:8080/"),
        *("http://photos.example:0/", "http://photos.example:22/", "http://photos.example:99999/"),
        *("http://photos.example/" + "a" * 2048, "http://[::1", "http://a\nb/", "gopher://photos.example/"),
        *("http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://local.example/"),
        *("http://mixed.example/", "http://nothing.example/"),
    ],
)
def test_urls_that_may_harm_are_refused_before_anything_connects(url: str) -> None:
    names: dict[str, list[list[str]]] = {
        "127.0.0.1": [["127.0.0.1"]],
        "::1": [["::1"]],
        "::ffff:127.0.0.1": [["::ffff:127.0.0.1"]],
        "::ffff:7f00:1": [["::ffff:7f00:1"]],
        "local.example": [["192.168.0.1"]],
        "mixed.example": [[PUBLIC, "10.0.0.1"]],
        "nothing.example": [[]],
    }
    with web({}, **names) as found:
        with pytest.raises(UrlRefused):
            found.fetcher().fetch(url)
        assert found.connected == []


def test_a_name_that_means_another_address_a_moment_later_is_not_asked_twice() -> None:
    with web({"/a": file(b"a")}, **{"turns.example": [[PUBLIC], ["127.0.0.1"]]}) as found:
        assert found.fetcher().fetch("http://turns.example/a") == b"a"
        assert (found.resolved, found.connected) == (["turns.example"], [(PUBLIC, 80)])
        with pytest.raises(UrlRefused):
            found.fetcher().fetch("http://turns.example/a")


def test_redirects_are_followed_and_carry_no_cookies() -> None:
    answers = {"/a": redirect("/b"), "/b": redirect("//other.example/c", 308), "/c": file(b"c")}
    with web(answers, **{"other.example": [[PUBLIC]]}) as found:
        assert found.fetcher().fetch("http://photos.example/a") == b"c"
        assert [request.headers["cookie"] for request in found.asked] == [None] * 3


@pytest.mark.parametrize(
    "location",
    [
        *("http://local.example/", "http://me:secret@photos.example/", "http://photos.example:22/"),
        *("file:///etc/passwd", "http://[::1"),
    ],
)
def test_every_hop_is_checked_as_the_first_one_is(location: str) -> None:
    with web({"/a": redirect(location)}, **{"local.example": [["127.0.0.1"]]}) as found:
        with pytest.raises(UrlRefused):
            found.fetcher().fetch("http://photos.example/a")
        assert len(found.connected) == 1


def test_redirects_end() -> None:
    with web({"/a": redirect("/a")}) as found:
        with pytest.raises(FetchFailed, match="more than 5 times"):
            found.fetcher().fetch("http://photos.example/a")
        assert len(found.asked) == 6


def test_another_address_is_tried_where_one_does_not_answer() -> None:
    with web({"/a": file(b"a")}, **{"two.example": [["93.184.216.99", PUBLIC]]}) as found:
        assert found.fetcher().fetch("http://two.example/a") == b"a"


@pytest.mark.parametrize("announced", [None, 1001])
def test_a_file_that_is_too_large_is_not_read_to_its_end(announced: int | None) -> None:
    data = b"x" * 1001 if announced is None else b"x"
    with web({"/a": file(data, announced)}) as found, pytest.raises(FileTooLarge):
        found.fetcher(max_bytes=1000).fetch("http://photos.example/a")


def test_an_announced_length_of_thousands_of_digits_is_refused_by_name() -> None:
    with web({"/a": file(b"x", "9" * 5000)}) as found, pytest.raises((FileTooLarge, FetchFailed)):
        found.fetcher().fetch("http://photos.example/a")


def test_a_name_that_resolves_too_late_is_left_in_time() -> None:
    answered = threading.Event()

    def resolve(_: str, __: int) -> list[str]:
        answered.wait(30)
        return [PUBLIC]

    started = time.monotonic()
    try:
        with pytest.raises(FetchFailed, match=r"longer than the limit of 0\.1 seconds"):
            Fetcher(1000, 0.1, Network(resolve)).fetch("http://photos.example/a")
    finally:
        answered.set()
    assert time.monotonic() - started < 5


def test_a_server_that_sends_a_byte_now_and_then_is_left_in_time() -> None:
    going = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not going.wait(0.05):
            try:
                request.wfile.write(b"x")
            except OSError:
                break

    with web({"/a": drip}) as found:
        started = time.monotonic()
        with pytest.raises(FetchFailed, match=r"longer than the limit of 0\.3 seconds"):
            found.fetcher(seconds=0.3).fetch("http://photos.example/a")
        assert time.monotonic() - started < 5
        going.set()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("http://photos.example/missing", "answered 404"),
        ("http://photos.example/broken", "broke off"),
        ("http://photos.example/nowhere", "not where"),
        ("http://unknown.example/", "no server"),
        ("http://dead.example/", "not be reached"),
        ("https://photos.example/", "not be reached"),  # the server speaks no TLS
    ],
)
def test_what_gives_no_file_says_why(path: str, reason: str) -> None:
    answers: dict[str, Answer] = {
        "/missing": lambda request: request.send_error(404),
        "/broken": file(b"x", announced=10),
        "/nowhere": lambda request: request.send_error(301),
    }
    with (
        web(answers, **{"dead.example": [["93.184.216.99"]]}) as found,
        pytest.raises(FetchFailed, match=reason),
    ):
        found.fetcher().fetch(path)


def test_in_an_upload_a_failure_is_the_outcome_of_that_file_alone() -> None:
    with web({"/a": file(b"a"), "/b": lambda request: request.send_error(500)}) as found:
        uploads = [found.fetcher().upload(f"http://photos.example/{name}") for name in "ba"]
        ((failed, content),) = chunks(uploads, 1000)
    assert isinstance(getattr(failed, "error", None), FetchFailed)
    assert getattr(content, "data", None) == b"a"


def test_fetching_is_off_unless_the_operator_wants_it() -> None:
    assert not Settings().fetch_urls
    with pytest.raises(FetchingOff, match="PIVOT_FETCH_URLS=1"):
        allowed(None)


@pytest.mark.parametrize(
    ("url", "name"), [("https://a/b/c.jpg?d", "c.jpg"), ("https://a/", ""), ("http://[::1", "")]
)
def test_the_name_of_a_file_is_the_end_of_its_path(url: str, name: str) -> None:
    assert filename_in(url) == name
