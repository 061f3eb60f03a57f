"""Every command and every Python example in the documents runs as it is written.

A block fenced as `sh` or `python` is run in a folder that holds `slide.svs`; the blocks of one document share the
folder, in order. Commands that make runs are fenced without a language: CI runs those.
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
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
DOCUMENTS = [page for page in PAGES if BLOCK.search(page.read_text())]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_blocks_run(document: Path, sample_slide: Path, tmp_path: Path) -> None:
    shutil.copy(sample_slide, tmp_path / "slide.svs")
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}"}
    require_tool(str(scripts / "slidebeam"), "slidebeam (pip install -e .)")
    for language, text in BLOCK.findall(document.read_text()):
        command = ["bash", "-euo", "pipefail", "-c", text] if language == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
