"""The path of a question: understood, embedded, compared with the images of a collection."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from index.gallery import Gallery
from index.queries import Weighted
from index.records import CAPTION_RULES, CaptionRules, Scoring, SearchOptions
from index.vectors import Row
from service.carried import parted, with_vectors
from service.decoder import Decoder
from service.embedder import Embedder, Serving
from service.part_vectors import PartVectors
from service.queries import (
    CaptionsWithoutRules,
    OutOfRange,
    QueryError,
    UnknownModel,
    WrongDimensions,
    clean_query,
    in_field,
    language_code,
)
from service.questions import Answer, CaptionAnswer, Part, QueryLanguage, Ranking, Understood
from service.settings import Settings
from service.stopwatch import Stopwatch

MAX_CANDIDATES: Final = 10_000
AT_ONCE: Final = 32  # texts and images of one request that are embedded together
SURE: Final = 0.5  # a detection below this is a guess, as it is for most single words

RULES: Final[Mapping[str, CaptionRules]] = {"pivot-3ef7834e11a6": CAPTION_RULES}
"""What captions are worth, by the version of the model on which that was measured."""


class Language(Protocol):
    """`code` is ISO 639-1, `confidence` in [0, 1]."""

    @property
    def code(self) -> str: ...
    @property
    def confidence(self) -> float: ...


class Finder:
    """Answers questions with the model that serves. Thread-safe."""

    def __init__(
        self,
        gallery: Gallery,
        decoder: Decoder,
        serving: Serving,
        detect: Callable[[str], Language],
        settings: Settings,
        rules: Mapping[str, CaptionRules],
    ) -> None:
        self._gallery = gallery
        self._decoder = decoder
        self._serving = serving
        self._detect = detect
        self._settings = settings
        self._rules = rules

    def search(
        self,
        collection: str,
        parts: Sequence[Part],
        ranking: Ranking,
        *,
        accepted: Sequence[str] = (),
        partial: bool = False,
    ) -> Answer:
        """See `Library.search`. `partial` is passed on to the answer."""
        self._check(ranking)
        watch = Stopwatch()
        asked = [self._understood(part, accepted) for part in parts]
        if any(one.text is not None for one in asked):
            watch.lap("language")
        return self._serving.use(
            lambda embedder: self._answer(embedder, collection, asked, ranking, partial, watch)
        )

    def captions(
        self, collection: str, part: Part, ranking: Ranking, *, partial: bool = False
    ) -> CaptionAnswer:
        """See `Library.search_captions`."""
        self._check(ranking)
        watch = Stopwatch()

        def found(embedder: Embedder) -> CaptionAnswer:
            parts = PartVectors(self._gallery, self._decoder, embedder, collection, self._settings)
            (row,), _ = parts.of([Understood(part)], None, watch)
            scoring = ranking.scoring or embedder.encoder.scoring
            hits = self._gallery.best_captions(
                collection,
                row,
                k=ranking.k,
                scoring=scoring,
                n=ranking.candidates,
                model_version=embedder.version,
            )
            watch.lap("captions")
            return CaptionAnswer(hits, embedder.version, scoring, partial, watch.timings())

        return self._serving.use(found)

    def embed(self, parts: Sequence[Part], model: str | None, dim: int | None) -> tuple[str, list[Row]]:
        """See `Library.embed`. A few at a time, so that searches need not wait for all of them."""
        asked = [self._understood(part, ()) for part in parts]

        def embedded(embedder: Embedder) -> tuple[str, list[Row]]:
            if model is not None and model != embedder.version:
                raise UnknownModel(model, embedder.version)
            if dim is not None and dim != embedder.encoder.dim:
                raise WrongDimensions(dim, embedder.encoder.dim)
            vectors = PartVectors(self._gallery, self._decoder, embedder, "", self._settings)
            rows: list[Row] = []
            for start in range(0, len(asked), AT_ONCE):
                rows += vectors.of(asked[start : start + AT_ONCE], None, Stopwatch())[0]
            return embedder.version, rows

        return self._serving.use(embedded)

    def _check(self, ranking: Ranking) -> None:
        for name, value, most in (
            ("k", ranking.k, self._settings.max_k),
            ("candidates", ranking.candidates, MAX_CANDIDATES),
        ):
            if not 1 <= value <= most:
                raise OutOfRange(name, value, 1, most)

    def _understood(self, part: Part, accepted: Sequence[str]) -> Understood:
        if part.q is None:
            return Understood(part)
        with in_field(part.field, QueryError):
            text = clean_query(part.q, self._settings.max_query_chars)
        with in_field(part.field and f"{part.field.removesuffix('q')}language", QueryError):
            return Understood(part, text, self._language(text, part.language, accepted))

    def _language(self, text: str, tag: str | None, accepted: Sequence[str]) -> QueryLanguage:
        """Given, else what a sure detection says, else what the asker accepts: the detected one if it is
        among these, else the first of them."""
        if tag is not None:
            return QueryLanguage(language_code(tag), None, "given")
        detected = self._detect(text)
        if detected.confidence >= SURE or not accepted:
            return QueryLanguage(detected.code, detected.confidence, "detected")
        if detected.code in accepted:
            return QueryLanguage(detected.code, detected.confidence, "accepted")
        return QueryLanguage(accepted[0], None, "accepted")

    def _answer(
        self,
        embedder: Embedder,
        collection: str,
        asked: Sequence[Understood],
        ranking: Ranking,
        partial: bool,
        watch: Stopwatch,
    ) -> Answer:
        place, carried = None, None
        if ranking.cursor is not None:
            place, carried = parted(ranking.cursor, embedder.encoder.dim)
        options = self._options(embedder, asked, ranking, place)
        parts = PartVectors(self._gallery, self._decoder, embedder, collection, self._settings)
        rows, embedded = parts.of(asked, carried, watch)
        query = [
            Weighted(row if one.text is None else embedder.encoder.as_query(row), one.part.weight)
            for row, one in zip(rows, asked, strict=True)
        ]
        found = self._gallery.search(collection, query, options, model_version=embedder.version)
        return Answer(
            hits=found.hits,
            asked=list(asked),
            model=embedder.version,
            scoring=options.scoring,
            exact=options.exact,
            candidates=found.candidates,
            partial=partial,
            cursor=found.cursor and with_vectors(found.cursor, embedded),
            timings_ms={**watch.timings(), **found.timings},
        )

    def _options(
        self, embedder: Embedder, asked: Sequence[Understood], ranking: Ranking, place: str | None
    ) -> SearchOptions:
        only_texts = all(one.text is not None for one in asked)
        best: Scoring = embedder.encoder.scoring if only_texts else "symmetric"
        ids = (one.part.image_id for one in asked)
        return SearchOptions(
            k=ranking.k,
            scoring=ranking.scoring or best,
            candidates=ranking.candidates,
            exact=ranking.exact,
            exclude=frozenset(id for id in ids if id is not None),
            filter=ranking.filter,
            cursor=place,
            min_score=ranking.min_score,
            captions=self._caption_rules(embedder, asked, ranking.captions),
        )

    def _caption_rules(
        self, embedder: Embedder, asked: Sequence[Understood], wanted: bool | None
    ) -> CaptionRules | None:
        """Raises CaptionsWithoutRules where they are wanted and there are none."""
        # They were measured on texts: an image is no more like another for having captions.
        of_texts = all(one.text is not None and one.part.weight > 0 for one in asked)
        rules = self._rules.get(embedder.version) if of_texts else None
        if wanted and rules is None:
            raise CaptionsWithoutRules(embedder.version)
        return None if wanted is False else rules
