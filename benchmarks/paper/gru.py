"""A gated recurrent unit over words, made for training on a CPU.

Cho et al. 2014, as torch.nn.GRU computes it; with the word x, the state h and * by components:

    r = sigmoid(W_r x + U_r h)      z = sigmoid(W_z x + U_z h)      n = tanh(W_n x + r * (U_n h))
    the next h = (1 - z) * n + z * h                                (biases left out here)

torch.nn.GRU would add up the gradient of U word by word, and project every occurrence of a word. Here the
gradient is one product over all words, each distinct word of a batch is projected once, sentences that have
ended are not computed on, and the products run in bfloat16 if asked to: together several times as fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Gru(nn.Module):
    """Sentences of word numbers -> the state after their last words."""

    def __init__(self, vocabulary: int, word: int, dim: int, precision: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.table = nn.Embedding(vocabulary, word)
        self.inputs = nn.Linear(word, 3 * dim)  # r, z, n, as torch.nn.GRU orders them
        self.states = nn.Linear(dim, 3 * dim)
        self.precision = precision
        nn.init.uniform_(self.table.weight, -0.1, 0.1)
        nn.init.xavier_uniform_(self.inputs.weight)
        for gate in self.states.weight.chunk(3):
            nn.init.orthogonal_(gate)
        nn.init.zeros_(self.inputs.bias)
        nn.init.zeros_(self.states.bias)

    def forward(self, sentences: Sequence[Sequence[int]]) -> Tensor:
        """n sentences of at least one word -> `(n, dim)`."""
        order = sorted(range(len(sentences)), key=lambda row: -len(sentences[row]))
        words, sizes = packed([sentences[row] for row in order])
        distinct, places = torch.unique(words, return_inverse=True)
        weight = self.inputs.weight.to(self.precision)
        projected = F.linear(self.table(distinct).to(self.precision), weight).float() + self.inputs.bias
        inputs = F.embedding(places, projected)  # its gradient adds up rows faster than that of indexing
        states: Tensor = _Recurrence.apply(  # type: ignore[no-untyped-call]
            inputs, self.states.weight, self.states.bias, sizes, self.precision
        )
        return states[torch.tensor(order).argsort()]


def packed(sentences: Sequence[Sequence[int]]) -> tuple[Tensor, list[int]]:
    """Sentences, the longest first -> their first words, their second words, and so on; how many of each.

    By hand: (1, 2, 3), (4, 5), (6,) -> 1, 4, 6, 2, 5, 3 and 3, 2, 1.
    """
    sizes = [sum(len(sentence) > place for sentence in sentences) for place in range(len(sentences[0]))]
    return torch.tensor([s[place] for place, size in enumerate(sizes) for s in sentences[:size]]), sizes


class _Recurrence(torch.autograd.Function):
    """Projected words `(words, 3 dim)`, packed, U `(3 dim, dim)` and its bias -> last states `(n, dim)`."""

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor, sizes: list[int], precision: torch.dtype
    ) -> Tensor:
        dim = weight.shape[1]
        across = weight.to(precision).T
        state = torch.zeros(sizes[0], dim)
        before, gates = torch.empty(len(inputs), dim), torch.empty(len(inputs), 3 * dim)
        kept = torch.empty(len(inputs), dim)  # U_n h
        for rows in _steps(sizes):
            h = state[: rows.stop - rows.start]
            before[rows] = h
            own = (h.to(precision) @ across).float().add_(bias) if rows.start else bias.expand(len(h), -1)
            kept[rows] = own[:, 2 * dim :]
            gate, given = gates[rows], inputs[rows]
            torch.add(given[:, : 2 * dim], own[:, : 2 * dim], out=gate[:, : 2 * dim]).sigmoid_()
            r, z, n = gate.chunk(3, dim=1)
            torch.addcmul(given[:, 2 * dim :], r, kept[rows], out=n)
            n.mul_(2).sigmoid_().mul_(2).sub_(1)  # tanh, in a fifth of the time of torch.tanh
            torch.lerp(n, h, z, out=h)
        ctx.save_for_backward(weight, before, gates, kept)
        ctx.sizes, ctx.precision = sizes, precision
        return state

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, before, gates, kept = ctx.saved_tensors
        dim, precision = weight.shape[1], ctx.precision
        across = weight.to(precision)
        gradient = gradients[0].clone()  # of the states after the step at hand
        to_inputs, to_own = torch.empty_like(gates), torch.empty_like(gates)
        for rows in reversed(_steps(ctx.sizes)):
            dh = gradient[: rows.stop - rows.start]
            r, z, n = gates[rows].chunk(3, dim=1)
            dn = dh * (1 - z) * (1 - n * n)
            to_inputs[rows, :dim] = dn * kept[rows] * r * (1 - r)
            to_inputs[rows, dim : 2 * dim] = dh * (before[rows] - n) * z * (1 - z)
            to_inputs[rows, 2 * dim :] = dn
            to_own[rows, : 2 * dim] = to_inputs[rows, : 2 * dim]
            torch.mul(dn, r, out=to_own[rows, 2 * dim :])
            dh.mul_(z)
            if rows.start:
                dh.add_(to_own[rows].to(precision) @ across)
        to_weight = (to_own.to(precision).T @ before.to(precision)).float()
        return to_inputs, to_weight, to_own.sum(dim=0), None, None


def _steps(sizes: Sequence[int]) -> list[slice]:
    """The rows of each place in the sentences."""
    ends = torch.tensor(sizes).cumsum(0).tolist()
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
