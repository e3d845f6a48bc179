"""What the routes work with."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Path, Request

from service.fetch import Fetcher
from service.gate import Gate
from service.integers import Integer
from service.jobs.events import Bell
from service.jobs.ledger import Ledger
from service.jobs.runner import Runner
from service.library import Library
from service.reembedding import Reembedding
from service.repeats import Repeats
from service.settings import Settings


@dataclass(frozen=True)
class Context:
    """One for each app. The gates keep what is slow from standing in the way of searches."""

    library: Library
    settings: Settings
    searches: Gate
    uploads: Gate
    embeddings: Gate
    upkeep: Gate
    reembedding: Reembedding
    ledger: Ledger
    runner: Runner
    bell: Bell
    streams: Gate  # those who follow a job
    repeats: Repeats
    fetcher: Fetcher | None  # None: the operator has not switched URLs on


async def _context(request: Request) -> Context:
    return cast(Context, request.app.state.context)


InContext = Annotated[Context, Depends(_context)]
CollectionName = Annotated[str, Path(description="name of the collection", examples=["default"])]
ImageId = Annotated[Integer, Path(description="id of the image", examples=[1])]
