"""What captions add to a search: photos found by English and German words, half of them with one caption.

    PIVOT_DATA=DIR python -m benchmarks.captions

DIR holds `flickr8k/`. Half of the photos get their first Czech or German caption, by turns; the queries are
two English captions of each photo and two German ones, none of which it was given. The rule, an image's score
is the highest of its own and `scale * S(caption, query) + shift`, is fitted on one half of the split `dev`
and measured on the other: the most recall over all photos, of what costs those without a caption at most
`MOST_LOST` points. Recall is the mean of R@1, R@5 and R@10 in both languages.

Beside it the rule as 1,000 photos of `train` would have it. The towers were trained on these and score them
higher than photos they never saw, so captions seem to be worth less than they are.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.records import CaptionRule, Scoring
from index.rerank import SCORES
from model.encoder import Encoder
from model.training.data import Caption, open_photo, read_photos

Matrix = NDArray[np.float32]

RANKS = (1, 5, 10)
GROUPS = ("all", "with", "without")  # of the photos that are meant: those with a caption, and without one
MOST_LOST = 2.0
SCALES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SHIFTS = tuple(np.arange(-0.3, 0.31, 0.01).round(2).tolist())
TRAIN_PHOTOS = 1000
NO_RULE = CaptionRule(1, -1e9)


@dataclass(frozen=True)
class Asked:
    """Queries in one language against a collection, with the scores of the photos and of the captions."""

    language: str
    own: Matrix  # (queries, photos)
    captions: Matrix  # (queries, captioned)
    truth: NDArray[np.intp]  # (queries,): the photo that is meant

    def best_ranks(self, captioned: NDArray[np.intp], rule: CaptionRule) -> NDArray[np.intp]:
        """How many photos score higher than the one that is meant: (queries,)."""
        scores = self.own.copy()
        scores[:, captioned] = np.maximum(scores[:, captioned], rule.worth(self.captions))
        meant = scores[np.arange(len(scores)), self.truth]
        ranks: NDArray[np.intp] = (scores > meant[:, None]).sum(axis=1)
        return ranks


@dataclass(frozen=True)
class Trial:
    captioned: NDArray[np.intp]  # the photos with a caption
    asked: list[Asked]

    def recalls(self, rule: CaptionRule) -> dict[str, dict[str, list[float]]]:
        """R@1, R@5 and R@10 in per cent by language, and of which photos: all, with or without caption."""
        table = {}
        for one in self.asked:
            ranks = one.best_ranks(self.captioned, rule)
            has = np.isin(one.truth, self.captioned)
            groups = {"all": np.ones_like(has), "with": has, "without": ~has}
            table[one.language] = {
                name: [100 * float((ranks[group] < k).mean()) for k in RANKS]
                for name, group in groups.items()
            }
        return table

    def recall(self, rule: CaptionRule, group: str) -> float:
        return float(np.mean([groups[group] for groups in self.recalls(rule).values()]))

    def fitted(self) -> CaptionRule:
        least = self.recall(NO_RULE, "without") - MOST_LOST
        rules = [CaptionRule(scale, shift) for scale in SCALES for shift in SHIFTS]
        fair = [rule for rule in rules if self.recall(rule, "without") >= least]
        return max(fair, key=lambda rule: self.recall(rule, "all"))


class Photos:
    """Embedded photos of a split, each with an English and two German queries and perhaps a caption."""

    def __init__(self, encoder: Encoder, folder: Path, split: str, limit: int | None = None) -> None:
        photos = read_photos(folder, split, ("en", "de", "cs"))
        paths = photos.paths[:limit]
        self.images = np.concatenate([encoder.embed_images([open_photo(path)]) for path in paths])
        of = {language: _by_photo(found) for language, found in photos.captions.items()}
        both = [i for i in range(len(paths)) if of["de"].get(i) and of["cs"].get(i)]
        order = np.random.default_rng(0).permutation(both)[: len(paths) // 2].tolist()
        given = {i: of["cs" if turn % 2 else "de"][i][0] for turn, i in enumerate(order)}
        self.captioned = np.array(sorted(given), np.intp)
        self.captions = encoder.embed_texts([given[i] for i in self.captioned.tolist()])
        self.queries = {}
        for language, which in (
            ("en", slice(0, 2)),
            ("de", slice(1, 3)),
        ):  # German ones begin after the given
            asked = [(i, text) for i in range(len(paths)) for text in of[language].get(i, [])[which]]
            rows = encoder.embed_texts([text for _, text in asked])
            rows = np.stack([encoder.as_query(row) for row in rows])
            self.queries[language] = rows, np.array([i for i, _ in asked], np.intp)

    def trial(self, part: NDArray[np.intp], scoring: Scoring) -> Trial:
        """The photos of `part` as a collection of their own, and the queries for them."""
        images, has = self.images[part], np.isin(self.captioned, part)
        captions = self.captions[has]
        asked = []
        for language, (rows, truth) in self.queries.items():
            meant = np.isin(truth, part)
            own = np.stack([SCORES[scoring](images, row) for row in rows[meant]])
            texts = np.stack([SCORES[scoring](captions, row) for row in rows[meant]])
            asked.append(Asked(language, own, texts, np.searchsorted(part, truth[meant])))
        return Trial(np.searchsorted(part, self.captioned[has]), asked)


def main() -> int:
    if "PIVOT_DATA" not in os.environ:
        print("Set PIVOT_DATA to the folder that holds flickr8k/.", file=sys.stderr)
        return 2
    folder = Path(os.environ["PIVOT_DATA"]) / "flickr8k"
    encoder = Encoder.load()
    dev = Photos(encoder, folder, "dev")
    train = Photos(encoder, folder, "train", TRAIN_PHOTOS)
    shuffled = np.random.default_rng(1).permutation(len(dev.images))
    fitting, measuring = (np.sort(half) for half in np.array_split(shuffled, 2))
    print(f"{encoder.version}: fitted on {len(fitting)} photos, measured on {len(measuring)} others")
    scorings: tuple[Scoring, ...] = ("symmetric", "asymmetric")
    for scoring in scorings:
        rules = {
            "no captions": NO_RULE,
            "naive maximum": CaptionRule(1, 0),
            "as train has it": train.trial(np.arange(len(train.images)), scoring).fitted(),
            "fitted": dev.trial(fitting, scoring).fitted(),
        }
        _print(scoring, rules, dev.trial(measuring, scoring))
    return 0


def _by_photo(captions: list[Caption]) -> dict[int, list[str]]:
    texts: dict[int, list[str]] = {}
    for caption in captions:
        texts.setdefault(caption.image, []).append(caption.text)
    return texts


def _print(scoring: Scoring, rules: dict[str, CaptionRule], trial: Trial) -> None:
    print(f"\n{scoring:28} scale shift   " + "   ".join(f"{f'R@1 5 10, {g}':>17}" for g in GROUPS))
    for name, rule in rules.items():
        parameters = " " * 11 if rule is NO_RULE else f"{rule.scale:5.1f} {rule.shift:5.2f}"
        for language, groups in trial.recalls(rule).items():
            cells = "   ".join(" ".join(f"{value:5.1f}" for value in groups[group]) for group in GROUPS)
            print(f"{name:24} {language}  {parameters}   {cells}")


if __name__ == "__main__":
    sys.exit(main())
