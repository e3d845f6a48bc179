"""What stops a command, told to the person who gave it."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class CommandError(Exception):
    """A command that cannot go on. The text says why, and ends with the remedy."""


class SettingsInvalid(CommandError):
    """`given` are the names of the settings that came from the command line."""

    def __init__(self, error: "ValidationError", given: Collection[str]) -> None:
        super().__init__(error, given)
        self.error = error
        self.given = given

    def __str__(self) -> str:
        lines = []
        for one in self.error.errors():
            name = str(one["loc"][0])
            shown = f"--{name}" if name in self.given else f"PIVOT_{name.upper()}"
            lines.append(f"{shown} is {one['input']!r}: {one['msg']}. Correct it, or leave it out.")
        return "\n".join(lines)


class CheckpointUnusable(CommandError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"The model cannot be loaded from {reason} PIVOT_CHECKPOINT names it.")
        self.reason = reason
