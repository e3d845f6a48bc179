"""Numbers for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from service.routes.context import InContext

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "The text format of Prometheus"}},
)
def get_metrics(context: InContext) -> Response:
    """Times of searches by stage and of requests by route, queues, batches, indexes, jobs, recall."""
    return Response(context.metrics.text(), media_type=CONTENT_TYPE_LATEST)
