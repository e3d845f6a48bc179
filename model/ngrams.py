"""What the wording itself says: learned vectors of subwords, pairs of them, and four letters at a time.

A sentence vector keeps the gist and blurs the words. These vectors keep colours, numbers and names apart,
learn languages that the sentence encoder does not know, and stand a typo: most letters are still there.
Features share a table by their hash (Joulin et al. 2017), so that no vocabulary has to be kept.

What training never met says nothing, and a text of such features is better judged by its gist. Hence a bit
for each feature that training met: of the others nothing is added, and the fewer are known, the less the
known ones count. Without, a language that no caption was trained on lost more than half of its recall.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from zlib import crc32

import torch
from torch import Tensor, nn

LETTERS = 4
KNOWN_BITS = 2**23  # of hashes: 400,000 known features, which nine languages come to, fill a twentieth


def ngrams(text: str, subwords: Sequence[int]) -> list[int]:
    """The hashes of a text's features; `subwords` are the ids of the text, its begin and end marked.

    By hand, "Rad" with the subwords [1, 17, 2]: the subword 17, the pairs (1, 17) and (17, 2), and of _rad_
    the letters _rad and rad_.
    """
    features = [f"u{id}" for id in subwords[1:-1]]
    features += [f"p{left}.{right}" for left, right in pairwise(subwords)]
    for word in re.findall(r"\w+", text.lower()):
        marked = f"_{word}_"
        features += [
            f"c{marked[start : start + LETTERS]}" for start in range(max(1, len(marked) - LETTERS + 1))
        ]
    return [crc32(feature.encode()) for feature in features]


class Ngrams(nn.Module):
    """Hashes of all texts, one text after the other, and where each begins -> `(n, dim)`, 0 without any."""

    def __init__(self, buckets: int, width: int, dim: int) -> None:
        super().__init__()
        # Sparse gradients: a batch touches a small part of the table.
        self.table = nn.EmbeddingBag(buckets, width, mode="sum", sparse=True)
        nn.init.normal_(self.table.weight, std=0.05)
        self.head = nn.Linear(width, dim, bias=False)
        self.register_buffer("known", torch.zeros(KNOWN_BITS // 8, dtype=torch.uint8))
        self.known: Tensor

    def forward(self, hashes: Tensor, starts: Tensor) -> Tensor:
        known = self.knows(hashes)
        before = torch.cat([torch.zeros(1, dtype=torch.int64), known.cumsum(0)])  # known ones ahead of each
        ends = torch.cat([starts[1:], torch.tensor([len(hashes)])])
        total, of_them = (ends - starts).clamp(min=1), before[ends] - before[starts]
        summed = self.table(hashes[known] % self.table.num_embeddings, before[starts])
        summed = summed.float()  # the service keeps the table in half floats
        weight = (of_them / total).square() / total.sqrt()
        rows: Tensor = self.head(summed * weight[:, None])
        return rows

    def knows(self, hashes: Tensor) -> Tensor:
        """`(n,) int64` -> `(n,) bool`."""
        bit = hashes % KNOWN_BITS
        return (self.known[bit // 8] >> (bit % 8) & 1).bool()

    def learn(self, texts: Iterable[Sequence[int]], often: int) -> None:
        """Features that `often` texts or more have are known from now on; in one it may be a slip."""
        met = Counter(hash for text in texts for hash in set(text))
        for hash, times in met.items():
            if times >= often:
                bit = hash % KNOWN_BITS
                self.known[bit // 8] |= 1 << bit % 8
