from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from model import checkpoint
from model.checkpoint import Card
from model.encoder import Encoder
from model.networks import Architecture, Pivot
from model.training.data import DataError, Photos, open_photo, read_photos
from model.training.hyperparameters import Hyperparameters
from model.training.loss import Described, pivot_loss
from model.training.run import begin, train
from model.training.sources import read_sources
from model.training.start import published, with_ngrams
from model.training.train import beginning, parser, settings_of
from model.training.trainer import Trainer, some_of

SETTINGS = Hyperparameters(epochs=3, batch=4, keywords=0)
TINY = Architecture(dim=16, image_size=64, buckets=64)
WIDE = Architecture(dim=50, image_size=64, buckets=64, bank=3, likeness=32)


def run(colours: Path, out: Path, settings: Hyperparameters = SETTINGS) -> Card:
    out.mkdir(exist_ok=True)
    photos = read_photos(colours, "all", settings.languages)
    torch.manual_seed(settings.seed)
    model = published(TINY)
    return train(model, [photos], out, settings, {"note": "colours"})


def test_training_lowers_the_loss_and_leaves_a_checkpoint(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = run(colours, tmp_path / "out", Hyperparameters(epochs=8, batch=6))

    losses = [float(line.rsplit(" ", 1)[1]) for line in capsys.readouterr().out.splitlines()]
    assert losses[-1] < losses[0] / 2
    assert checkpoint.load(tmp_path / "out")[1].version == card.version
    assert card.data == {"note": "colours"}
    assert card.training["epochs"] == 8


@pytest.mark.parametrize("image_rate", [0.0, 4e-4])
def test_banks_and_likeness_are_learned_from_much_and_those_of_the_start_stay_with_little(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image_rate: float
) -> None:
    monkeypatch.setattr("model.training.likeness.STEPS", 3)
    settings = replace(SETTINGS, epochs=1, image_rate=image_rate)
    photos = read_photos(colours, "all", settings.languages)

    def trained(name: str) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        train(published(WIDE), [photos], tmp_path / name, settings, {})
        return checkpoint.load(tmp_path / name)[0].state_dict()

    torch.manual_seed(0)
    start, kept = published(WIDE).state_dict(), trained("kept")
    monkeypatch.setattr("model.training.run.ENOUGH", 4)
    made = trained("made")
    for name in ("image.hubness.bank", "text.hubness.bank", "text.likeness.head.weight"):
        torch.testing.assert_close(kept[name], start[name], atol=1e-3, rtol=1e-3)
        assert not torch.allclose(made[name], start[name], atol=1e-3)
    assert made["text.hubness.bank"].norm(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-2)


@pytest.mark.parametrize("rates", [(4e-4, 4e-4), (4e-4, 0.0), (0.0, 4e-4), (0.0, 0.0)])
def test_a_stopped_run_ends_in_the_same_weights(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rates: tuple[float, float]
) -> None:
    settings = replace(SETTINGS, image_rate=rates[0], encoder_rate=rates[1])
    monkeypatch.setattr("model.training.run.SAVE_AFTER", 0.0)
    step, steps = Trainer.step, 0

    def stopping(self: Trainer, *arguments: Any) -> float:
        nonlocal steps
        steps += 1
        if steps == 4:  # in the middle of the second epoch
            raise KeyboardInterrupt
        return step(self, *arguments)

    whole = run(colours, tmp_path / "whole", settings)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", stopping)
        with pytest.raises(KeyboardInterrupt):
            run(colours, tmp_path / "stopped", settings)

    assert run(colours, tmp_path / "stopped", settings).version == whole.version


def test_the_seed_decides(colours: Path, tmp_path: Path) -> None:
    first, again, other = (
        run(colours, tmp_path / name, Hyperparameters(epochs=1, batch=4, keywords=0, seed=seed))
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )

    assert first.version == again.version
    assert first.version != other.version


def test_a_folder_with_another_run_is_not_taken(tmp_path: Path) -> None:
    begin(tmp_path, SETTINGS, {"folder": "a"})
    begin(tmp_path, SETTINGS, {"folder": "a"})

    with pytest.raises(DataError, match="holds a run with other"):
        begin(tmp_path, Hyperparameters(seed=7), {"folder": "a"})


def test_the_command_line_sets_hyperparameters() -> None:
    defaults = Hyperparameters(languages=("fr",), epochs=7)

    assert settings_of(parser().parse_args(["--data", "d"]), defaults) == defaults
    options = parser().parse_args(["--data", "d", "--epochs", "3", "--sum", "--margin", "0.2", "--seed", "0"])
    assert settings_of(options, defaults) == Hyperparameters(
        languages=("fr",), epochs=3, temperature=None, margin=0.2
    )


def test_folders_bring_the_languages_that_they_have(colours: Path, tmp_path: Path) -> None:
    english = tmp_path / "english"
    shutil.copytree(colours, english)
    (english / "captions" / "de.tsv").unlink()

    sources = read_sources([colours, english], "all", ["en", "de"])

    assert [list(photos.captions) for photos in sources] == [["en", "de"], ["en"]]
    with pytest.raises(DataError, match="no folder has captions in: fr"):
        read_sources([colours, english], "all", ["en", "fr"])
    with pytest.raises(DataError, match="english has captions in none of: de"):
        read_sources([english, colours], "all", ["de"])


def test_what_is_kept_has_learned(colours: Path, tmp_path: Path) -> None:
    settings = Hyperparameters(epochs=12, batch=6, keywords=0)
    photos = read_photos(colours, "all", settings.languages)
    torch.manual_seed(settings.seed)
    before = loss_on(published(TINY), photos)

    run(colours, tmp_path / "out", settings)

    assert loss_on(checkpoint.load(tmp_path / "out")[0], photos) < before / 2


def loss_on(model: Pivot, photos: Photos) -> float:
    """The loss without dropout and crops."""
    encoder = Encoder(model, Card("", model.architecture, "symmetric", {}, {}))
    images = torch.from_numpy(encoder.embed_images([open_photo(path) for path in photos.paths]))
    captions = photos.captions["de"]
    rows = torch.from_numpy(encoder.embed_texts([caption.text for caption in captions]))
    text = Described(rows, torch.tensor([caption.image for caption in captions]), torch.arange(len(captions)))
    return pivot_loss(images, [text], scoring="symmetric", margin=0.0, temperature=0.03).item()


@pytest.mark.parametrize("rates", [(4e-4, 0.0), (0.0, 4e-4), (0.0, 0.0)])
def test_a_network_without_a_rate_stays_and_the_rest_learns(
    colours: Path, tmp_path: Path, rates: tuple[float, float]
) -> None:
    settings = Hyperparameters(epochs=20, batch=6, keywords=0, image_rate=rates[0], encoder_rate=rates[1])
    photos = read_photos(colours, "all", settings.languages)
    torch.manual_seed(settings.seed)
    before = loss_on(published(TINY), photos)
    start = published(TINY)

    run(colours, tmp_path / "out", settings)

    trained = checkpoint.load(tmp_path / "out")[0]
    for old, new, rate in (
        (start.image.network.head, trained.image.network.head, rates[0]),
        (start.text.encoder, trained.text.encoder, rates[1]),
    ):
        stays = all(  # but for the rounding to half floats, in which a checkpoint is kept
            torch.equal(tensor.half(), dict(old.named_parameters())[name].half())
            for name, tensor in new.named_parameters()
        )
        assert stays == (not rate)
    assert loss_on(trained, photos) < before / 2


def test_a_model_from_before_the_n_grams_gets_some_and_says_the_same(colours: Path) -> None:
    old = published(Architecture(dim=16, image_size=64)).eval()
    photos = read_photos(colours, "all", ["de"])

    new = with_ngrams(old, seed=0)

    assert new.text.ngrams is not None
    assert with_ngrams(new, seed=0) is new
    assert loss_on(new, photos) == pytest.approx(loss_on(old, photos))


@pytest.mark.parametrize(("often", "learns"), [(1, True), (1000, False), (0, False)])
def test_n_grams_that_captions_share_are_learned_or_none(
    colours: Path, tmp_path: Path, often: int, learns: bool
) -> None:
    settings = Hyperparameters(epochs=1, batch=6, keywords=0, image_rate=0, encoder_rate=0, often=often)

    run(colours, tmp_path / "out", settings)

    ngrams = checkpoint.load(tmp_path / "out")[0].text.ngrams
    assert ngrams is not None
    assert bool(ngrams.known.any()) == learns


def test_keywords_take_part(colours: Path, tmp_path: Path) -> None:
    without, sure, unsure = (
        run(colours, tmp_path / str(keywords), Hyperparameters(epochs=1, batch=6, keywords=keywords))
        for keywords in (0.0, 1.1, 0.001)
    )

    assert without.version == sure.version  # nothing is that sure
    assert unsure.version != without.version


def test_likeness_takes_part(colours: Path, tmp_path: Path) -> None:
    without, with_it = (
        run(colours, tmp_path / str(weight), replace(SETTINGS, epochs=1, relational=weight))
        for weight in (0.0, 1.0)
    )

    assert without.version != with_it.version


def test_some_n_grams_are_left_out_of_each_text() -> None:
    torch.manual_seed(0)
    hashes, starts = torch.arange(3000), torch.tensor([0, 1000, 1000])  # the second text has none

    kept, begins = some_of(hashes, starts, 0.25)

    assert 0.7 < len(kept) / len(hashes) < 0.8
    assert begins.tolist() == [0, *2 * [int((kept < 1000).sum())]]
    assert kept.tolist() == sorted(set(kept.tolist()))
    assert all(map(torch.equal, some_of(hashes, starts, 0.0), (hashes, starts)))


def test_the_sentence_encoder_may_be_the_published_one(tmp_path: Path) -> None:
    trained = published(TINY)
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.mul_(1.5)
    checkpoint.save(trained, tmp_path, "symmetric", {}, {})

    own, mixed = (beginning(tmp_path, published_encoder, seed=0) for published_encoder in (False, True))

    fresh = published(TINY).text.encoder
    ((name, parameter),) = list(fresh.named_parameters())[:1]
    assert torch.equal(mixed.text.encoder.get_parameter(name), parameter)
    assert not torch.equal(own.text.encoder.get_parameter(name), parameter)
    assert torch.equal(own.image.head.weight, mixed.image.head.weight)
