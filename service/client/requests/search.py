"""Searches, and vectors for searches of one's own."""

import mimetypes
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from service.client.documents.model import Embeddings, Model
from service.client.documents.search import Batch, CaptionResults, SearchAnswer
from service.client.request import Request, document, present
from service.client.requests import DEFAULT, below
from service.client.requests.images import Content, Filter, NewImage, as_file


@dataclass(frozen=True)
class Part:
    """One of several things to look for: exactly one of `q`, `image_id` and `image`.

    A negative weight asks for what is not like it.
    """

    q: str | None = None
    image_id: int | None = None
    image: Content | None = None
    weight: float = 1.0
    language: str | None = None

    def document(self) -> dict[str, Any]:
        members = {"q": self.q, "image_id": self.image_id, "image": _inline(self.image)}
        return present({**members, "weight": self.weight, "language": self.language})


class Options(TypedDict, total=False):
    """How to search; what is left out is the service's choice.

    `filter` leaves out what it does not hold for; `min_score` what scores less; `captions` says whether
    captions take part.
    """

    language: str | None
    k: int
    cursor: str | None
    filter: Filter | None
    scoring: Literal["symmetric", "asymmetric"] | None
    candidates: int | None
    exact: bool
    min_score: float | None
    captions: bool | None


def search(
    q: str | None = None,
    *,
    collection: str = DEFAULT,
    image_id: int | None = None,
    image: Content | None = None,
    parts: Sequence[Part] | None = None,
    **options: Unpack[Options],
) -> Request[SearchAnswer]:
    """Find images by exactly one of: words, an image of the collection, one from outside, several parts."""
    asked = {
        "q": q,
        "image_id": image_id,
        "image": _inline(image),
        "parts": None if parts is None else [part.document() for part in parts],
    }
    body = present({**asked, **options})
    return Request("POST", below(collection, "/search"), document(SearchAnswer), json=body)


def search_many(searches: Sequence[Mapping[str, Any]], *, collection: str = DEFAULT) -> Request[Batch]:
    """Up to 100 searches in one request, each as the HTTP API takes it. A bad one has an error of its own."""
    body = {"searches": [dict(one) for one in searches]}
    return Request("POST", below(collection, "/search/batch"), document(Batch), json=body)


def search_captions(
    *,
    collection: str = DEFAULT,
    image_id: int | None = None,
    image: Content | None = None,
    k: int | None = None,
    scoring: Literal["symmetric", "asymmetric"] | None = None,
    candidates: int | None = None,
) -> Request[CaptionResults]:
    """What was written that fits an image: exactly one of the collection or from outside."""
    asked = {"image_id": image_id, "image": _inline(image)}
    body = present({**asked, "k": k, "scoring": scoring, "candidates": candidates})
    return Request("POST", below(collection, "/search/captions"), document(CaptionResults), json=body)


def embed(inputs: Sequence[str | NewImage] | str, *, model: str | None = None) -> Request[Embeddings]:
    """Vectors of texts and images in one space, in the order of the inputs.

    Vectors of two models do not compare: with `model`, another one that serves meanwhile raises NotFound.
    """
    given = [inputs] if isinstance(inputs, str) else inputs
    named = [one if isinstance(one, str) else {"image": _inline(one.content)} for one in given]
    body = present({"input": named, "model": model})
    return Request("POST", "/v1/embeddings", document(Embeddings), json=body)


def model() -> Request[Model]:
    """The model that serves."""
    return Request("GET", "/v1/model", document(Model))


def _inline(content: Content | None) -> str | None:
    """The image as a data URI."""
    if content is None:
        return None
    file = as_file(content)
    kind, data = None, file
    if isinstance(file, Path):
        kind, data = mimetypes.guess_type(file.name)[0], file.read_bytes()
    assert isinstance(data, bytes)
    return f"data:{kind or 'application/octet-stream'};base64,{b64encode(data).decode()}"
