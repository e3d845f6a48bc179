import pytest

from service.bad_requests import BadMetadata
from service.forms import metadata_of


def test_one_object_holds_for_all_files() -> None:
    assert metadata_of('{"album": "sea", "stars": 3}', 2) == [{"album": "sea", "stars": 3}] * 2


def test_an_array_has_one_object_for_each_file() -> None:
    assert metadata_of('[{"a": [1, null]}, {}]', 2) == [{"a": [1, None]}, {}]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "[{}, {}, {}]",
        "3",
        '{"a": NaN}',
        '[{"a": 1e999}, {}]',
        '{"a": "\\ud800"}',
        '{"\\udfff": 1}',
        '{"a": "' + "x" * 70_000 + '"}',
        '{"a":' * 10_000 + "1" + "}" * 10_000,
    ],
)
def test_metadata_that_could_not_be_stored_or_sent_is_refused(text: str) -> None:
    with pytest.raises(BadMetadata):
        metadata_of(text, 2)
