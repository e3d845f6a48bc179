"""`keys create`, `list` and `revoke`: in a data folder, also beside a running service, or through one."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import argparse
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from pydantic import ValidationError

from index.sql import now
from service import keys as stored
from service.client.documents.keys import Key, KeyPage, NewKey, Scope
from service.commands.columns import columns
from service.commands.errors import CommandError
from service.commands.printable import printable

HEADINGS: Final = ("id", "scope", "name", "collections", "rate", "last used", "state")
OPTIONS: Final = {
    "name": "NAME",
    "collections": "--collection",
    "rate": "--rate",
    "expires_at": "--expires",
}


class Keys(Protocol):
    """Where keys are managed. A client of a running service is one such place, a data folder another."""

    def each_key(self) -> Iterable[Key]:
        """All, with those that were revoked or have run out."""

    def create_key(
        self,
        name: str,
        *,
        scope: Scope,
        collections: Sequence[str] | None = None,
        rate: int | None = None,
        expires_at: datetime | None = None,
    ) -> NewKey:
        """A new key, with its secret."""

    def revoke_key(self, id: int) -> None:
        """Ends one for good."""


class KeyUnusable(CommandError):
    """What was asked for of a new key does not go."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__("\n".join(_told(**one) for one in error.errors()))


class NoKey(CommandError):
    def __init__(self, id: int) -> None:
        super().__init__(f"There is no key {id} that holds. See `keys list`.")
        self.id = id


class LastManager(CommandError):
    def __init__(self, id: int) -> None:
        super().__init__(
            f"Key {id} is the last that may manage keys; without it, that is done on the service's machine"
            " only, with --store. Make another with `keys create NAME --scope admin` first, or say"
            " --even-last."
        )
        self.id = id


class FirstManagesNone(CommandError):
    """Of all keys the first, it would lock out whoever makes it."""

    def __init__(self) -> None:
        super().__init__(
            "With its first key the service is closed to all others, and this one may not manage keys."
            " Make one with `keys create NAME --scope admin` first."
        )


class KeyFolder:
    """The keys of a data folder. All methods raise what `KeyFile` raises."""

    def __init__(self, store: Path) -> None:
        self._file = stored.KeyFile(store)

    def each_key(self) -> Iterator[Key]:
        return (Key(**key.model_dump()) for key, _ in self._file.read().keys.values())

    def create_key(
        self,
        name: str,
        *,
        scope: Scope,
        collections: Sequence[str] | None = None,
        rate: int | None = None,
        expires_at: datetime | None = None,
    ) -> NewKey:
        names = None if collections is None else list(collections)
        new = stored.NewKey(name=name, scope=scope, collections=names, rate=rate, expires_at=expires_at)
        key, secret = self._file.create(new)
        return NewKey(**key.model_dump(), secret=secret)

    def revoke_key(self, id: int) -> None:
        """Raises NoKey."""
        try:
            self._file.revoke(id)
        except stored.NoSuchKey as error:
            raise NoKey(id) from error


def manage(keys: Keys, options: argparse.Namespace) -> str:
    """What was done, for people, or as the HTTP API tells it. Raises CommandError and what `keys` raises."""
    match options.action:
        case "create":
            made = _create(keys, options)
            return made.model_dump_json(indent=2) if options.json else _made(made, options.server)
        case "revoke":
            _revoke(keys, options.id, even_last=options.even_last)
            return f"Key {options.id} is revoked; a running service refuses it within seconds."
        case _:
            found = list(keys.each_key())
            page = KeyPage(keys=found, next_cursor=None)
            return page.model_dump_json(indent=2) if options.json else _table(found)


def _create(keys: Keys, options: argparse.Namespace) -> NewKey:
    """Raises KeyUnusable, FirstManagesNone."""
    try:
        new = stored.NewKey(
            name=options.name,
            scope=options.scope,
            collections=options.collection,
            rate=options.rate,
            expires_at=options.expires,
        )
    except ValidationError as error:
        raise KeyUnusable(error) from error
    manages = new.scope == "admin" and new.collections is None
    if options.server is not None and not manages and next(iter(keys.each_key()), None) is None:
        raise FirstManagesNone
    return keys.create_key(**dict(new))


def _revoke(keys: Keys, id: int, *, even_last: bool) -> None:
    """Raises NoKey, LastManager."""
    holding = {key.id: key for key in keys.each_key() if key.revoked_at is None}
    if id not in holding:
        raise NoKey(id)
    managing = [key.id for key in holding.values() if _manages(key)]
    if managing == [id] and not even_last:
        raise LastManager(id)
    keys.revoke_key(id)


def _told(loc: Sequence[object], input: object, msg: str, **_: object) -> str:
    """What is wrong with an option, of what pydantic says of it."""
    return f"{OPTIONS[str(loc[0])]} is {input!r}: {msg.removeprefix('Value error, ')}."


def _made(key: NewKey, server: str | None) -> str:
    closed = (
        "the service asks for a key" if server else "the service asks for a key, also where it runs already"
    )
    return (
        f"Key {key.id}, scope {key.scope}. Keep the next line: it is told this once.\n{key.secret}\n"
        f"From now on {closed}."
    )


def _table(keys: Sequence[Key]) -> str:
    if not keys:
        return "There are no keys: whoever reaches the service may do everything."
    return columns([HEADINGS, *map(_row, keys)])


def _row(key: Key) -> tuple[str, ...]:
    return (
        str(key.id),
        key.scope,
        printable(key.name),
        "all" if key.collections is None else ",".join(key.collections),
        "" if key.rate is None else str(key.rate),
        (key.last_used_at or "never")[:13],
        _state(key),
    )


def _manages(key: Key) -> bool:
    """Whether its holder may manage keys."""
    return key.scope == "admin" and key.collections is None and _state(key) == "holds"


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "holds" if key.expires_at is None or key.expires_at > now() else "has run out"
