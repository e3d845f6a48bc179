"""A pivot head: from a public model's vectors into our space of non-negative rows, on disk as safetensors.

Only there does the asymmetric score mean anything. Trained by `model.training.hub_head`, while the public
model itself stays as it is.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from safetensors import SafetensorError
from safetensors.torch import load as deserialized
from safetensors.torch import save as serialized
from torch import Tensor, nn

from model.checkpoint import CheckpointError
from model.networks import non_negative_unit
from model.similarity import Scoring

WEIGHTS, CARD = "hub_head.safetensors", "hub_head.json"


@dataclass(frozen=True)
class HeadCard:
    """What is known of a head besides its weights."""

    version: str  # names the weights by their content
    model: str  # the public model's name or folder
    model_version: str  # the one that the head was trained on; it fits no other
    width: int  # of that model's vectors
    dim: int
    scoring: Scoring
    training: dict[str, Any]
    data: dict[str, Any]


class HubHead(nn.Module):
    """`(n, width)` unit rows of a public model -> `(n, dim)` unit, non-negative rows; a layer each way in."""

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.image, self.text = nn.Linear(width, dim), nn.Linear(width, dim)
        # Both begin alike: the public model's space already holds images and texts.
        self.text.load_state_dict(self.image.state_dict())

    def images(self, rows: Tensor) -> Tensor:
        return non_negative_unit(self.image(rows))

    def texts(self, rows: Tensor) -> Tensor:
        return non_negative_unit(self.text(rows))


def save(head: HubHead, folder: Path, card: HeadCard) -> HeadCard:
    """Write the head to `folder`; the card as written, with the version that the weights have."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = serialized(head.state_dict())
    (folder / WEIGHTS).write_bytes(weights)
    card = HeadCard(**{**asdict(card), "version": _version(weights)})
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")
    return card


def load(folder: Path) -> tuple[HubHead, HeadCard]:
    """The head, ready for inference, and its card.

    Raises:
        CheckpointError: files are missing, damaged, or do not belong together.
    """
    try:
        card = HeadCard(**json.loads((folder / CARD).read_text(encoding="utf-8")))
        weights = (folder / WEIGHTS).read_bytes()
        if _version(weights) != card.version or card.scoring not in get_args(Scoring):
            raise ValueError(f"{WEIGHTS} is not what {CARD} describes")
        head = HubHead(card.width, card.dim)
        head.load_state_dict(deserialized(weights))
    except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            folder, f"no pivot head that can be used ({error})", "Train it again: model.training.hub_head."
        ) from error
    return head.eval(), card


def _version(weights: bytes) -> str:
    return hashlib.sha256(weights).hexdigest()[:12]
