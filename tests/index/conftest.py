from collections.abc import Iterator
from pathlib import Path

import pytest

from index.gallery import Gallery
from tests.index.samples import DIM, MODEL


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path / "store", dim=DIM, model_version=MODEL) as opened:
        yield opened
