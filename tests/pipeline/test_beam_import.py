"""Beam is imported quietly, and leaves logging as it was."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def python(code: str) -> "subprocess.CompletedProcess[str]":
    """Run code in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_the_import_says_nothing_and_changes_no_logging() -> None:
    done = python(
        "import gc, logging\n"
        "from pipeline.beam_import import import_beam\n"
        "import_beam(); import_beam()\n"
        "import apache_beam\n"
        "print(logging.getLogger().handlers, logging.getLogger().filters, gc.isenabled())\n"
        "logging.getLogger().warning('still heard')\n"
    )
    assert (done.stdout, done.stderr) == ("[] [] True\n", "still heard\n")


def test_words_about_options_need_no_beam() -> None:
    done = python(
        "import sys\n"
        "from pipeline.run import main\n"
        "codes = [main(['--help']), main(['--input', 'a.svs']), main(['--sample-metadata'])]\n"
        "print(codes, 'apache_beam' in sys.modules, 'pydicom' in sys.modules)\n"
    )
    assert done.stdout.splitlines()[-1] == "[0, 1, 0] False False"
