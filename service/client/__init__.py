"""A client for the HTTP API: `Pivot`, and `AsyncPivot` for programs with an event loop.

    with Pivot("http://127.0.0.1:8000") as pivot:
        pivot.upload(["dog.jpg", NewImage("beach.jpg", captions=["Kinder am Strand"], external_id="17")])
        for result in pivot.search("ein Hund am Strand", k=5).results:
            print(result.image.filename, result.scores.symmetric)

It stands on httpx and pydantic alone, not on the service. In reading order: `request` is what a transport is
given, `requests/` describes all that there are, `calls` is the table of methods that both clients have,
`blocking` and `asynchronous` send; `attempts` says when to send again, `following` reads a job's events,
`documents` and `errors` are what comes back.
"""

from service.client.asynchronous import AsyncPivot
from service.client.blocking import Pivot
from service.client.errors import (
    Busy,
    Conflict,
    Forbidden,
    Invalid,
    KeyNeeded,
    NotFound,
    NotPivot,
    PivotError,
    Refused,
    TooLarge,
    Unreachable,
)
from service.client.requests.images import NewImage
from service.client.requests.search import Part

__all__ = [
    "AsyncPivot",
    "Busy",
    "Conflict",
    "Forbidden",
    "Invalid",
    "KeyNeeded",
    "NewImage",
    "NotFound",
    "NotPivot",
    "Part",
    "Pivot",
    "PivotError",
    "Refused",
    "TooLarge",
    "Unreachable",
]
