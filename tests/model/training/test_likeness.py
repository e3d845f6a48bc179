from __future__ import annotations

import pytest
import torch

from model.networks import Architecture, Pivot
from model.sentence_encoder import SentenceEncoder
from model.text import Tokenizer
from model.training import likeness
from model.training.frozen import vectors
from model.training.likeness import learn_likeness

COLOURS, THINGS = ("red", "green", "blue", "white"), ("dog", "boat", "house", "child", "ball", "tree")


def test_texts_become_as_alike_as_the_published_encoder_finds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "STEPS", 150)
    monkeypatch.setattr(likeness, "BATCH", 24)
    torch.manual_seed(0)
    model = Pivot(Architecture(dim=42, image_size=64, bank=2, likeness=32)).eval()
    published = SentenceEncoder.from_package().eval()
    model.text.encoder.load_state_dict(published.state_dict())
    with torch.no_grad():
        model.text.encoder.pool.weight.add_(0.02 * torch.randn_like(model.text.encoder.pool.weight))
    tokenizer = Tokenizer()
    texts = [tokenizer.read(f"a {colour} {thing}") for colour in COLOURS for thing in THINGS]

    def agreement() -> float:
        assert model.text.likeness is not None
        with torch.no_grad():
            made, wanted = model.text.likeness(vectors(model.text.encoder, texts)), vectors(published, texts)
        pairs = torch.ones(len(texts), len(texts), dtype=torch.bool).triu(diagonal=1)
        return float(torch.corrcoef(torch.stack([(made @ made.T)[pairs], (wanted @ wanted.T)[pairs]]))[0, 1])

    before, state = agreement(), {name: tensor.clone() for name, tensor in model.state_dict().items()}
    learn_likeness(model, texts)
    assert before < 0.8 < 0.95 < agreement()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, state[name]) is not name.startswith("text.likeness.")
