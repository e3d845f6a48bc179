"""Errors as HTTP tells them: RFC 9457 problem documents, and the one table from our errors to them."""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from index import errors as gallery
from service import (
    access,
    alive,
    bad_requests,
    batcher,
    decoder,
    fetch,
    forms,
    images,
    images_in_text,
    keys,
    queries,
    repeats,
    thumbnails,
    uploads,
)
from service.german import german_of
from service.jobs import errors as job_errors
from service.request_ids import current_id
from service.spoken import spoken

MEDIA_TYPE: Final = "application/problem+json"
SCHEMAS: Final = "#/components/schemas/"


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    detail: str


class Problem(BaseModel):
    """What went wrong, for programs (`type`, `field`, `limit`) and for people (the other members)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:pivot:out-of-range",
                    "title": "Out of range",
                    "status": 422,
                    "detail": "k is 0; the limits are 1 and 1000.",
                    "field": "k",
                    "limit": 1,
                    "remedy": "Give a k between them.",
                }
            ]
        }
    )

    type: str = Field(description="stable name of the kind of problem, a URN")
    title: str = Field(description="the kind of problem in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what happened this time, with the value and the limit")
    field: str | None = Field(default=None, description="the field of the request that is to blame")
    limit: int | float | None = Field(default=None, description="the limit that was passed")
    remedy: str | None = Field(default=None, description="what to do")
    request_id: str | None = Field(default=None, description="the answer's `X-Request-ID`, for the log")
    errors: list[FieldProblem] | None = Field(
        default=None, description="all fields, where several are to blame"
    )

    def response(self, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
        """The document, with `more` members where other people's clients look for them."""
        # Only our own members are left out: what lies further in, as the items of an upload do, is whole.
        named = {**self.model_dump(), "request_id": current_id()}
        told = {name: value for name, value in named.items() if value is not None} | more
        # Not pydantic's own JSON, which fails at half a surrogate pair: a field may be named by one.
        languages = {"Content-Language": spoken(), "Vary": "Accept-Language"}
        return Response(
            json.dumps(told), self.status, headers={**languages, **(headers or {})}, media_type=MEDIA_TYPE
        )


class Kind(NamedTuple):
    """One row of the table. The error's own text is the detail, unless `text` replaces it; both end with the
    remedy, a sentence. The attributes `field` and `retry_after` of an error go before those here.

    Each row has its German in `german.GERMAN`.
    """

    status: int
    name: str
    title: str
    field: str | None = None
    text: str | None = None
    retry_after: int | None = None  # seconds


BACK_AGAIN: Final = 5  # seconds in which a service that stops for a restart may be there again

