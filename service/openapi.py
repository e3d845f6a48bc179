"""The API's description, with what no route declares: failed uploads, and keys, which stand before all."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI

from service.access import rule_for
from service.guard import COOKIE
from service.json_uploads import ImagePatch, JsonUpload, described
from service.problems import SCHEMAS, documented
from service.schemas import UploadProblem

SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}


def complete_description(app: FastAPI) -> None:
    """Has the app tell all that is in its description."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = describe()  # which keeps it for the next time
            _add_schemas(document["components"]["schemas"])
            _add_keys(document)
        return describe()

    app.openapi = openapi  # type: ignore[method-assign] # which is how FastAPI's own guide extends it


def _add_schemas(schemas: dict[str, Any]) -> None:
    model = UploadProblem.model_json_schema(ref_template=f"{SCHEMAS}{{model}}", mode="serialization")
    del model["$defs"]  # all of which are there already
    schemas["UploadProblem"] = model
    for name, schema in described(JsonUpload, ImagePatch).items():
        schemas.setdefault(name, schema)


def _add_keys(document: dict[str, Any]) -> None:
    document["components"]["securitySchemes"] = SECURITY
    document["security"] = [*({name: []} for name in SECURITY), {}]  # {}: where there are no keys
    refusals = {str(status): told for status, told in documented(401, 403, 429).items()}
    for method, path, operation in _operations(document):
        if rule_for(method, path).scope is None:
            operation["security"] = []
        else:
            responses = refusals | operation["responses"]
            operation["responses"] = dict(sorted(responses.items()))


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation
