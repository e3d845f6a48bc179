"""The language that a text is written in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# What the sentence encoder was trained on, and so what the model reads, captions or not.
READ = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh")
TOLD_APART = (*READ, "cs")


@dataclass(frozen=True)
class Language:
    """An ISO 639-1 code and how sure the guess is, from 0 to 1."""

    code: str
    confidence: float


def detect(text: str) -> Language:
    """The likeliest of TOLD_APART. A single word is often a word of several, and the confidence says so."""
    code, confidence = _identifier().classify(text)
    return Language(str(code), float(confidence))


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # unpacks a model: only when one is wanted

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(TOLD_APART))
    return identifier
