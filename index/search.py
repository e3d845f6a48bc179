"""Search: from a question to the next page of images, best first.

Images are ranked in blocks; `cursors` says why. Forming one takes three steps: the candidate stage picks the
images, and the images of the captions, that may belong to it; all of these get both scores in full, from the
catalog's vectors; those that lie outside the block are dropped.

The candidate stage of a large collection misses some images (see `candidates`). What it finds stays in the
place that its scores in full give it, so that pages repeat nothing; but what it misses, they may leave out,
even if a deeper search for a later page meets it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from index.candidates import Candidates, Picked
from index.catalog import Catalog
from index.cursors import Place, Position
from index.filters import Condition
from index.queries import Question
from index.records import CollectionKey, Scoring, SearchOptions
from index.rerank import SCORES
from index.shelf import Shelf
from index.vectors import Ids, Rows, Scores

SPARE = 16  # picked beyond the block's size: where it ends has to be known, and some picks may be no good
ROUNDING = 1e-5  # by which FAISS's inner products of unit rows may differ from ours, with room to spare
NO_OTHERS = -np.inf  # the bound where everything was picked


@dataclass(frozen=True)
class Scored:
    """Images with both scores, in which captions count where they fit better."""

    ids: Ids  # (n,) int64
    scores: dict[Scoring, Scores]  # (n,) float32 each

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> "Scored":
        return Scored(self.ids[chosen], {name: scores[chosen] for name, scores in self.scores.items()})

    def ordered(self, scoring: Scoring) -> "Scored":
        """Best first; equal ones by ascending id."""
        return self.take(np.lexsort((self.ids, -self.scores[scoring])))

    def after(self, place: Place, scoring: Scoring) -> "Scored":
        return self.take(place.before(self.ids, self.scores[scoring]))

    def until(self, place: Place, scoring: Scoring) -> "Scored":
        """Those that are not after it."""
        return self.take(~place.before(self.ids, self.scores[scoring]))

    def last(self, scoring: Scoring) -> Place:
        """The place of the last one, where `scoring` gave the order."""
        return Place(float(self.scores[scoring][-1]), int(self.ids[-1]))


@dataclass(frozen=True)
class Ranked:
    """An image's id, its symmetric and asymmetric scores, and its ranks under them."""

    id: int
    scores: tuple[float, float]
    ranks: tuple[int, int]


@dataclass
class Page:
    hits: list[Ranked]  # best first
    position: Position | None  # where the next one begins
    scored: int  # how many images were looked at with the score that counts
    milliseconds: dict[str, float] = field(default_factory=lambda: {"candidates": 0.0, "rerank": 0.0})


@dataclass(frozen=True)
class _Source:
    """Where the candidate stage picks from: the images of a collection, or their captions."""

    candidates: Candidates
    score: Callable[[Rows], Scores]  # what a row is worth to its image, in the order of the stage
    margin: float  # by which FAISS's order may differ from that
    only: Ids | None
    exclude: frozenset[int]


