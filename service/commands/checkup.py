"""What `doctor` tells: each thing that is wrong as it is found, and last what to do."""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from tqdm import tqdm

from index.doctor import STEPS, Doctor, Finding, Problem
from service.client.documents.report import Report
from service.commands.copies import thumbnailer
from service.commands.errors import CommandError
from service.commands.printable import printable
from service.decoder import Decoder

HEALTHY: Final = "Nothing is wrong."
ADD_AGAIN: Final = "Add the photo again, which mends it, or delete the image."
REPAIR: Final = "Run the same command with --repair."
REMEDIES: Final[Mapping[Problem, str]] = {
    "database-damaged": "Restore the folder from a backup. Until then nothing else is looked for or mended.",
    "original-missing": ADD_AGAIN,
    "original-damaged": "Run with --repair, which sets the file aside; then add the photo again.",
    "original-unused": REPAIR,
    "thumbnail-missing": f"{REPAIR} Where that does not help: {ADD_AGAIN[0].lower()}{ADD_AGAIN[1:]}",
    "thumbnail-unused": REPAIR,
    "vector-unreadable": REPAIR,
}
MENDED: Final[Mapping[Problem, str]] = {
    "original-damaged": f"set aside: {ADD_AGAIN[0].lower()}{ADD_AGAIN[1:]}",
    "original-unused": "set aside",
    "thumbnail-missing": "made again",
    "thumbnail-unused": "deleted",
    "vector-unreadable": "dropped: `serve` embeds the image again",
}


class RepairElsewhere(CommandError):  # noqa: N818 -- it says what happened
    def __init__(self) -> None:
        super().__init__(
            "A running service repairs nothing. Stop it, and run the same command on its folder with --store."
        )


class Checkup:
    """One run over a data folder that no service has open."""

    def __init__(self, store: Path, decoder: Decoder, *, thorough: bool, repair: bool) -> None:
        self._store = store
        self._doctor = Doctor(store, thorough=thorough, repair=repair, thumbnail=thumbnailer(decoder))
        self._found: Counter[Problem] = Counter()
        self._left: Counter[Problem] = Counter()

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong, or no longer."""
        return not self._left.total()

    def run(self) -> None:
        with tqdm(total=STEPS, desc="doctor", disable=None) as bar:
            for finding in self._doctor.examine(bar.update):
                self._found[finding.problem] += 1
                self._left[finding.problem] += not finding.mended
                tqdm.write(_line(finding), file=sys.stdout)

    def __str__(self) -> str:
        if not self._found:
            return HEALTHY
        mended = self._found.total() - self._left.total()
        lines = [f"{self._found.total():,} found, {mended:,} mended."]
        lines += [f"{problem}: {REMEDIES[problem]}" for problem, left in self._left.items() if left]
        if (aside := self._store / "set-aside").is_dir():
            lines.append(f"Look through {aside}, and delete it when nothing in it is missed.")
        return "\n".join(lines)


def told(report: Report) -> str:
    """What a service says of its store."""
    if report.healthy:
        return HEALTHY
    lines = [
        _line(Finding(cast(Problem, one.problem), one.subject, one.image, False)) for one in report.findings
    ]
    lines.append(f"{sum(report.found.values()):,} found.")
    lines += [f"{problem}: {REMEDIES.get(cast(Problem, problem), REPAIR)}" for problem in report.found]
    return "\n".join([*lines, "To repair, stop the service and name its folder with --store."])


def _line(finding: Finding) -> str:
    of = "" if finding.image is None else f" of {printable(finding.image)}"
    mended = f", {MENDED[finding.problem]}" if finding.mended else ""
    return f"{finding.problem}: {printable(finding.subject)}{of}{mended}"
