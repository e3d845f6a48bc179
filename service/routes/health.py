"""Whether the service lives, whether it is ready, and what it runs."""

from typing import Final

from fastapi import APIRouter

from service import schemas
from service.problems import documented
from service.routes.context import InContext

router = APIRouter(tags=["health"])

UNAVAILABLE: Final = documented(503)[503]


@router.get(
    "/livez",
    summary="Does the service live?",
    responses={503: {**UNAVAILABLE, "description": "The model hangs, or nothing can be decoded"}},
)
async def live(context: InContext) -> schemas.Health:
    """Answers at once, whatever else the service is doing. 503 where only a restart helps."""
    context.library.check_alive()
    return schemas.Health()


@router.get(
    "/readyz",
    summary="Is the service ready?",
    responses={503: {**UNAVAILABLE, "description": "The service is stopping"}},
)
def ready(context: InContext) -> schemas.Readiness:
    """What awaits a vector, as it was a few seconds ago. Needs no key, and so names no collection."""
    library = context.library
    awaited, pending = context.reembedding.awaited()
    return schemas.Readiness(
        model=library.encoder.version,
        reembedding=schemas.Reembedding(running=context.reembedding.running, model=awaited, pending=pending),
    )


@router.get("/v1/model", summary="Describe the model", tags=["model"])
async def describe_model(context: InContext) -> schemas.Model:
    """The model that embeds texts and images."""
    encoder = context.library.encoder
    return schemas.Model(
        version=encoder.version,
        dim=encoder.dim,
        scoring=encoder.scoring,
        languages=list(encoder.languages),
    )
