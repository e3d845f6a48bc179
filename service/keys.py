"""Keys: who may ask the service for what. They lie in an SQLite file of their own beside the catalog.

The service and the command line may have that file open at once: each opens it for a moment only. As soon as
it holds a key, even one that was revoked or has run out, the service asks for one: losing the last key must
not open the service to all.

A secret is told once, when it is made, and only its hash is kept. It has 256 random bits, so that nobody can
try them all: SHA-256 is enough, where passwords, of which people choose few, would need a slow hash.
"""

import json
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from index.errors import BadCollectionName, translated
from index.migrations import migrate
from index.names import check_collection_name
from index.sql import instant, now, transaction

FILE: Final = "keys.sqlite3"
SECRET_BYTES: Final = 32
SESSION_DAYS: Final = 30
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_SESSIONS: Final = 100  # of one key; the oldest end when there are more

Scope: TypeAlias = Literal["read", "write", "admin"]
SCOPES: Final[tuple[Scope, ...]] = ("read", "write", "admin")  # each may do what those before it may

MIGRATIONS: Final = (
    """
    CREATE TABLE keys (
        id INTEGER PRIMARY KEY AUTOINCREMENT, -- which never gives an id twice
        name TEXT NOT NULL,
        scope TEXT NOT NULL,
        collections TEXT, -- a JSON array; NULL is all
        rate INTEGER, -- requests a minute
        created_at TEXT NOT NULL,
        expires_at TEXT,
        last_used_at TEXT,
        revoked_at TEXT,
        hash TEXT NOT NULL -- SHA-256 of the secret
    ) STRICT;

    CREATE TABLE sessions ( -- of the page: what its cookie holds, in place of the key
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key_id INTEGER NOT NULL REFERENCES keys (id),
        expires_at TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
    """,
)


class NoSuchKey(Exception):  # noqa: N818 -- it says what happened
    def __init__(self, id: int) -> None:
        super().__init__(f"There is no key {id}. Pick one from the list.")
        self.id = id


def _collection_name(name: str) -> str:
    try:
        check_collection_name(name)
    except BadCollectionName as error:
        raise ValueError(str(error).rstrip(".")) from error
    return name


def _as_written(moment: object) -> object:
    """pydantic takes numbers for seconds since 1970."""
    if isinstance(moment, int | float) or (isinstance(moment, str) and not _DATE.match(moment)):
        raise ValueError("Give an instant such as 2027-01-31T00:00Z")
    return moment


def _to_come(moment: datetime) -> datetime:
    if moment <= datetime.now(UTC):
        raise ValueError("This moment is past. Give one to come, or leave it out")
    return moment


class NewKey(BaseModel):
    """What may be chosen of a key."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "kitchen tablet", "scope": "read", "collections": ["holidays"], "rate": 600},
                {"name": "nightly import", "scope": "write"},
            ]
        },
    )

    name: str = Field(min_length=1, max_length=100, description="what people call it")
    scope: Scope = Field(
        description="read: see and search; write: also add, change and delete images; admin: also manage"
        " collections and keys, and check the store"
    )
    collections: list[Annotated[str, AfterValidator(_collection_name)]] | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="names of the only collections that it may see; all where this is left out",
    )
    rate: int | None = Field(
        default=None, strict=True, ge=1, le=1_000_000, description="requests a minute at most"
    )  # strict, or `true` would be 1
    expires_at: Annotated[AwareDatetime, BeforeValidator(_as_written), AfterValidator(_to_come)] | None = (
        Field(
            default=None, description="when it ends, with the offset from UTC; never where this is left out"
        )
    )


class Key(BaseModel):
    """Everything about a key but its secret."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    scope: Scope
    collections: tuple[str, ...] | None = Field(description="the only ones that it may see; null is all")
    rate: int | None = Field(description="requests a minute at most; null is the service's own limit")
    created_at: str = Field(examples=["2026-01-31T12:00:00.123Z"])
    expires_at: str | None
    last_used_at: str | None = Field(description="to the hour; null where it was not used yet")
    revoked_at: str | None

    @property
    def usable(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now())


class Session(NamedTuple):
    key_id: int
    expires_at: str


class Token(NamedTuple):
    """What callers hold: `pvt_ID_SECRET` of a key, `pvs_ID_SECRET` of a session. The id is no secret."""

    kind: Literal["pvt", "pvs"]
    id: int
    secret: str

    @classmethod
    def parsed(cls, text: str) -> "Token | None":
        found = _TOKEN.fullmatch(text)
        return None if found is None else cls(found[1], int(found[2]), found[3])  # type: ignore[arg-type]

    def __str__(self) -> str:
        return f"{self.kind}_{self.id}_{self.secret}"

    @property
    def hash(self) -> str:
        return sha256(self.secret.encode()).hexdigest()


