from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import Settings


def test_the_environment_is_read_under_one_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIVOT_MAX_K", "7")
    monkeypatch.setenv("PIVOT_STORE", "/srv/pivot")
    monkeypatch.setenv("PIVOT_DATA", "names the training data, and is none of the service's business")
    settings = Settings()
    assert (settings.max_k, settings.store) == (7, Path("/srv/pivot"))


def test_values_out_of_range_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIVOT_MAX_K", "0")
    with pytest.raises(ValidationError, match="max_k"):
        Settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 80
