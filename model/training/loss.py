"""The pairwise ranking losses of image pivoting (Gella et al. 2017, equations 3 to 5).

For a caption c and its image v, every other image v' and every other image's caption c' in the batch
should score worse by a margin:

    sum over (c, v):  sum over v'  max(0, margin - S(v, c) + S(v', c))
                    + sum over c'  max(0, margin - S(v, c) + S(v, c'))

PIVOT adds this up over the languages. No caption is ever compared with one of another language: what
brings the languages together is that they rank the same images.

PARALLEL (equation 5) adds the same hinge between captions c1 and c2, in two languages, of one image:

    sum over (c1, c2):  sum over c1'  max(0, margin - S(c1, c2) + S(c1', c2))
                      + sum over c2'  max(0, margin - S(c1, c2) + S(c1, c2'))

With a temperature t, the sum of hinges over the negatives becomes their smooth maximum,
t * log(1 + sum exp((margin - S + S') / t)): the easy negatives, which are most of them, no longer drown
the few that matter. As t goes to 0 it is the hinge of the hardest negative alone (Faghri et al. 2018), and
without a margin it is the contrastive loss of CLIP (Radford et al. 2021).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from model.similarity import Scoring, score

NEVER = -1e9  # finite, so that a caption without negatives has the gradient 0 and not NaN


@dataclass(frozen=True)
class Described:
    """Captions of one language. Equal wordings have equal numbers: each fits the other's image, too."""

    rows: Tensor  # (m, dim)
    owners: Tensor  # (m,) int64: the row of each caption's image
    wordings: Tensor  # (m,) int64, from 0 on


def pivot_loss(
    images: Tensor,
    texts: Iterable[Described],
    *,
    scoring: Scoring,
    margin: float,
    temperature: float | None = None,
) -> Tensor:
    """The sum over languages of `ranking_loss`, a scalar; images `(n, dim)`."""
    losses = [
        ranking_loss(score(images, text.rows, scoring), text.owners, text.wordings, margin, temperature)
        for text in texts
    ]
    return torch.stack(losses).sum()


def ranking_loss(
    scores: Tensor, owners: Tensor, wordings: Tensor, margin: float, temperature: float | None = None
) -> Tensor:
    """Both ways over the negatives, averaged over the captions: a scalar.

    scores `(n, m)` of n images and m captions; owners and wordings as in `Described`. By hand, without
    temperature, with margin 0.2 and scores [[0.9, 0.8], [0.3, 0.7]]: caption 0 ranks its image 0.6
    ahead; caption 1 ranks its image 0.1 behind, which costs 0.3; image 0 ranks its caption only 0.1 ahead,
    which costs 0.1; image 1 ranks its caption 0.4 ahead. Together 0.4, for each caption 0.2.
    """
    said = torch.zeros(len(scores), int(wordings.max()) + 1, dtype=torch.bool)
    said[owners, wordings] = True
    strangers = ~said[:, wordings]  # (n, m): nobody said this of that image
    own = scores.gather(0, owners[None])  # (1, m)
    over_images = margin - own + scores  # column j: image i against the image of caption j
    over_texts = margin - own.T + scores[owners]  # row j: caption i against caption j, with the image of j
    ways = [(over_images.T, strangers.T), (over_texts, strangers[owners])]
    return torch.stack([_over_negatives(lead, mask, temperature) for lead, mask in ways]).sum(dim=0).mean()


def parallel_loss(
    first: Described,
    second: Described,
    *,
    scoring: Scoring,
    margin: float,
    temperature: float | None = None,
) -> Tensor:
    """Both ways over the negatives, averaged over the pairs of captions with one owner: a scalar.

    Without a pair it is 0. Only whether two owners are equal matters: no image is needed. Every caption of
    an image is paired with every one in the other language. The asymmetric score reads one side as the more
    general, and of two captions neither is: the loss is then the mean of both readings.

    By hand, symmetric, with margin 0.2: captions (1, 0) and (0, 1) of the owners 0 and 1, and in the other
    language (0.8, 0.6) and (0.6, 0.8) of the same. Each pair scores 0.8, every negative 0.6, just
    0.2 behind: the loss is 0, and with margin 0.3 each of four hinges costs 0.1, 0.2 for each pair.
    """
    scores = [score(first.rows, second.rows, scoring)]
    if scoring == "asymmetric":
        scores.append(score(second.rows, first.rows, scoring).T)
    return torch.stack([pair_loss(one, first, second, margin, temperature) for one in scores]).mean()


def pair_loss(
    scores: Tensor, first: Described, second: Described, margin: float, temperature: float | None = None
) -> Tensor:
    """`parallel_loss` by one reading: scores `(n, m)` of captions in the first and the second language."""
    rows, columns = (first.owners[:, None] == second.owners).nonzero(as_tuple=True)  # (pairs,) each
    said = torch.zeros(int(first.wordings.max()) + 1, int(second.wordings.max()) + 1, dtype=torch.bool)
    said[first.wordings[rows], second.wordings[columns]] = True
    strangers = ~said[first.wordings][:, second.wordings]  # (n, m): nobody said both of one image
    ahead = margin - scores[rows, columns][:, None]
    over_first = _over_negatives(ahead + scores.T[columns], strangers.T[columns], temperature)
    over_second = _over_negatives(ahead + scores[rows], strangers[rows], temperature)
    return (over_first + over_second).sum() / max(1, len(rows))


def relational_loss(rows: Tensor, sentences: Tensor, least: float = -1.0) -> Tensor:
    """How far n captions are from being as alike as their sentence vectors: a scalar from 0 to 2.

    It is 1 - Pearson's r between the similarities of all pairs of rows `(n, dim)`, which are unit, and those
    of the sentence vectors `(n, 512)`, of pairs whose sentences have more than `least`. What the encoder
    knows of meaning is kept, where ranking photos alone would blur it (relational distillation: Park et al.
    2019, Tung and Mori 2019).

    By hand: three captions whose rows are x, y and (x + y) / sqrt 2 have the similarities 0, 0.71 and 0.71.
    So have sentence vectors along x, 2y and x + y, and the loss is 0.
    """
    unit = F.normalize(sentences, dim=1)
    wanted = unit @ unit.T
    pairs = (wanted > least).triu(diagonal=1)
    similarities = torch.stack([(rows @ rows.T)[pairs], wanted[pairs]])
    centred = F.normalize(similarities - similarities.mean(dim=1, keepdim=True), dim=1)
    return 1 - (centred[0] * centred[1]).sum()


def _over_negatives(lead: Tensor, mask: Tensor, temperature: float | None) -> Tensor:
    """`(m, negatives)` by how much each negative is too close -> `(m,)`."""
    if temperature is None:
        return (lead.clamp(min=0) * mask).sum(dim=1)
    scaled = (lead / temperature).masked_fill(~mask, NEVER)
    return temperature * F.softplus(scaled.logsumexp(dim=1))
