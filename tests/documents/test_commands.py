"""Every command and every Python example in the documents runs as it is written.

A block fenced as `sh` or `python` is run in a folder that holds `slide.svs`, one fenced as `pycon` is a doctest; the
blocks of one document share the folder, in order. Commands that make runs are fenced without a language: CI runs those.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools import require_tool

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(sh|python|pycon)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
DOCUMENTS = [page for page in PAGES if BLOCK.search(page.read_text())]


def command(language: str, text: str, folder: Path) -> list[str]:
    """Return what runs a block."""
    if language == "sh":
        return ["bash", "-euo", "pipefail", "-c", text]
    if language == "python":
        return [sys.executable, "-c", text]
    session = folder / ".session.txt"
    session.write_text(text)
    return [sys.executable, "-m", "doctest", str(session)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_blocks_run(document: Path, sample_slide: Path, tmp_path: Path) -> None:
    shutil.copy(sample_slide, tmp_path / "slide.svs")
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}"}
    require_tool(str(scripts / "slidebeam"), "slidebeam (pip install -e .)")
    for language, text in BLOCK.findall(document.read_text()):
        done = subprocess.run(
            command(language, text, tmp_path),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
