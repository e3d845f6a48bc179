"""The HTTP service: composes limits, errors, routes and the page around a library."""

import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline

from service.auditor import Auditor
from service.door import Door, Entrance
from service.fetch import Fetcher
from service.gate import Gate
from service.gauges import Gauges
from service.guard import Guard
from service.handlers import tell_errors
from service.hosts import OwnHosts
from service.jobs.events import Bell
from service.jobs.ledger import Ledger
from service.jobs.runner import Runner
from service.keyring import Keyring
from service.keys import KeyFile
from service.library import Library
from service.metrics import Metrics
from service.middleware import DOCUMENTATION, BodyLimit, HeadToo, LastResort, SecurityHeaders
from service.observed import Observed
from service.openapi import complete_description
from service.problems import documented
from service.reembedding import Reembedding
from service.repeats import Repeats
from service.routes import (
    collections,
    duplicates,
    embeddings,
    health,
    images,
    imports,
    jobs,
    keys,
    metrics,
    search,
    session,
    upkeep,
)
from service.routes.context import Context
from service.settings import Settings
from service.spoken import Spoken

WEB: Final = Path(__file__).parent / "web"
SEARCH_THREADS: Final = 32
EMBEDDING_THREADS: Final = 4  # each has up to 32 texts in the queue that searches wait in
UPLOAD_THREADS: Final = 4  # each holds up to two chunks of images in memory
UPKEEP_THREADS: Final = 2  # each keeps SQLite's log from shrinking for as long as it reads
STREAM_THREADS: Final = 4
OPEN_FILES: Final = 16384  # an upload may hold a temporary file for each of its files

DESCRIPTION: Final = """
Finds images by what they show, asked in any language: descriptions in different languages never need to be
translations of each other, since the image is the pivot between them.

Every error is a problem document (RFC 9457, `application/problem+json`) with a stable `type`, the `field` to
blame, the `limit` that was passed and the `remedy`.
"""


def create_app(
    library: Library, settings: Settings, fetcher: Fetcher | None = None, *, guarded: bool = True
) -> FastAPI:
    """The service around `library`, which it closes when it stops. Not `guarded`, it asks nobody for a key.

    URLs are fetched by `fetcher`; without one by one of its own, where the settings allow it.
    """
    if fetcher is None and settings.fetch_urls:
        fetcher = Fetcher(settings.max_image_bytes)
    ledger, bell, counts = Ledger(settings.store), Bell(), Metrics()
    context = Context(
        library=library,
        settings=settings,
        door=Door(),
        metrics=counts,
        searches=Gate(threads=SEARCH_THREADS, limit=settings.queue, seconds=settings.wait_seconds),
        uploads=Gate(threads=UPLOAD_THREADS, limit=settings.queue),
        embeddings=Gate(threads=EMBEDDING_THREADS, limit=settings.queue, seconds=settings.wait_seconds),
        thumbnails=Gate(
            threads=max(1, settings.decode_workers // 2),  # the others are for uploads and searches
            limit=settings.queue,
            seconds=settings.wait_seconds,
        ),
        upkeep=Gate(threads=UPKEEP_THREADS, limit=2 * UPKEEP_THREADS),
        reembedding=Reembedding(library),
        auditor=Auditor(library, counts, settings.audit_hours),
        keyring=Keyring(KeyFile(settings.store)),
        ledger=ledger,
        runner=Runner(library, ledger, settings, fetcher, bell),
        bell=bell,
        streams=Gate(threads=STREAM_THREADS, limit=settings.queue),
        repeats=Repeats(),
        fetcher=fetcher,
    )
    _watch(context)
    app = FastAPIOffline(
        title="Pivot",
        version="1",
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=DOCUMENTATION,
        redoc_url=None,
        favicon_url="/web/favicon.svg",
        responses=documented("default"),
        generate_unique_id_function=_operation_id,
    )
    app.state.context = context
    app.add_middleware(HeadToo)
    app.add_middleware(BodyLimit, settings=settings)
    if guarded:
        app.add_middleware(Guard, keyring=context.keyring, settings=settings)
    app.add_middleware(LastResort)
    app.add_middleware(OwnHosts, settings=settings)
    app.add_middleware(Entrance, door=context.door)
    app.add_middleware(Spoken)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Observed, metrics=context.metrics)  # the last one added is the outermost
    finding, operating = (search, duplicates, embeddings), (upkeep, health, metrics)
    modules = (collections, images, *finding, imports, jobs, *operating, session, keys)
    routers = [module.router for module in modules]
    for router in routers:
        app.include_router(router)
    _serve_page(app)
    # FastAPI does not tell the routes of the routers that it includes.
    tell_errors(app, list(chain(app.routes, *(router.routes for router in routers))))
    complete_description(app)
    return app


def _watch(context: Context) -> None:
    gates = {
        "searches": context.searches,
        "uploads": context.uploads,
        "embeddings": context.embeddings,
        "thumbnails": context.thumbnails,
        "upkeep": context.upkeep,
        "streams": context.streams,
    }
    context.metrics.registry.register(Gauges(context.library, context.reembedding, context.ledger, gates))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context = cast(Context, app.state.context)
    _allow_open_files()
    context.reembedding.start()
    context.auditor.start()
    await run_in_threadpool(context.runner.start)
    try:
        yield
    finally:
        context.bell.close()
        await run_in_threadpool(context.runner.stop)
        await run_in_threadpool(context.reembedding.stop)
        await run_in_threadpool(context.auditor.stop)
        await run_in_threadpool(context.ledger.close)
        await run_in_threadpool(context.library.close)


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _operation_id(route: APIRoute) -> str:
    return route.name


class _Page(StaticFiles):
    """Files that browsers ask after each time, so that an upgrade shows at once."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _serve_page(app: FastAPI) -> None:
    app.mount("/web", _Page(directory=WEB), name="web")

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(WEB / "index.html", headers={"Cache-Control": "no-cache"})
