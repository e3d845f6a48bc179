import pytest

from index.errors import BadCursor
from service.cursors import cursor_after, id_before


@pytest.mark.parametrize("id", [1, 255, 2**63 - 1])
def test_a_cursor_comes_back_as_its_id(id: int) -> None:
    assert id_before(cursor_after(id)) == id


@pytest.mark.parametrize(
    "cursor", ["", "1", "é", "====", "YQ==", "\0", "9" * 9000, "!!!!MQ==", "MV8w", "KzE="]
)
def test_other_text_is_no_cursor(cursor: str) -> None:
    with pytest.raises(BadCursor):
        id_before(cursor)
