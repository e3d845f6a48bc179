"""Commands where keys are asked for, and those that manage them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.__main__ import main
from service.keys import KeyFile, NewKey, Token
from tests.fakes import ColourEncoder
from tests.service.pictures import RED, plain
from tests.service.serving import serving


def run(*words: str) -> int:
    return main(words, lambda _: ColourEncoder())


def test_a_service_asks_for_a_key_and_takes_it_as_an_option_or_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, secret = KeyFile(tmp_path).create(NewKey(name="reader", scope="read"))
    with serving(tmp_path) as service:
        asked = ("collections", "list", "--server", str(service.client.base_url))
        monkeypatch.delenv("PIVOT_KEY", raising=False)
        assert run(*asked) == 1
        assert "key" in capsys.readouterr().err
        assert run(*asked, "--key", secret) == 0
        assert "default" in capsys.readouterr().out
        monkeypatch.setenv("PIVOT_KEY", secret)
        assert run(*asked) == 0
        assert run("collections", "create", "new", *asked[2:]) == 1
        assert "scope" in capsys.readouterr().err


def test_who_works_on_a_data_folder_needs_no_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    KeyFile(tmp_path / "store").create(NewKey(name="reader", scope="read"))
    (tmp_path / "rose.png").write_bytes(plain(RED))
    store = ("--store", str(tmp_path / "store"))
    assert run("upload", str(tmp_path / "rose.png"), "--collection", "new", *store) == 0
    assert run("search", "rot", "--collection", "new", *store) == 0
    assert "rose.png" in capsys.readouterr().out


def test_a_backup_asks_for_the_keys_that_its_store_asks_for(tmp_path: Path) -> None:
    store, target = tmp_path / "store", tmp_path / "backup"
    (tmp_path / "rose.png").write_bytes(plain(RED))
    assert run("upload", str(tmp_path / "rose.png"), "--store", str(store)) == 0
    _, secret = KeyFile(store).create(NewKey(name="reader", scope="read"))
    assert run("backup", str(target), "--store", str(store)) == 0
    with serving(target) as service:
        asked = ("collections", "list", "--server", str(service.client.base_url))
        assert (run(*asked), run(*asked, "--key", secret)) == (1, 0)


@dataclass(frozen=True)
class Managed:
    """A data folder whose keys are managed in one of the two ways."""

    store: Path
    where: tuple[str, ...]
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[int, str, str]:
        code = run("keys", *words, *self.where)
        return code, *self.capsys.readouterr()


@pytest.fixture(params=["folder", "server"])
def managed(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Managed]:
    """With one key, which manages keys."""
    _, secret = KeyFile(tmp_path).create(NewKey(name="mine", scope="admin"))
    if request.param == "folder":
        yield Managed(tmp_path, ("--store", str(tmp_path)), capsys)
        return
    monkeypatch.setenv("PIVOT_KEY", secret)
    with serving(tmp_path) as service:
        yield Managed(tmp_path, ("--server", str(service.client.base_url)), capsys)


def test_a_key_is_made_listed_and_revoked_in_either_place(managed: Managed) -> None:
    limits = ("--collection", "trips", "--rate", "60", "--expires", "2927-01-31T01:00+01:00")
    code, told, _ = managed.run("create", "kitchen\x1btablet", *limits)
    first, secret, last = told.splitlines()
    assert (code, first.startswith("Key 2, scope read. Keep the next line")) == (0, True)
    assert Token.parsed(secret) is not None
    assert last.startswith("From now on the service asks for a key")
    made = KeyFile(managed.store).read().keys[2][0]
    assert (made.name, made.collections, made.rate) == ("kitchen\x1btablet", ("trips",), 60)
    assert made.expires_at == "2927-01-31T00:00:00.000Z"
    assert managed.run("revoke", "2")[:2] == (
        0,
        "Key 2 is revoked; a running service refuses it within seconds.\n",
    )
    rows = [re.split(" {2,}", line) for line in managed.run("list")[1].splitlines()]
    assert [(row[0], row[-1]) for row in rows] == [("id", "state"), ("1", "holds"), ("2", "revoked")]
    assert "kitchen\N{REPLACEMENT CHARACTER}tablet" in rows[2]
    assert managed.run("revoke", "2") == (1, "", "There is no key 2 that holds. See `keys list`.\n")
    assert managed.run("revoke", str(2**64))[0] == 1


def test_programs_read_keys_as_the_api_tells_them(managed: Managed) -> None:
    made = json.loads(managed.run("create", "phone", "--json")[1])
    assert (made["id"], Token.parsed(made.pop("secret")) is not None) == (2, True)
    page = json.loads(managed.run("list", "--json")[1])
    assert [key["name"] for key in page["keys"]] == ["mine", "phone"]
    assert (page["keys"][1], page["next_cursor"]) == (made, None)


def test_what_a_new_key_may_not_have_is_named_by_its_option(managed: Managed) -> None:
    wrong = ("--collection", "No Name", "--rate", "0", "--expires", "2020-01-01T00:00Z")
    code, _, told = managed.run("create", "", *wrong)
    assert code == 1
    assert [line.split(" is ")[0] for line in told.splitlines()] == [
        "NAME", "--collection", "--rate", "--expires"
    ]  # fmt: skip
    assert "Value error" not in told
    assert len(KeyFile(managed.store).read().keys) == 1


def test_the_last_key_that_manages_keys_is_revoked_only_where_that_is_said(managed: Managed) -> None:
    for narrowed in (("reader",), ("half", "--scope", "admin", "--collection", "trips")):
        assert managed.run("create", *narrowed)[0] == 0
    code, _, told = managed.run("revoke", "1")
    assert (code, told.startswith("Key 1 is the last that may manage keys")) == (1, True)
    assert managed.run("revoke", "2")[0] == 0
    assert managed.run("create", "other", "--scope", "admin")[0] == 0
    assert managed.run("revoke", "4")[0] == 0
    assert managed.run("revoke", "1", "--even-last")[0] == 0
    assert [key.revoked_at is None for key, _ in KeyFile(managed.store).read().keys.values()] == [
        False, False, True, False
    ]  # fmt: skip


def test_who_has_no_key_for_keys_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PIVOT_KEY", raising=False)
    _, secret = KeyFile(tmp_path).create(NewKey(name="reader", scope="read"))
    with serving(tmp_path) as service:
        asked = ("keys", "list", "--server", str(service.client.base_url))
        assert run(*asked) == 1
        assert capsys.readouterr().err.endswith("Commands take one from --key or PIVOT_KEY.\n")
        assert run(*asked, "--key", secret) == 1
        assert "scope admin" in capsys.readouterr().err


def test_the_first_key_that_is_made_through_a_service_manages_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PIVOT_KEY", raising=False)
    with serving(tmp_path) as service:
        where = ("--server", str(service.client.base_url))
        assert run("keys", "list", *where) == 0
        assert capsys.readouterr().out.startswith("There are no keys")
        assert run("keys", "create", "reader", *where) == 1
        assert "--scope admin" in capsys.readouterr().err
        assert run("keys", "create", "half", "--scope", "admin", "--collection", "trips", *where) == 1
        assert run("keys", "create", "mine", "--scope", "admin", *where) == 0
        capsys.readouterr()
        assert run("keys", "list", *where) == 1
    assert [key.name for key, _ in KeyFile(tmp_path).read().keys.values()] == ["mine"]
