"""EfficientNet-Lite, the network of the image tower (Tan and Le 2019, without squeeze-excite and swish)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Stage:
    """One stage of EfficientNet-Lite before scaling (Tan and Le 2019, table 1, without squeeze-excite)."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
STEM_CHANNELS = 32
HEAD_CHANNELS = 1280


def scaled_channels(channels: int, width: float) -> int:
    """The nearest multiple of 8 to `channels * width` that loses at most a tenth of it."""
    scaled = channels * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: the odd pixel goes to the right and the bottom.

    The published weights were trained with it; PyTorch's symmetric padding would shift every strided layer.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == (1, 1):  # the odd kernel leaves no odd pixel, and padding apart would copy x
            return F.conv2d(x, self.weight, self.bias, padding=self.kernel_size[0] // 2, groups=self.groups)
        vertical = self._padding(x.shape[2])
        horizontal = self._padding(x.shape[3])
        return super().forward(F.pad(x, horizontal + vertical))

    def _padding(self, size: int) -> tuple[int, int]:
        stride, kernel = self.stride[0], self.kernel_size[0]
        total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2


def convolution(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution and batch norm."""
    return nn.Sequential(
        SameConv(inputs, outputs, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01),
    )


class Block(nn.Module):
    """Inverted residual bottleneck (MBConv) with ReLU6 and without squeeze-excite."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = convolution(inputs, inner) if expansion != 1 else None
        self.depthwise = convolution(inner, inner, kernel, stride, groups=inner)
        self.project = convolution(inner, outputs)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        inner = x if self.expand is None else F.relu6(self.expand(x))
        out: Tensor = self.project(F.relu6(self.depthwise(inner)))
        return x + out if self.residual else out


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite up to the pooled features: `(n, 3, h, w)` in [-1, 1] -> `(n, 1280)`, non-negative.

    Lite0 has width and depth 1.0, Lite1 1.0 and 1.1, Lite2 1.1 and 1.2. Stem and head are not scaled,
    nor are the repeats of the first and last stage.
    """

    def __init__(self, width: float, depth: float) -> None:
        super().__init__()
        self.stem = convolution(3, STEM_CHANNELS, kernel=3, stride=2)
        blocks: list[Block] = []
        inputs = STEM_CHANNELS
        for number, stage in enumerate(STAGES):
            outputs = scaled_channels(stage.channels, width)
            fixed = number in (0, len(STAGES) - 1)
            repeats = stage.repeats if fixed else math.ceil(depth * stage.repeats)
            for repeat in range(repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(Block(inputs, outputs, stage.kernel, stride, stage.expansion))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.head = convolution(inputs, HEAD_CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.upper(self.lower(x, len(self.blocks)), len(self.blocks)))

    def lower(self, x: Tensor, blocks: int) -> Tensor:
        """Stem and the first `blocks` blocks: what fine-tuning keeps frozen, and caches."""
        x = F.relu6(self.stem(x))
        for block in self.blocks[:blocks]:
            x = block(x)
        return x

    def upper(self, x: Tensor, blocks: int) -> Tensor:
        """The blocks from number `blocks` on, and the head: `(n, 1280, h/32, w/32)`."""
        for block in self.blocks[blocks:]:
            x = block(x)
        return F.relu6(self.head(x))

    @staticmethod
    def pool(x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3))
