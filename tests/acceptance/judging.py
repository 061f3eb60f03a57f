"""The judge: a program beside the shared slides that shares no code with this one."""

import subprocess
import sys
from pathlib import Path


def judge(tools: Path, output: Path, *claims: str) -> None:
    """Let it look at a folder, and fail with its findings. A claim of `--slide` has it compare with the source."""
    command = [sys.executable, str(tools / "check_wsm.py"), str(output), *claims]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr
