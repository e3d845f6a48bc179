from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from benchmarks.paper import order
from model.similarity import asymmetric


@pytest.mark.parametrize("block", [1, 2**18])
def test_scores_and_gradients_are_those_of_autograd(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "BLOCK", block)
    generator = torch.Generator().manual_seed(0)
    images, texts = (
        F.normalize(torch.rand(n, 6, generator=generator), dim=1).requires_grad_() for n in (5, 4)
    )
    weights = torch.randn(5, 4, generator=generator)

    expected, result = asymmetric(images, texts), order.order_score(images, texts)

    torch.testing.assert_close(result, expected)
    for ours, theirs in zip(
        torch.autograd.grad((result * weights).sum(), (images, texts)),
        torch.autograd.grad((expected * weights).sum(), (images, texts)),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)