class Search:
    """One question to one collection, asked once."""

    def __init__(
        self,
        catalog: Catalog,
        collection: CollectionKey,
        shelf: Shelf,
        question: Question,
        options: SearchOptions,
        condition: Condition | None,
    ) -> None:
        """`condition` is what the options' filter stands for. Raises UnknownCollection."""
        self._catalog = catalog
        self._question = question
        self._options = options
        self._combined = question.combined
        self._stage: Scoring = options.scoring if options.exact else "symmetric"
        self._rules = options.captions if question.positive and len(shelf.captions) else None
        self._page = Page([], None, 0)

        def score(rows: Rows) -> Scores:
            return question.score(rows, self._stage)

        only = None if condition is None else catalog.passing(collection, condition)
        self._images = _Source(shelf.images, score, ROUNDING, only, options.exclude)
        self._captions: _Source | None = None
        if self._rules is not None:
            rule = self._rules[self._stage]
            only = None if condition is None else catalog.captions_passing(collection, condition)
            self._captions = _Source(
                shelf.captions, lambda rows: rule.worth(score(rows)), ROUNDING * rule.scale, only, frozenset()
            )

    def page(self, position: Position) -> Page:
        """The next `k` images from `position` on."""
        page, k, asked = self._page, self._options.k, self._options.scoring
        while len(page.hits) < k:
            block, more = self._block(position)
            if position.end is None:
                if not len(block):
                    return page
                position = replace(position, end=block.ordered(self._stage).last(self._stage))
            left = block.after(position.last, asked).ordered(asked)
            good = left.take(self._good(left))
            given = good.take(np.arange(min(len(good), k - len(page.hits))))
            page.hits += _ranked(given, block, position.ranked)
            if len(given) < len(good):
                position = replace(position, last=given.last(asked))
            elif not more or self._is_below(block):
                return page
            else:
                assert position.end is not None
                position = Position(position.ranked + len(block), start=position.end)
        page.position = position
        return page

    def _good(self, images: Scored) -> NDArray[np.bool_]:
        """Which of them reach the least score that was asked for: (n,) bool."""
        least = -math.inf if self._options.min_score is None else self._options.min_score
        good: NDArray[np.bool_] = images.scores[self._options.scoring].astype(np.float64) >= least
        return good

    def _is_below(self, block: Scored) -> bool:
        """Whether the blocks after this one are not worth a look. Where another score than the one asked for
        orders them, that is no more than likely: none of this block reached the least score."""
        below = ~self._good(block)
        return bool(below.any() and (below.all() or self._stage == self._options.scoring))

    def _block(self, position: Position) -> tuple[Scored, bool]:
        """The images of the block at `position`, in no order that counts; none where there are no more.

        And whether any may come after them.
        """
        size = max(self._options.k, self._options.candidates)
        wanted = size + SPARE + (0 if self._options.exact else position.ranked)
        while True:
            pool, bound = self._pool(wanted, position.start)
            pool = pool.after(position.start, self._stage)
            if position.end is None:
                known = pool.take(pool.scores[self._stage] > bound).ordered(self._stage)
                if len(known) >= size or bound == NO_OTHERS:
                    block = known.take(np.arange(min(size, len(known))))
                    break
            elif bound < position.end.score or bound == NO_OTHERS:
                block = pool.until(position.end, self._stage)
                break
            wanted *= 2
        return self._counted(block), bound != NO_OTHERS or len(block) < len(pool)

    def _counted(self, block: Scored) -> Scored:
        if not self._options.exact:
            self._page.scored += len(block)
        return block

    def _pool(self, n: int, start: Place) -> tuple[Scored, float]:
        """Some images with their scores, and a bound: of those after `start` in the order of the stage,
        every one whose stage score is above the bound is among them, unless the candidate stage missed it."""
        started = perf_counter()
        picked, bound = self._pick(self._images, n, start)
        if self._options.exact:
            self._page.scored = picked.scored
        ids, rows = picked.ids, picked.rows
        if self._captions is not None:
            captions, caption_bound = self._pick(self._captions, n, start)
            bound = max(bound, caption_bound)
            owners = self._catalog.captions.images_of(captions.ids)
            missing = sorted(owners.difference(ids.tolist(), self._options.exclude))
            more_ids, more_rows = self._catalog.vectors.of_images(np.array(missing, np.int64))
            ids, rows = np.concatenate([ids, more_ids]), np.concatenate([rows, more_rows])
        picked_at = perf_counter()
        scored = self._scored(ids, rows)
        self._page.milliseconds["candidates"] += (picked_at - started) * 1000
        self._page.milliseconds["rerank"] += (perf_counter() - picked_at) * 1000
        return scored, bound

    def _pick(self, source: _Source, n: int, start: Place) -> tuple[Picked, float]:
        """`n` rows of a source, and a bound that no other's stage score passes, but for what lists miss.

        Fewer than `n` are all that there are: the candidate stage makes sure of that.
        """

        def unseen(rows: Rows) -> Scores:
            """What surely lies in an earlier block comes last."""
            scores = source.score(rows)
            scores[scores > np.float32(start.score)] = NO_OTHERS
            return scores

        if self._options.exact:
            picked = source.candidates.scan(unseen, n, source.exclude, source.only)
            scores, margin = unseen(picked.rows), 0.0
        else:
            picked = source.candidates.nearest(self._combined, n, source.exclude, source.only)
            scores, margin = source.score(picked.rows), source.margin
        return picked, NO_OTHERS if len(picked.ids) < n else float(scores.min()) + margin

    def _scored(self, ids: Ids, rows: Rows) -> Scored:
        """Both scores of images in full: their own, and those of all their captions."""
        scores = {name: self._question.score(rows, name) for name in SCORES}
        if self._rules is not None:
            owners, texts = self._catalog.captions.vectors_of_images(ids)
            order = np.argsort(ids)
            positions = order[np.searchsorted(ids, owners, sorter=order)]
            for name, own in scores.items():
                worth = self._rules[name].worth(self._question.score(texts, name))
                np.maximum.at(own, positions, worth)
        return Scored(ids, scores)


def _ranked(given: Scored, block: Scored, before: int) -> list[Ranked]:
    """`given`, a part of the block, with the ranks in the block, which count on from `before`."""

    def ranks(scoring: Scoring) -> dict[int, int]:
        return {id: rank for rank, id in enumerate(block.ordered(scoring).ids.tolist(), before + 1)}

    symmetric, asymmetric = ranks("symmetric"), ranks("asymmetric")
    columns = (given.ids, given.scores["symmetric"], given.scores["asymmetric"])
    return [
        Ranked(id, (first, second), (symmetric[id], asymmetric[id]))
        for id, first, second in zip(*(column.tolist() for column in columns), strict=True)
    ]