KINDS: Final[dict[type[Exception], Kind]] = {
    images.ImageEmpty: Kind(422, "image-empty", "Empty file", "file"),
    images.NotAnImage: Kind(415, "not-an-image", "Not an image", "file"),
    images.UnsupportedFormat: Kind(415, "unsupported-format", "Unsupported format", "file"),
    images.ImageDamaged: Kind(422, "image-damaged", "Damaged image", "file"),
    images.ImageTooLarge: Kind(413, "image-too-large", "Too many pixels", "file"),
    images.FileTooLarge: Kind(413, "file-too-large", "Too many bytes", "file"),
    images.DecodeOutOfMemory: Kind(413, "decode-out-of-memory", "Too much memory needed", "file"),
    decoder.DecodeTimeout: Kind(422, "decode-timeout", "Too much time needed", "file"),
    decoder.DecodeCrashed: Kind(422, "decode-crashed", "Decoding failed", "file"),
    decoder.DecoderNotStarted: Kind(503, "overloaded", "Overloaded"),
    thumbnails.ThumbnailNotMade: Kind(
        500,
        "thumbnail-not-made",
        "No thumbnail of this size",
        "size",
        "What the store holds of the image cannot be decoded for a thumbnail of this size."
        f" Ask for {thumbnails.STORED}, which is stored, and have the operator look into the log.",
    ),
    uploads.FileUnreadable: Kind(500, "file-unreadable", "Unreadable file", "file"),
    job_errors.EntryRefused: Kind(422, "entry-refused", "Entry not read", "archive"),
    job_errors.ArchiveUnusable: Kind(422, "archive-unusable", "Unusable archive", "archive"),
    job_errors.FoldersOff: Kind(403, "folders-off", "Folders are switched off", "folder"),
    job_errors.FolderRefused: Kind(403, "folder-refused", "Folder refused", "folder"),
    job_errors.UnknownJob: Kind(404, "unknown-job", "No such job", "job_id"),
    fetch.UrlRefused: Kind(422, "url-refused", "URL refused"),
    fetch.FetchFailed: Kind(502, "fetch-failed", "URL gave no file"),
    fetch.FetchingOff: Kind(403, "fetching-off", "URLs are switched off"),
    queries.QueryEmpty: Kind(422, "query-empty", "Empty query", "q"),
    queries.QueryTooLong: Kind(422, "query-too-long", "Query too long", "q"),
    queries.QueryUnreadable: Kind(422, "query-unreadable", "Unknown script", "q"),
    queries.BadLanguage: Kind(422, "bad-language", "Not a language", "language"),
    queries.OutOfRange: Kind(422, "out-of-range", "Out of range"),
    queries.NoThreshold: Kind(422, "no-threshold", "No threshold here", "threshold"),
    queries.NotWhole: Kind(422, "not-whole", "Not a whole number", "threshold"),
    queries.CaptionsWithoutRules: Kind(422, "captions-without-rules", "Captions take no part", "captions"),
    queries.UnknownModel: Kind(404, "unknown-model", "No such model", "model"),
    queries.WrongDimensions: Kind(422, "wrong-dimensions", "Not the model's dimensions", "dimensions"),
    images_in_text.NotBase64: Kind(422, "bad-image-text", "Not base64", "image"),
    gallery.UnknownCollection: Kind(404, "unknown-collection", "No such collection", "collection"),
    gallery.CollectionExists: Kind(409, "collection-exists", "Collection exists", "name"),
    gallery.CollectionFixed: Kind(409, "collection-fixed", "The name cannot be changed", "name"),
    gallery.BadCollectionName: Kind(422, "bad-collection-name", "Not a collection's name", "name"),
    gallery.UnknownImage: Kind(404, "unknown-image", "No such image", "image_id"),
    gallery.NotEmbedded: Kind(409, "not-embedded", "Not embedded yet", "image_id"),
    gallery.ExternalIdTaken: Kind(409, "external-id-taken", "External id taken", "external_id"),
    gallery.TooManyCaptions: Kind(422, "too-many-captions", "Too many captions", "captions"),
    gallery.ModelChanged: Kind(503, "model-changed", "Model changed", retry_after=1),
    gallery.BadValue: Kind(422, "bad-value", "Unusable value"),
    gallery.BadFilter: Kind(422, "bad-filter", "Unusable filter"),
    gallery.BadCursor: Kind(422, "bad-cursor", "Unknown cursor", "cursor"),
    gallery.CursorExpired: Kind(410, "cursor-expired", "Expired cursor", "cursor"),
    gallery.StorageFull: Kind(
        507,
        "storage-full",
        "No space left",
        text="The store has no space left; what it holds already stays."
        " Have the operator free some, then send the same request again.",
    ),
    gallery.StorageUnwritable: Kind(
        500,
        "storage-unwritable",
        "Store not writable",
        text="The store cannot be written. Have the operator check its owner, its rights and its disk.",
    ),
    gallery.StoreDamaged: Kind(
        500,
        "store-damaged",
        "Store damaged",
        text="The store cannot be read. Have the operator restore it from a backup.",
    ),
    gallery.StoreClosed: Kind(
        503, "stopping", "Stopping", text=str(batcher.Stopping()), retry_after=BACK_AGAIN
    ),
    alive.Hanging: Kind(503, "hanging", "The model hangs"),
    alive.DecoderDead: Kind(503, "decoder-dead", "Nothing is decoded"),
    batcher.Stopping: Kind(503, "stopping", "Stopping", retry_after=BACK_AGAIN),
    batcher.Overloaded: Kind(503, "overloaded", "Overloaded"),
    forms.ScratchFull: Kind(507, "scratch-full", "No space left to read the request"),
    access.KeyRequired: Kind(401, "key-required", "Key required"),
    access.KeyUnknown: Kind(401, "key-unknown", "Unknown key"),
    access.ScopeMissing: Kind(403, "key-forbidden", "Not for this key"),
    access.CollectionHidden: Kind(403, "key-forbidden", "Not for this key", "collection"),
    access.KeyLimited: Kind(403, "key-forbidden", "Not for this key"),
    access.RateLimited: Kind(429, "rate-limited", "Too many requests"),
    keys.NoSuchKey: Kind(404, "no-such-key", "No such key", "key_id"),
    bad_requests.UnknownHost: Kind(421, "unknown-host", "Unknown host"),
    bad_requests.OtherSite: Kind(403, "other-site", "Request from another site"),
    bad_requests.BodyTooLarge: Kind(413, "body-too-large", "Request too large"),
    bad_requests.BodiesTooLarge: Kind(503, "overloaded", "Overloaded"),
    bad_requests.NotMultipart: Kind(415, "not-multipart", "Not a form with files"),
    bad_requests.NotJson: Kind(415, "not-json", "Not JSON"),
    repeats.BadKey: Kind(422, "bad-idempotency-key", "Unusable key", repeats.HEADER),
    repeats.KeyInUse: Kind(409, "idempotency-key-in-use", "Request under way", repeats.HEADER, retry_after=1),
    repeats.KeyReused: Kind(422, "idempotency-key-reused", "Key of another request", repeats.HEADER),
    bad_requests.BadForm: Kind(422, "bad-form", "Unreadable form"),
    bad_requests.NoFiles: Kind(422, "no-files", "No files"),
    bad_requests.TooManyFiles: Kind(413, "too-many-files", "Too many files"),
    bad_requests.UnknownField: Kind(422, "unknown-field", "Unknown field"),
    bad_requests.BadMetadata: Kind(422, "bad-metadata", "Unusable metadata", "metadata"),
    bad_requests.WrongNumber: Kind(422, "wrong-number", "Wrong number of entries"),
    bad_requests.InvalidRequest: Kind(422, "invalid-request", "Invalid request"),
    bad_requests.NoImageAccepted: Kind(422, "no-image-accepted", "No image accepted", "files"),
    bad_requests.NothingThere: Kind(404, "not-found", "Not found"),
    bad_requests.MethodNotTaken: Kind(405, "method-not-allowed", "Method not allowed"),
    bad_requests.Refused: Kind(400, "bad-request", "Bad request"),
    bad_requests.Bug: Kind(500, "internal-error", "Internal error"),
}


