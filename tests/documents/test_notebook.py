"""The tutorial runs, makes what it says, and is stored with outputs of its own."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import openslide
import pytest
import tifffile
from nbformat import NotebookNode
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.ipynb"
MOST_BYTES = 500_000


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that are run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def texts(cell: NotebookNode) -> list[str]:
    """Return what a cell printed and what its last expression is."""
    return [str(output.get("text") or output.get("data", {}).get("text/plain", "")) for output in cell.outputs]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the tutorial is run."""
    return tmp_path_factory.mktemp("tutorial")


@pytest.fixture(scope="module")
def executed(folder: Path, sample_slide: Path) -> NotebookNode:
    """Return the tutorial, run on the sample slide; in a process of its own, for kernels leave sockets open."""
    command = [sys.executable, "-m", "tests.documents.notebook", str(sample_slide), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return nbformat.read(folder / TUTORIAL.name, as_version=4)


@pytest.fixture(scope="module")
def stored() -> NotebookNode:
    """Return the tutorial as it is kept."""
    return nbformat.read(TUTORIAL, as_version=4)


def test_every_cell_says_today_what_is_stored_of_it(executed: NotebookNode, stored: NotebookNode) -> None:
    """`python -m tests.documents.notebook` stores what it says."""
    said, kept = ([texts(cell) for cell in code_cells(notebook)] for notebook in (executed, stored))
    assert said == kept
    assert sum(map(bool, said)) > 8


def test_the_routes_are_drawn(executed: NotebookNode, folder: Path) -> None:
    with Image.open(folder / "tutorial-out" / "routes.png") as picture:
        assert picture.format == "PNG"
        red, _, blue = np.asarray(picture.convert("RGB"))[:300, 150:450].mean(axis=(0, 1))
    assert blue > red + 30
    kinds = {kind for cell in code_cells(executed) for output in cell.outputs for kind in output.get("data", {})}
    assert {"image/png", "image/jpeg"} <= kinds


def test_the_slide_comes_back_as_tiff(executed: NotebookNode, folder: Path, sample_slide: Path) -> None:
    """The pixels of the base are the scanner's; OpenSlide reads them, too."""
    tiff = folder / "tutorial-out" / "sample.tiff"
    before = tifffile.imread(sample_slide, series=0, level=0)
    assert np.array_equal(tifffile.imread(tiff, series=0, level=0), before)
    with openslide.OpenSlide(tiff) as slide:
        region = np.asarray(slide.read_region((1200, 1000), 0, (240, 160)).convert("RGB"))
    assert np.abs(region.astype(int) - before[1000:1160, 1200:1440]).max() <= 2


def test_the_stored_tutorial_was_run_from_the_first_cell_to_the_last(stored: NotebookNode) -> None:
    nbformat.validate(stored)
    cells = code_cells(stored)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert kinds == {"stream", "execute_result"}
    assert {output.name for cell in cells for output in cell.outputs if output.output_type == "stream"} == {"stdout"}


def test_the_stored_tutorial_is_small_and_knows_no_machine(stored: NotebookNode) -> None:
    assert TUTORIAL.stat().st_size < MOST_BYTES
    said = "\n".join(text for cell in code_cells(stored) for text in texts(cell))
    assert not re.search(r"(?<!\w)/\w", said)
    assert set(stored.metadata) == {"kernelspec", "language_info"}


def test_its_links_lead_to_files(stored: NotebookNode) -> None:
    links = [link for cell in stored.cells for link in re.findall(r"\]\((?!https?:)([^)#]+)", cell.source)]
    assert links
    assert [link for link in links if not (TUTORIAL.parent / link).exists()] == []
