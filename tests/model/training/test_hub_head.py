from __future__ import annotations

from pathlib import Path

import pytest
import torch

from model.checkpoint import CheckpointError
from model.load import load
from model.training.data import DataError, open_photo, read_photos
from model.training.hub_head import HeadSettings, _of_photos, embedded, parser, run, train
from model.training.loss import Described
from tests.tiny_hub import tiny_clip


def test_a_head_is_trained_and_finds_what_its_model_did_not(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = tiny_clip(tmp_path / "clip"), tmp_path / "head"
    words = ["--model", str(model), "--data", str(colours), "--out", str(out), "--split", "all"]

    card = run(parser().parse_args([*words, "--epochs", "200", "--dim", "32"]))

    losses = [float(line.rsplit(" ", 1)[1]) for line in capsys.readouterr().out.splitlines()]
    assert losses[-1] < losses[0] / 2
    encoder = load(str(out))
    assert encoder.version == f"{card.model_version}-{card.version}"
    photos = read_photos(colours, "all", ["de"])
    images = encoder.embed_images([open_photo(path) for path in photos.paths])
    captions = photos.captions["de"]
    texts = encoder.embed_texts([caption.text for caption in captions], ["de"] * len(captions))
    found = (texts @ images.T).argmax(axis=1)
    assert found.tolist() == [caption.image for caption in captions]


def test_the_seed_decides(colours: Path, tmp_path: Path) -> None:
    encoder = load(f"hub:{tiny_clip(tmp_path / 'clip')}")
    sources = [embedded(encoder, read_photos(colours, "all", ["en", "de"]))]  # type: ignore[arg-type]
    first, again, other = (
        train(sources, HeadSettings(epochs=2, dim=8, seed=seed)).image.weight for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_captions_are_drawn_of_the_photos_that_have_any() -> None:
    text = Described(torch.arange(4.0)[:, None], torch.tensor([0, 0, 2, 3]), torch.tensor([0, 1, 2, 0]))
    drawn = _of_photos(text, torch.tensor([3, 1, 0]))
    assert drawn.owners.tolist() == [0, 2]
    assert drawn.rows[0].item() == 3
    assert drawn.rows[1].item() in (0, 1)
    assert drawn.wordings[0].item() == 0


def test_what_is_missing_is_told(colours: Path, tmp_path: Path) -> None:
    words = ["--data", str(colours), "--out", str(tmp_path / "out"), "--split", "all"]
    with pytest.raises(DataError, match=r"fr\.tsv is missing"):
        run(parser().parse_args([*words, "--model", "x", "--languages", "fr"]))
    with pytest.raises(CheckpointError, match="no safetensors"):
        run(parser().parse_args([*words, "--model", str(tmp_path)]))
