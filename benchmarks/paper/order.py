"""The asymmetric score of `model.similarity` with a gradient that needs little memory.

Autograd would keep every max(0, s - v), `n m dim` numbers, and memory is slow: several times slower than
computing them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

BLOCK = 2**18  # numbers at a time: 1 MB stays in the cache


def order_score(images: Tensor, texts: Tensor) -> Tensor:
    """`(n, dim)` images, `(m, dim)` texts -> `(n, m)` negated order penalties, -||max(0, s - v)||^2."""
    scores: Tensor = _Order.apply(images, texts)  # type: ignore[no-untyped-call]
    return scores


class _Order(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, texts: Tensor) -> Tensor:
        ctx.save_for_backward(images, texts)
        scores = torch.empty(len(images), len(texts))
        for rows, excess in _excess(images, texts):
            scores[rows] = torch.linalg.vector_norm(excess, dim=2).square_().neg_()
        return scores

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        images, texts = ctx.saved_tensors
        to_images, to_texts = torch.empty_like(images), torch.zeros_like(texts)
        for rows, excess in _excess(images, texts):
            excess.mul_(2 * gradients[0][rows, :, None])
            to_images[rows] = excess.sum(dim=1)
            to_texts.sub_(excess.sum(dim=0))
        return to_images, to_texts


def _excess(images: Tensor, texts: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """max(0, s - v) of a few images at a time, `(few, m, dim)`; the next overwrites the one before."""
    few = max(1, BLOCK // texts.numel())
    room = torch.empty(few, *texts.shape)
    for start in range(0, len(images), few):
        rows = slice(start, min(start + few, len(images)))
        block = images[rows, None]
        yield rows, torch.sub(texts[None], block, out=room[: len(block)]).clamp_(min=0)
