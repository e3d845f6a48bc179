from dataclasses import replace
from typing import Any

import pytest

from index.errors import BadValue
from index.records import SearchOptions
from tests.index.samples import sample


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sha256": "../../etc/passwd"}, "sha256"),
        ({"sha256": "AB" * 32}, "sha256"),
        ({"sha256": "ag" * 32}, "sha256"),
        ({"sha256": "ab" * 32 + "\n"}, "sha256"),
        ({"filename": "lone \ud800 surrogate.jpg"}, "filename"),
        ({"metadata": {"f-number": float("nan")}}, "metadata"),
        ({"metadata": {"taken": object()}}, "metadata"),
    ],
)
def test_image_that_could_not_be_stored_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadValue, match=field) as caught:
        replace(sample("any"), **changes)
    assert caught.value.field == field


def test_search_for_or_among_fewer_than_one_image_is_refused() -> None:
    with pytest.raises(BadValue, match="`k` is 0; it must be at least 1"):
        SearchOptions(k=0)
    with pytest.raises(BadValue, match="`candidates` is -1; it must be at least 1"):
        SearchOptions(candidates=-1)
    with pytest.raises(BadValue, match="`min_score` is no number"):
        SearchOptions(min_score=float("nan"))
