"""A request as the table describes it, before any transport has a hand in it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from service.client.documents import Document

T = TypeVar("T")
D = TypeVar("D", bound=Document)


@dataclass(frozen=True)
class FilePart:
    """A file of a form; one on disk is opened when it is sent, and again when it is sent again."""

    field: str
    filename: str
    content: Path | bytes


@dataclass(frozen=True)
class Request(Generic[T]):
    """`read` makes the answer of its bytes, or raises ValueError; `told` what a refusal tells all the same.

    `repeatable`: sent twice, it does no more than once. What is not, is repeated only where the service
    certainly did not hear it.
    """

    method: str
    path: str
    read: Callable[[bytes], T]
    params: Mapping[str, Any] = field(default_factory=dict)
    json: object | None = None
    files: Sequence[FilePart] = ()
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    told: Callable[[bytes], T | None] = lambda _: None

    def arguments(self, opened: ExitStack) -> dict[str, Any]:
        """What httpx makes a request of; files stay open until `opened` is left."""
        sent: dict[str, Any] = {"params": present(self.params), "headers": dict(self.headers)}
        if self.json is not None:
            sent["json"] = self.json
        if self.files:
            sent["data"] = dict(self.form)
            sent["files"] = [(part.field, (part.filename, _opened(part, opened))) for part in self.files]
        return sent


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that are None."""
    return {name: value for name, value in members.items() if value is not None}


def document(kind: type[D]) -> Callable[[bytes], D]:
    """Reads JSON as a document of the kind."""
    return kind.model_validate_json


def nothing(_: bytes) -> None:
    """Reads an answer without a body."""


def content(answer: bytes) -> bytes:
    """Reads an answer that is a file."""
    return answer


def _opened(part: FilePart, opened: ExitStack) -> Any:
    return part.content if isinstance(part.content, bytes) else opened.enter_context(part.content.open("rb"))
