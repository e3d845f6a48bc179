"""The forms, described for OpenAPI by hand: FastAPI does not know our limits, and so does not read them."""

from typing import Any, Final

from service.images import ACCEPTED
from service.search_schemas import TextOptions


def _described(file: str, properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": [file], "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


UPLOAD_FORM: Final = _described(
    "files",
    {
        "files": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "description": f"{ACCEPTED}; `file`, `files[]` and `files[0]` are accepted names too",
        },
        "metadata": {
            "type": "string",
            "description": "JSON: one object for all files, or an array with one for each",
            "examples": ['{"album": "summer"}'],
        },
    },
)

QUESTION_FORM: Final = _described(
    "file",
    {
        "file": {"type": "string", "format": "binary", "description": f"the image: {ACCEPTED}"},
        **TextOptions.model_json_schema()["properties"],
    },
)
