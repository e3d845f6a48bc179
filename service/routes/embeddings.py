"""The model as OpenAI's clients know models: vectors of texts and images, and its name."""

from fastapi import APIRouter
from fastapi.responses import Response

from service import openai
from service.problems import documented
from service.queries import UnknownModel
from service.routes.context import Context, InContext

router = APIRouter(prefix="/v1", tags=["model"])


@router.post(
    "/embeddings",
    summary="Embed texts and images",
    response_model=openai.EmbeddingsAnswer,
    responses=documented(400, 404, 413, 415, 503),
)
async def embed(body: openai.EmbeddingsRequest, context: InContext) -> Response:
    """As OpenAI's API does, whose clients work here. Texts are read as queries are.

    An error is a problem document that has OpenAI's `error` in it, too.
    """
    return await context.embeddings.run(_embed, context, body)


def _embed(context: Context, body: openai.EmbeddingsRequest) -> Response:
    model, rows = context.library.embed(body.parts(), model=body.model, dim=body.dimensions)
    answer = openai.EmbeddingsAnswer.of(model, rows, body.encoding_format)
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get("/models", summary="List the models")
async def list_models(context: InContext) -> openai.ListedModels:
    """The one that serves, as OpenAI's clients ask for it."""
    return openai.ListedModels(data=[openai.ListedModel(id=context.library.encoder.version)])


@router.get("/models/{model}", summary="Describe a model by its name", responses=documented(404))
async def get_model(model: str, context: InContext) -> openai.ListedModel:
    """As OpenAI's clients ask for it; `/v1/model` tells more."""
    serving = context.library.encoder.version
    if model != serving:
        raise UnknownModel(model, serving)
    return openai.ListedModel(id=serving)
