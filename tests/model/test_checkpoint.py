from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from model import checkpoint
from model.checkpoint import CARD, WEIGHTS, CheckpointError
from model.networks import Architecture, Pivot
from model.text import Tokenizer, network_input


@pytest.fixture(scope="module")
def model() -> Pivot:
    torch.manual_seed(0)
    return Pivot(Architecture(dim=8, image_size=64, buckets=64)).eval()


@pytest.fixture
def folder(model: Pivot, tmp_path: Path) -> Path:
    checkpoint.save(model, tmp_path, "asymmetric", {"epochs": 3}, {"note": "made up"})
    return tmp_path


@torch.inference_mode()
def test_a_checkpoint_comes_back_as_it_was(model: Pivot, folder: Path) -> None:
    loaded, card = checkpoint.load(folder)
    texts = network_input([Tokenizer().read("a dog")])

    assert card.scoring == "asymmetric"
    assert card.architecture == Architecture(dim=8, image_size=64, buckets=64)
    assert card.training == {"epochs": 3}
    assert card.data == {"note": "made up"}
    torch.testing.assert_close(loaded.text(*texts), model.text(*texts), atol=2e-3, rtol=0)  # half floats


def test_equal_weights_have_one_version_and_others_another(
    model: Pivot, folder: Path, tmp_path: Path
) -> None:
    again = checkpoint.save(model, tmp_path / "again", "symmetric", {}, {})
    other = checkpoint.save(
        Pivot(Architecture(dim=8, image_size=64)), tmp_path / "other", "symmetric", {}, {}
    )

    assert again.version == checkpoint.read_card(folder).version
    assert other.version != again.version


@pytest.mark.parametrize("name", [WEIGHTS, CARD])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(CheckpointError, match=name):
        checkpoint.load(folder)


def test_a_flipped_bit_is_noticed(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / WEIGHTS).write_bytes(content)

    with pytest.raises(CheckpointError, match="is not what"):
        checkpoint.load(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": "pivot-1"}'])
def test_a_card_that_is_none_is_an_error(folder: Path, content: str) -> None:
    (folder / CARD).write_text(content)

    with pytest.raises(CheckpointError, match="is not a card"):
        checkpoint.load(folder)


def test_an_unknown_score_is_an_error(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, "scoring": "telepathic"}))

    with pytest.raises(CheckpointError, match="telepathic"):
        checkpoint.load(folder)


def test_weights_of_another_shape_are_an_error(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text())
    card["architecture"]["dim"] = 9
    (folder / CARD).write_text(json.dumps(card))

    with pytest.raises(CheckpointError, match="do not fit"):
        checkpoint.load(folder)
