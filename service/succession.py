"""Succession: who serves when the settings name another model than the one that the store was searched with.

The old model serves until the new one has a vector of every image and caption, if it can still be loaded
from where it was; else the new one serves at once, and finds what it has embedded so far.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from index.spaces import served_before
from service.commands.errors import CheckpointUnusable
from service.embedder import Encoder
from service.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Succession:
    """`checkpoint` is where `serving` was loaded from; `coming` is None where no other model waits."""

    serving: Encoder
    checkpoint: str | None
    coming: Encoder | None


def succession(settings: Settings, load: Callable[[Settings], Encoder]) -> Succession:
    """Raises CheckpointUnusable for the model that the settings name, StoreTooNew, StoreDamaged."""
    encoder = load(settings)
    own = Succession(encoder, checkpoint_of(settings), None)
    before = served_before(settings.store, encoder.version)
    if before is None or before.model_version == encoder.version or before.pending >= before.pending_of_next:
        return own
    try:
        old = load(settings.model_copy(update={"checkpoint": before.checkpoint}))
    except CheckpointUnusable as error:
        reason = str(error)
    else:
        if old.version == before.model_version:
            return Succession(old, before.checkpoint, encoder)
        reason = f"There is model {old.version} now."
    logger.warning(
        "Model %s, which the store was searched with, is gone from where it was: %s Until %d images and"
        " captions are embedded anew, searches find only the others.",
        before.model_version,
        reason,
        before.pending_of_next,
    )
    return own


def checkpoint_of(settings: Settings) -> str | None:
    """The setting, so that it means the same in another working folder."""
    checkpoint = settings.checkpoint
    if checkpoint is None or not Path(checkpoint).exists():
        return checkpoint
    return str(Path(checkpoint).resolve())
