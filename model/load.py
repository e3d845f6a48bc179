"""Which model a name stands for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from model.encoder import Encoder
from model.hub_head import CARD as HEAD_CARD

if TYPE_CHECKING:
    from model.hub import HubEncoder

HUB: Final = "hub:"


def load(
    name: str | None = None, threads: int | None = None, trust_code: bool = False
) -> Encoder | HubEncoder:
    """The encoder that `name` stands for.

    None is the model that ships; `hub:NAME` a public model, by its name on the hub or its folder; anything
    else a folder, with a checkpoint of ours or a pivot head, which names the public model that it belongs to.

    Raises:
        CheckpointError: it cannot be loaded; the message says why and what to do.
    """
    if name is None:
        return Encoder.load(threads=threads)
    from model.hub import HubEncoder

    if name.startswith(HUB):
        return HubEncoder.load(name.removeprefix(HUB), threads, trust_code)
    if (Path(name) / HEAD_CARD).is_file():
        return HubEncoder.load_with_head(Path(name), threads, trust_code)
    return Encoder.load(Path(name), threads)
