"""What the routes work with."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Path, Request

from service.access import Access
from service.auditor import Auditor
from service.door import Door
from service.fetch import Fetcher
from service.gate import Gate
from service.guard import ACCESS
from service.integers import Integer
from service.jobs.events import Bell
from service.jobs.ledger import Ledger
from service.jobs.runner import Runner
from service.keyring import Keyring
from service.library import Library
from service.metrics import Metrics
from service.reembedding import Reembedding
from service.repeats import Repeats
from service.settings import Settings


@dataclass(frozen=True)
class Context:
    """One for each app. The gates keep what is slow from standing in the way of searches."""

    library: Library
    settings: Settings
    door: Door
    metrics: Metrics
    searches: Gate
    uploads: Gate
    embeddings: Gate
    thumbnails: Gate  # those that are not stored
    upkeep: Gate
    reembedding: Reembedding
    auditor: Auditor
    keyring: Keyring
    ledger: Ledger
    runner: Runner
    bell: Bell
    streams: Gate  # those who follow a job
    repeats: Repeats
    fetcher: Fetcher | None  # None: the operator has not switched URLs on

    def stopping(self) -> Door:
        """Lets nobody in any more and ends what would go on for ever; who is inside finishes."""
        self.door.close()
        self.bell.close()
        return self.door


async def _context(request: Request) -> Context:
    return cast(Context, request.app.state.context)


async def _access(request: Request) -> Access:
    return cast(Access, getattr(request.state, ACCESS, Access()))


InContext = Annotated[Context, Depends(_context)]
InAccess = Annotated[Access, Depends(_access)]
"""What the caller may do; for routes that show or change more than the collection of their address."""
CollectionName = Annotated[str, Path(description="name of the collection", examples=["default"])]
ImageId = Annotated[Integer, Path(description="id of the image", examples=[1])]
