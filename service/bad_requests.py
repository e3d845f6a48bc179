"""What can be wrong with a request before its content is looked at."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

from collections.abc import Iterable

from starlette.exceptions import HTTPException


class BadRequest(Exception):
    """A request that cannot be understood. The text ends with the remedy."""


class UnknownHost(BadRequest):
    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host

    def __str__(self) -> str:
        return (
            f"The service does not go by the name {self.host!r}."
            " Use its IP address, or have the operator add the name to PIVOT_HOSTS."
        )


class OtherSite(BadRequest):
    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.origin = origin

    def __str__(self) -> str:
        return (
            f"The request comes from a page of {self.origin}, which may not change anything here."
            " Use the service's own page, a program, or a name that the operator adds to PIVOT_HOSTS."
        )


class BodyTooLarge(HTTPException):
    """More bytes than the limit.

    An HTTPException, because FastAPI hides any other that is raised while it reads a body.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit

    def __str__(self) -> str:
        return f"The request is larger than the limit of {self.limit:,} bytes. Send less at a time."


class BodiesTooLarge(HTTPException):
    """This body and those of other requests take more memory than the limit, in bytes.

    An HTTPException for the same reason.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(503)
        self.limit = limit
        self.retry_after = 1

    def __str__(self) -> str:
        return (
            f"Large requests of {self.limit:,} bytes are at work already, which is the limit."
            f" Try again in {self.retry_after} s, or send images as files, to /search/image."
        )


class NotMultipart(BadRequest):
    def __init__(self, content_type: str, field: str) -> None:
        super().__init__(content_type, field)
        self.content_type = content_type
        self.field = field

    def __str__(self) -> str:
        return f"The request is {self.content_type}. Send the files as multipart/form-data."


class NotJson(BadRequest):
    def __init__(self, content_type: str, wanted: str) -> None:
        super().__init__(content_type, wanted)
        self.content_type = content_type
        self.wanted = wanted

    def __str__(self) -> str:
        return f"The request is {self.content_type}. Send it as {self.wanted}."


class BadForm(BadRequest):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason.rstrip(".")

    def __str__(self) -> str:
        return f"The form cannot be read: {self.reason}. Send it as multipart/form-data."


class NoFiles(BadRequest):
    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field

    def __str__(self) -> str:
        return f"The form has no file. Send a file part named `{self.field}`."


class TooManyFiles(BadRequest):
    def __init__(self, limit: int, field: str) -> None:
        super().__init__(limit, field)
        self.limit = limit
        self.field = field

    def __str__(self) -> str:
        return f"The request has more files than the limit of {self.limit:,}. Send them in several requests."


class UnknownField(BadRequest):
    def __init__(self, field: str, allowed: Iterable[str]) -> None:
        super().__init__(field, allowed)
        self.field = field
        self.allowed = ", ".join(allowed)

    def __str__(self) -> str:
        return f"The form has an unknown field {self.field!r}. Use these: {self.allowed}."


class BadMetadata(BadRequest):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"The metadata cannot be used: {self.reason}."
            " Send one JSON object for all files, or an array with an object for each file."
        )


class WrongNumber(BadRequest):
    def __init__(self, field: str, entries: int, files: int) -> None:
        super().__init__(field, entries, files)
        self.field = field
        self.entries = entries
        self.files = files

    def __str__(self) -> str:
        return (
            f"`{self.field}` has {self.entries:,} entries for {self.files:,} files."
            " Give one for each file, in the order of the files."
        )


class InvalidRequest(BadRequest):
    """`field` is the first of those to blame, and `reason` what is wrong with it."""

    def __init__(self, field: str, reason: str, limit: float | None) -> None:
        super().__init__(field, reason, limit)
        self.field = field
        self.reason = reason
        self.limit = limit

    def __str__(self) -> str:
        return (
            f"{self.field}: {self.reason}. Correct the fields that `errors` names; /docs describes them all."
        )


class NoImageAccepted(BadRequest):
    def __init__(self, files: int) -> None:
        super().__init__(files)
        self.files = files

    def __str__(self) -> str:
        return (
            f"None of the {self.files:,} files could be added."
            " See `items` for the reason and the remedy of each."
        )


class NothingThere(BadRequest):
    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"There is nothing at {self.path}. {_SEE}"


class MethodNotTaken(BadRequest):
    def __init__(self, path: str, method: str) -> None:
        super().__init__(path, method)
        self.path = path
        self.method = method

    def __str__(self) -> str:
        return f"{self.path} does not take {self.method}. {_SEE}"


class Refused(BadRequest):
    """By FastAPI or Starlette, which tell the reason in words only."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason.rstrip(".")

    def __str__(self) -> str:
        return f"{self.reason}. {_SEE}"


class Bug(Exception):
    """What nobody foresaw; the client is told nothing of the inside."""

    def __str__(self) -> str:
        return (
            "The service failed at this request, which is a fault of its own."
            " Try again; if it stays so, the operator finds the cause in the log."
        )


_SEE = "See /docs for what is where, and what it takes."
