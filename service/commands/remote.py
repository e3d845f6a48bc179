"""A service elsewhere, over HTTP."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, BinaryIO, Final, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from service.answer_schemas import SearchAnswer
from service.commands.client import Indexed
from service.commands.errors import CommandError
from service.commands.folder import Photo
from service.problems import Problem
from service.schemas import Image, UploadItem
from service.search_schemas import Search
from service.uploads import FileUnreadable, clean_filename

PATIENCE: Final = 120  # times to come back to a busy service
LONGEST_PAUSE: Final = 30  # seconds
TIMEOUT: Final = httpx.Timeout(30, read=600)  # seconds; a batch of large photos may wait for its turn
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

Document = TypeVar("Document", bound=BaseModel)


class ServerUnreachable(CommandError):
    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"No answer from {address} ({reason}). Check the address, and that the service runs there."
        )
        self.address = address
        self.reason = reason


class NotPivot(CommandError):
    """An answer, but none that the service gives."""

    def __init__(self, address: str, status: int) -> None:
        super().__init__(
            f"{address} answered with status {status} and no document of Pivot. Check the address, and that"
            " both ends are of the same release."
        )
        self.address = address
        self.status = status


class ServerRefused(CommandError):
    def __init__(self, problem: Problem) -> None:
        super().__init__(_told(problem))
        self.problem = problem


class RemoteClient:
    """A `Client` of the service at an address. Raises ServerUnreachable, ServerRefused, NotPivot."""

    def __init__(self, address: str, key: str | None = None) -> None:
        self._address = address
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        host = httpx.URL(address).host
        # A proxy of the environment is for the network, and cannot reach this machine's own addresses.
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT, trust_env=host not in LOOPBACK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def ensure_collection(self, name: str) -> None:
        answer = self._post("/v1/collections", json={"name": name})
        if answer.status_code != httpx.codes.CONFLICT:  # which says that it exists
            self._checked(answer)

    def add(self, collection: str, photos: Sequence[Photo]) -> list[Indexed]:
        """The files stream from the disk."""
        failed: dict[Photo, Indexed] = {}
        files: list[tuple[Photo, BinaryIO]] = []
        with ExitStack() as opened:
            for photo in photos:
                try:
                    files.append((photo, opened.enter_context(photo.path.open("rb"))))
                except OSError as error:
                    reason = FileUnreadable(error.strerror or str(error))
                    failed[photo] = Indexed("failed", str(reason))
            sent = iter(self._upload(collection, files) if files else [])
        return [failed[photo] if photo in failed else next(sent) for photo in photos]

    def search(self, collection: str, search: Search) -> SearchAnswer:
        answer = self._post(
            f"{_path(collection)}/search", json=search.model_dump(mode="json", exclude_none=True)
        )
        return self._document(self._checked(answer), SearchAnswer)

    def original(self, image: Image) -> str:
        return self._address + image.links.file

    def _upload(self, collection: str, files: Sequence[tuple[Photo, BinaryIO]]) -> list[Indexed]:
        answer = self._post(
            f"{_path(collection)}/images",
            files=[("files", (clean_filename(photo.name), file)) for photo, file in files],
            data={"metadata": json.dumps([{"path": photo.name} for photo, _ in files])},
        )
        if items := self._items(answer):
            return items
        if answer.status_code != httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            raise self._refused(answer)
        if len(files) == 1:
            return [Indexed("failed", _too_large(answer))]
        half = len(files) // 2
        return [*self._upload(collection, files[:half]), *self._upload(collection, files[half:])]

    def _items(self, answer: httpx.Response) -> list[Indexed]:
        """What became of each file; empty where the request as a whole was refused."""
        try:
            items = _Items.model_validate_json(answer.content).items
        except ValidationError:
            return []
        return [Indexed(item.status, None if item.error is None else _told(item.error)) for item in items]

    def _post(self, path: str, **content: Any) -> httpx.Response:
        """The answer, once the service is not too busy to give one."""
        for _ in range(PATIENCE):
            try:
                answer = self._http.post(self._address + path, **content)
            except httpx.RequestError as error:
                raise ServerUnreachable(self._address, str(error) or type(error).__name__) from error
            pause = answer.headers.get("Retry-After", "")
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or not pause.isdecimal():
                break
            time.sleep(min(int(pause), LONGEST_PAUSE))
        return answer

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if not answer.is_success:
            raise self._refused(answer)
        return answer

    def _refused(self, answer: httpx.Response) -> CommandError:
        return ServerRefused(self._document(answer, Problem))

    def _document(self, answer: httpx.Response, kind: type[Document]) -> Document:
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError:
            raise NotPivot(self._address, answer.status_code) from None


class _Items(BaseModel):
    """What the answers to uploads have in common, be they problems or not."""

    items: list[UploadItem]


def _path(collection: str) -> str:
    return f"/v1/collections/{quote(collection, safe='')}"


def _too_large(answer: httpx.Response) -> str:
    try:
        return _told(Problem.model_validate_json(answer.content))
    except ValidationError:
        return "The file is larger than what stands before the service lets through. Raise that limit."


def _told(problem: Problem) -> str:
    return f"{problem.detail} {problem.remedy or ''}".rstrip()
