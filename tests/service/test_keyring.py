"""What a running service knows of keys, without a service."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.errors import StoreDamaged
from index.sql import instant
from service import keys
from service.access import KeyUnknown, RateLimited
from service.keyring import FAILURES, Keyring
from service.keys import FILE, SESSION_DAYS, KeyFile, NewKey, Token


def token_in(text: str) -> Token:
    token = Token.parsed(text)
    assert token is not None
    return token


def in_days(days: int) -> str:
    return instant(datetime.now(UTC) + timedelta(days=days))


def test_a_key_ends_at_its_time_and_its_sessions_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = KeyFile(tmp_path)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    key, secret = file.create(NewKey(name="a", scope="read", expires_at=tomorrow))
    session = token_in(file.start_session(key.id))
    ring = Keyring(file)
    assert ring.admitted(secret, "::1") == ring.key_of(session) == key
    monkeypatch.setattr("service.keys.now", lambda: in_days(2))
    with pytest.raises(KeyUnknown):
        ring.admitted(secret, "::1")
    assert ring.key_of(session) is None


def test_a_session_ends_after_a_month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = KeyFile(tmp_path)
    key, _ = file.create(NewKey(name="a", scope="read"))
    session = token_in(file.start_session(key.id))
    ring = Keyring(file)
    monkeypatch.setattr("service.keyring.now", lambda: in_days(SESSION_DAYS - 1))
    assert ring.key_of(session) == key
    monkeypatch.setattr("service.keyring.now", lambda: in_days(SESSION_DAYS + 1))
    assert ring.key_of(session) is None


def test_a_session_is_no_key_and_ends_with_it(tmp_path: Path) -> None:
    file = KeyFile(tmp_path)
    key, _ = file.create(NewKey(name="a", scope="read"))
    session = file.start_session(key.id)
    ring = Keyring(file)
    with pytest.raises(KeyUnknown):
        ring.admitted(session, "::1")
    file.revoke(key.id)
    assert file.read().sessions == {}


def test_a_key_has_so_many_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_SESSIONS", 2)
    file = KeyFile(tmp_path)
    ids = [file.create(NewKey(name=name, scope="read"))[0].id for name in "ab"]
    kept = [file.start_session(id) for id in (ids[0], ids[1], ids[1], ids[1])]
    assert list(file.read().sessions) == [token_in(kept[n]).id for n in (0, 2, 3)]


def test_wrong_keys_count_by_address_and_by_half_an_address_of_ipv6(tmp_path: Path) -> None:
    ring = Keyring(KeyFile(tmp_path))

    def wrong(address: str) -> type[Exception]:
        with pytest.raises((KeyUnknown, RateLimited)) as raised:
            ring.admitted("pvt_1_wrong", address)
        return raised.type

    assert {wrong(f"2001:db8::{n:x}") for n in range(FAILURES)} == {KeyUnknown}
    assert wrong("2001:db8::ffff") is RateLimited
    assert wrong("2001:db8:0:1::1") is KeyUnknown
    assert {wrong("10.0.0.1") for _ in range(FAILURES)} == {KeyUnknown}
    assert (wrong("10.0.0.1"), wrong("10.0.0.2")) == (RateLimited, KeyUnknown)


def test_when_a_key_was_used_is_written_down(tmp_path: Path) -> None:
    file = KeyFile(tmp_path)
    _, secret = file.create(NewKey(name="a", scope="read"))
    ring = Keyring(file)
    ring.admitted(secret, "::1")
    ring.refresh()
    (key,) = ring.all()
    assert key.last_used_at is not None


def test_while_the_file_cannot_be_read_nobody_gets_in(tmp_path: Path) -> None:
    KeyFile(tmp_path).create(NewKey(name="a", scope="read"))
    times = iter((0.0, 2.0, 2.0, 2.0, 2.1, 2.1, 2.1))
    ring = Keyring(KeyFile(tmp_path), lambda: next(times))
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    for _ in range(2):
        with pytest.raises(StoreDamaged):
            asyncio.run(ring.keep_up())
