from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from model.networks import Architecture, Pivot
from model.sentence_encoder import SentenceEncoder
from model.text import Tokenizer, network_input
from model.training import likeness
from model.training.batches import Batches
from model.training.data import Caption, Photos
from model.training.hyperparameters import Hyperparameters
from model.training.likeness import learn_likeness

ENGLISH = [f"a {colour} {thing}" for colour in ("red", "white") for thing in ("dog", "boat", "house", "tree")]
CZECH = [f"{barva} {co}" for barva in ("červený", "bílý") for co in ("pes", "člun", "dům", "strom")]
GERMAN = [f"{farbe} {was}" for farbe in ("rot", "weiß") for was in ("Hund", "Boot", "Haus", "Baum")]


@pytest.fixture
def model() -> Pivot:
    torch.manual_seed(0)
    model = Pivot(Architecture(dim=50, image_size=64, buckets=64, bank=2, likeness=32)).eval()
    model.text.encoder.load_state_dict(SentenceEncoder.from_package().state_dict())
    return model


def learn(model: Pivot, monkeypatch: pytest.MonkeyPatch, together: float) -> None:
    monkeypatch.setattr(likeness, "STEPS", 80)
    monkeypatch.setattr(likeness, "EPOCHS", 1)
    monkeypatch.setattr(likeness, "TOGETHER", together)
    captions = {
        code: [Caption(image, text) for image, text in enumerate(texts)]
        for code, texts in (("en", ENGLISH), ("de", GERMAN), ("cs", CZECH))
    }
    photos = Photos(tuple(Path(f"{image}.jpg") for image in range(len(ENGLISH))), captions)
    settings = Hyperparameters(languages=("en", "de", "cs"), batch=len(ENGLISH))
    learn_likeness(model, Batches([photos], settings))


@torch.no_grad()
def read(model: Pivot, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """How the texts read, and their sentence vectors."""
    tokenizer = Tokenizer()
    ids, mask, *words = network_input([tokenizer.read(text) for text in texts])
    sentences = model.text.encoder(ids, mask)
    assert model.text.likeness is not None
    return model.text.likeness(sentences, model.text.embed(sentences, *words)), sentences


def test_sentences_become_as_alike_as_the_published_encoder_finds_them(
    model: Pivot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def agreement() -> float:
        rows, wanted = read(model, ENGLISH + GERMAN)
        pairs = torch.ones(len(rows), len(rows), dtype=torch.bool).triu(diagonal=1)
        return float(torch.corrcoef(torch.stack([(one @ one.T)[pairs] for one in (rows, wanted)]))[0, 1])

    before, state = agreement(), {name: tensor.clone() for name, tensor in model.state_dict().items()}
    learn(model, monkeypatch, together=0)
    assert before < 0.8 < 0.9 < agreement()
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, state[name])}
    assert changed
    assert all(name.startswith("text.likeness.") for name in changed)


def test_captions_of_one_photo_become_alike_in_a_language_that_the_encoder_does_not_know(
    model: Pivot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> int:
        nearest = (read(model, CZECH)[0] @ read(model, ENGLISH)[0].T).argmax(dim=1)
        return int((nearest == torch.arange(len(CZECH))).sum())

    before = found()
    learn(model, monkeypatch, together=1)
    assert before < len(CZECH) / 2
    assert found() == len(CZECH)
