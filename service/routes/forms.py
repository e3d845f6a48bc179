"""The forms, described for OpenAPI by hand: FastAPI does not know our limits, and so does not read them."""

from typing import Any, Final

from service.images import ACCEPTED
from service.job_schemas import NewImport
from service.json_uploads import JSON, MERGE_PATCH
from service.repeats import HEADER
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
        "captions": {
            "type": "string",
            "description": "JSON: an array of captions for all files, or an array of such arrays, one for"
            " each file; a caption is an object with `text` and, unless it is to be detected, `language`",
            "examples": ['[{"text": "Ein Hund springt ins Wasser", "language": "de"}]'],
        },
        "external_ids": {
            "type": "string",
            "description": "JSON: an array with one string or null for each file, what you call it",
            "examples": ['["holidays/1"]'],
        },
    },
)

_IMPORT: Final = NewImport.model_json_schema()
IMPORT_FORM: Final = _described(
    "archive",
    {
        "archive": {
            "type": "string",
            "format": "binary",
            "description": "photos in a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz",
        }
    },
)
IMPORT_FORM["requestBody"]["content"]["application/json"] = {"schema": _IMPORT}

UPLOAD_FORM["requestBody"]["content"]["application/json"] = {
    "schema": {"$ref": "#/components/schemas/JsonUpload"}
}

IDEMPOTENCY_KEY: Final = {
    "name": HEADER,
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "a new one with each new request, such as a UUID, and the same when it is sent again",
}

PATCH: Final = {
    "requestBody": {
        "required": True,
        "content": {
            media_type: {"schema": {"$ref": "#/components/schemas/ImagePatch"}}
            for media_type in (JSON, MERGE_PATCH)
        },
    }
}

QUESTION_FORM: Final = _described(
    "file",
    {
        "file": {"type": "string", "format": "binary", "description": f"the image: {ACCEPTED}"},
        **TextOptions.model_json_schema()["properties"],
    },
)
