import os
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import StoreInUse
from index.lock import FolderLock

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from index.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_second_owner_is_told_the_first_ones_process(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    with pytest.raises(StoreInUse, match=f"process {os.getpid()}") as caught:
        FolderLock(tmp_path)
    assert caught.value.pid == os.getpid()
    first.close()


def test_closed_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        FolderLock(tmp_path).close()
    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_owner_that_has_not_written_its_process_yet_is_another_process(tmp_path: Path) -> None:
    first = FolderLock(tmp_path)
    (tmp_path / "lock").write_text("")
    with pytest.raises(StoreInUse, match="another process") as caught:
        FolderLock(tmp_path)
    assert caught.value.pid is None
    first.close()


def test_lock_of_another_process_holds_until_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(StoreInUse) as caught:
            FolderLock(tmp_path)
        assert caught.value.pid == owner.pid
        owner.kill()
    FolderLock(tmp_path).close()
