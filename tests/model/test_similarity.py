from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from model import similarity
from model.similarity import asymmetric, score, symmetric


def rows(count: int, seed: int, dim: int = 16) -> Tensor:
    return F.normalize(torch.rand(count, dim, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_scores_by_hand() -> None:
    image, text = torch.tensor([[0.8, 0.6]]), torch.tensor([[0.6, 0.8]])

    assert symmetric(image, text).item() == pytest.approx(0.96)
    assert asymmetric(image, text).item() == pytest.approx(-0.04)


def test_the_order_penalty_forgives_what_the_image_shows_beyond_the_text() -> None:
    image, text = torch.tensor([[0.6, 0.8]]), torch.tensor([[0.6, 0.0]])

    assert asymmetric(image, text).item() == 0
    assert asymmetric(text, image).item() == pytest.approx(-0.64)


def test_both_penalties_together_are_what_the_inner_product_lacks() -> None:
    images, texts = rows(5, seed=1), rows(7, seed=2)

    together = asymmetric(images, texts) + asymmetric(texts, images).T

    torch.testing.assert_close(together, 2 * symmetric(images, texts) - 2)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    images, texts = rows(9, seed=3), rows(4, seed=4)
    whole = asymmetric(images, texts)

    monkeypatch.setattr(similarity, "BLOCK", 2 * texts.numel())

    assert torch.equal(asymmetric(images, texts), whole)


def test_score_chooses_by_name() -> None:
    images, texts = rows(3, seed=5), rows(2, seed=6)

    assert torch.equal(score(images, texts, "symmetric"), symmetric(images, texts))
    assert torch.equal(score(images, texts, "asymmetric"), asymmetric(images, texts))