_TOKEN: Final = re.compile(r"(pvt|pvs)_([0-9]{1,18})_([A-Za-z0-9_-]{43})")


class Contents(NamedTuple):
    """All that the file holds, each with the hash of its secret, by id."""

    keys: dict[int, tuple[Key, str]]
    sessions: dict[int, tuple[Session, str]]


class KeyFile:
    """The keys of a store. Every method raises StoreTooNew, StoreDamaged; who writes also StorageFull,
    StorageUnwritable.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> Contents:
        """Nothing at all where there is no file yet."""
        if not (self._folder / FILE).exists():
            return Contents({}, {})
        with self._opened() as connection:
            keys = connection.execute(f"SELECT {_COLUMNS}, hash FROM keys ORDER BY id").fetchall()
            sessions = connection.execute("SELECT id, key_id, expires_at, hash FROM sessions").fetchall()
        return Contents(
            {row[0]: (_key(row[:-1]), row[-1]) for row in keys},
            {row[0]: (Session(*row[1:3]), row[3]) for row in sessions},
        )

    def create(self, new: NewKey) -> tuple[Key, str]:
        """The key, and what its holder has to send, which cannot be told again."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row = (
            new.name,
            new.scope,
            None if new.collections is None else json.dumps(new.collections),
            new.rate,
            now(),
            None if new.expires_at is None else instant(new.expires_at.astimezone(UTC)),
        )
        with self._changing() as connection:
            stored = connection.execute(
                "INSERT INTO keys (name, scope, collections, rate, created_at, expires_at, hash)"
                f" VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS}",
                (*row, Token("pvt", 0, secret).hash),
            ).fetchone()
        key = _key(stored)
        return key, str(Token("pvt", key.id, secret))

    def revoke(self, id: int) -> None:
        """Ends the key and its sessions for good. Raises NoSuchKey, also where it is revoked already."""
        with self._changing() as connection:
            done = connection.execute(
                "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now(), id)
            )
            if not done.rowcount:
                raise NoSuchKey(id)
            connection.execute("DELETE FROM sessions WHERE key_id = ?", (id,))

    def start_session(self, key_id: int) -> str:
        """What a cookie is to hold for SESSION_DAYS."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        expires = instant(datetime.now(UTC) + timedelta(days=SESSION_DAYS))
        with self._changing() as connection:
            connection.execute(
                "DELETE FROM sessions WHERE expires_at < ? OR id IN"
                " (SELECT id FROM sessions WHERE key_id = ? ORDER BY id DESC LIMIT -1 OFFSET ?)",
                (now(), key_id, MAX_SESSIONS - 1),
            )
            done = connection.execute(
                "INSERT INTO sessions (key_id, expires_at, hash) VALUES (?, ?, ?)",
                (key_id, expires, Token("pvs", 0, secret).hash),
            )
            assert done.lastrowid is not None
            return str(Token("pvs", done.lastrowid, secret))

    def end_session(self, id: int) -> None:
        with self._changing() as connection:
            connection.execute("DELETE FROM sessions WHERE id = ?", (id,))

    def used(self, ids: set[int]) -> None:
        """Writes down that these keys were used just now."""
        with self._changing() as connection:
            connection.executemany(
                "UPDATE keys SET last_used_at = ? WHERE id = ?", ((now(), id) for id in ids)
            )

    def copy_to(self, folder: Path) -> None:
        """Makes the keys of `folder` these; for backups, which must not open what was closed."""
        with translated(folder):
            if not (self._folder / FILE).exists():
                (folder / FILE).unlink(missing_ok=True)
                return
            with self._opened() as source, closing(sqlite3.connect(folder / FILE)) as target:
                source.backup(target)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        # No WAL: who only reads should need no space on the disk.
        with translated(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._folder / FILE, isolation_level=None)) as connection:
                connection.execute("PRAGMA foreign_keys = ON")
                migrate(connection, MIGRATIONS)
                yield connection

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._opened() as connection, transaction(connection):
            yield connection


_COLUMNS: Final = ", ".join(Key.model_fields)


def _key(row: tuple[Any, ...]) -> Key:
    values = dict(zip(Key.model_fields, row, strict=True))
    if values["collections"] is not None:
        values["collections"] = tuple(json.loads(values["collections"]))
    return Key(**values)
