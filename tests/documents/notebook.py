"""The tutorial notebook, executed.

`python -m tests.documents.notebook` stores its outputs anew; `python -m tests.documents.notebook SLIDE FOLDER` runs it
on a slide in a folder and writes it there.

A notebook is read on the web with the outputs that are stored in it. So they must be of the code that stands above
them, small, and the same on every machine: cells show shapes, counts and small pictures, no times and no paths.
"""

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.sample import build_sample_slide

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.ipynb"
_CELL_SECONDS = 120


def execute(slide: Path, folder: Path) -> NotebookNode:
    """Run the tutorial on a slide, in a folder, in a kernel of this Python; return it with its outputs.

    Raises nbclient's CellExecutionError for a cell that fails.
    """
    notebook = nbformat.read(TUTORIAL, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
        # Not over TCP, where other users of the machine could listen.
        manager = AsyncKernelManager(
            kernel_name="python3", transport="ipc", connection_file=str(Path(sockets, "kernel.json"))
        )
        client = NotebookClient(
            notebook,
            km=manager,
            timeout=_CELL_SECONDS,
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
        )
        client.execute(env={**os.environ, "SLIDE": str(slide)})
    return notebook


def storable(notebook: NotebookNode) -> NotebookNode:
    """Take out what names the machine that it ran on; photographs stay as JPEG alone."""
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "image/jpeg" in output.get("data", {}):
                output.data.pop("image/png", None)
    return notebook


if __name__ == "__main__":
    if len(sys.argv) == 3:
        place = Path(sys.argv[2])
        nbformat.write(storable(execute(Path(sys.argv[1]), place)), place / TUTORIAL.name)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            executed = execute(build_sample_slide(Path(temporary, "sample.svs")), Path(temporary))
        nbformat.write(storable(executed), TUTORIAL)
