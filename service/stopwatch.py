"""How long the stages of an answer took."""

from time import perf_counter


class Stopwatch:
    """Milliseconds by stage: each `lap` ends a stage and starts the next."""

    def __init__(self) -> None:
        self._started = self._last = perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = perf_counter()
        self._laps[name] = (now - self._last) * 1000
        self._last = now

    def timings(self) -> dict[str, float]:
        """The stages so far, and `total` since the start."""
        return {**self._laps, "total": (perf_counter() - self._started) * 1000}