def problem_for(error: Exception) -> Problem | None:
    """The problem document of one of our errors, in the language of the request at work.

    None for any other error, which is a bug.
    """
    if isinstance(error, queries.InField):
        problem = problem_for(error.error)
        return problem and problem.model_copy(update={"field": error.field})
    kind = _kind_of(error)
    if kind is None:
        return None
    title, text = _told(error, kind)
    detail, found, remedy = text.rpartition(". ")
    return Problem(
        type=f"urn:pivot:{kind.name}",
        title=title,
        status=kind.status,
        detail=f"{detail}." if found else text,
        field=getattr(error, "field", kind.field),
        limit=getattr(error, "limit", None),
        remedy=remedy if found else None,
    )


def retry_after(error: Exception) -> int | None:
    """After how many seconds the same request may succeed; None where time alone does not help."""
    if isinstance(error, queries.InField):
        error = error.error
    kind = _kind_of(error)
    return getattr(error, "retry_after", kind and kind.retry_after)


def headers_for(error: Exception) -> dict[str, str]:
    """What an answer to an error of ours says beside the problem."""
    headers = {}
    if (seconds := retry_after(error)) is not None:
        headers["Retry-After"] = str(seconds)
    if problem_of_ours(error).status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def problem_of_ours(error: Exception) -> Problem:
    """The same for an error that has its row."""
    problem = problem_for(error)
    assert problem is not None
    return problem


def _told(error: Exception, kind: Kind) -> tuple[str, str]:
    german = german_of(error) if spoken() == "de" else None
    return german or (kind.title, kind.text or str(error))


def _kind_of(error: Exception) -> Kind | None:
    return next((KINDS[base] for base in type(error).__mro__ if base in KINDS), None)


def documented(
    *statuses: int | Literal["default"], model: str = "Problem"
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of routes that may answer with problems of these statuses."""
    schema = {"$ref": f"{SCHEMAS}{model}"}
    return {
        status: {"description": _MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


_MEANINGS: Final[dict[int | str, str]] = {
    "default": "Any other problem",
    400: "A field is missing, out of range or of no use, told as OpenAI does",
    401: "The service asks for a key, or the key is no good",
    403: "The key may not do this, or the operator has switched it off",
    404: "There is no such collection, image or key",
    409: "The request conflicts with what is there",
    410: "The page's place is no more",
    413: "The request, a file or an image is too large",
    415: "The request or a file has the wrong format",
    422: "A field is missing, out of range or of no use",
    429: "Too many requests in a minute; come back after `Retry-After` seconds",
    503: "Too many requests wait already; come back after `Retry-After` seconds",
    507: "No space is left to store anything",
}
