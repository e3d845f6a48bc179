"""`keys create`, `list` and `revoke`, beside a running service or without one."""

import argparse
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from service.commands.errors import CommandError
from service.commands.printable import printable
from service.keys import Key, KeyFile, NewKey, NoSuchKey

HEADINGS: Final = ("id", "scope", "name", "collections", "rate", "last used", "state")


class KeyUnusable(CommandError):  # noqa: N818 -- it says what happened
    """What was asked for of a new key does not go."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__(
            "\n".join(f"{one['loc'][0]} is {one['input']!r}: {one['msg']}." for one in error.errors())
        )


def manage(store: Path, options: argparse.Namespace) -> str:
    """What was done, for people. Raises KeyUnusable, CommandError, and what `KeyFile` raises."""
    file = KeyFile(store)
    match options.action:
        case "create":
            return _created(file, options)
        case "revoke":
            try:
                file.revoke(options.id)
            except (NoSuchKey, OverflowError) as error:
                raise CommandError(f"There is no key {options.id} that holds. See `keys list`.") from error
            return f"Key {options.id} is revoked; a running service refuses it within seconds."
        case _:
            return _table([key for key, _ in file.read().keys.values()])


def _created(file: KeyFile, options: argparse.Namespace) -> str:
    try:
        new = NewKey(
            name=options.name,
            scope=options.scope,
            collections=options.collection,
            rate=options.rate,
            expires_at=options.expires,
        )
    except ValidationError as error:
        raise KeyUnusable(error) from error
    key, secret = file.create(new)
    return (
        f"Key {key.id}, scope {key.scope}. Keep the next line: it is told this once.\n{secret}\n"
        "From now on the service asks for a key, also where it runs already."
    )


def _table(keys: list[Key]) -> str:
    if not keys:
        return "There are no keys: whoever reaches the service may do everything."
    rows = [
        (
            str(key.id),
            key.scope,
            printable(key.name),
            "all" if key.collections is None else ",".join(key.collections),
            "" if key.rate is None else str(key.rate),
            (key.last_used_at or "never")[:13],
            _state(key),
        )
        for key in keys
    ]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [HEADINGS, *rows]
    )


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "holds" if key.usable else "has run out"
