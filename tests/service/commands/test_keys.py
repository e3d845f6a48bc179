"""Commands where keys are asked for."""

from pathlib import Path

import pytest

from service.__main__ import main
from service.keys import KeyFile, NewKey
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
