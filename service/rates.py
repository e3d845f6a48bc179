"""How often somebody may ask: token buckets."""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Final, NamedTuple

MINUTE: Final = 60.0  # seconds
REMEMBERED: Final = 10_000  # askers; the one that was heard of longest ago is forgotten first


class Taken(NamedTuple):
    """What became of a token that was asked for."""

    granted: bool
    left: int  # whole tokens
    wait: int  # seconds until there is one more


class Buckets:
    """One bucket for each asker. It holds a minute's tokens, full at first, and fills up at that rate."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # tokens, and when

    def take(self, asker: Hashable, rate: int) -> Taken:
        """One token of `rate` a minute."""
        level = self._level(asker, rate)
        granted = level >= 1
        if granted:
            level -= 1
        self._levels[asker] = (level, self._clock())
        self._levels.move_to_end(asker)
        if len(self._levels) > REMEMBERED:
            self._levels.popitem(last=False)
        missing = math.floor(level) + 1 - level
        return Taken(granted, math.floor(level), math.ceil(missing * MINUTE / rate))

    def _level(self, asker: Hashable, rate: int) -> float:
        now = self._clock()
        level, since = self._levels.get(asker, (float(rate), now))
        return min(float(rate), level + (now - since) * rate / MINUTE)
