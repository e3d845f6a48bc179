"""What can be wrong with an import, or with one entry of it."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

from service.bad_requests import BadRequest
from service.images import ImageError


class EntryRefused(ImageError):
    """An entry of an archive or a folder that is not read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The entry is not read: {self.reason}. Put the photo itself there, as an ordinary file."


class ArchiveUnusable(BadRequest):
    """Nothing of the archive was added."""

    field = "archive"

    def __init__(self, reason: str, limit: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.limit = limit

    def __str__(self) -> str:
        return (
            f"The archive cannot be imported: {self.reason}. Pack the photos again, as a .zip, .tar, .tar.gz,"
            " .tar.bz2 or .tar.xz within the limits."
        )


class FoldersOff(BadRequest):
    field = "folder"

    def __str__(self) -> str:
        return (
            "The service imports no folders of its machine. Send an archive, or have the operator name the"
            " folders that may be imported in PIVOT_FOLDER_ROOTS."
        )


class FolderRefused(BadRequest):
    field = "folder"

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return (
            f"{self.folder!r} is no folder that may be imported."
            " Name an existing one below those in PIVOT_FOLDER_ROOTS, from / on."
        )


class UnknownJob(BadRequest):
    field = "job_id"

    def __init__(self, id: int) -> None:
        super().__init__(id)
        self.id = id

    def __str__(self) -> str:
        return f"There is no job {self.id}. It may have been finished long ago: list the jobs."
