"""The service over a public model, signed vectors and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.__main__ import compose, trained_encoder
from service.commands.errors import CheckpointUnusable
from service.questions import Ranking
from service.settings import Settings
from service.uploads import Upload
from tests.service.pictures import BLUE, RED, plain
from tests.tiny_hub import WIDTH, tiny_clip


def test_photos_are_found_with_a_public_model(tmp_path: Path) -> None:
    model = tiny_clip(tmp_path / "clip")
    settings = Settings(checkpoint=f"hub:{model}", store=tmp_path / "store", decode_workers=1)
    with compose(settings, trained_encoder) as library:
        uploads = []
        for name, colour in (("red.png", RED), ("blue.png", BLUE)):
            (tmp_path / name).write_bytes(plain(colour))
            uploads.append(Upload.from_path(tmp_path / name))
        red, _ = library.add("default", uploads)
        assert library.encoder.dim == WIDTH

        answer = library.search_text("default", "ein roter Hund")
        assert (len(answer.hits), answer.scoring) == (2, "symmetric")
        assert answer.model == library.encoder.version
        assert answer.hits[0].symmetric >= answer.hits[1].symmetric

        asked = library.search_text("default", "ein roter Hund", ranking=Ranking(scoring="asymmetric"))
        assert asked.hits[0].asymmetric >= asked.hits[1].asymmetric

        assert red.record is not None
        like = library.search_image("default", Upload.from_path(tmp_path / "red.png"))
        assert like.hits[0].record.id == red.record.id
        assert like.hits[0].symmetric == pytest.approx(1, abs=1e-5)


def test_a_public_model_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointUnusable, match=r"no safetensors.*PIVOT_CHECKPOINT names it"):
        trained_encoder(Settings(checkpoint=f"hub:{tmp_path}"))
