"""Memory is that of the command, and that of all it has started."""

import json
import subprocess
import sys
from typing import NamedTuple

HOLD = "data = bytearray(b'x') * {bytes}; import time; time.sleep(1)"


class Measured(NamedTuple):
    """What was seen of a command."""

    main_rss_mb: float
    tree_rss_mb: float
    processes: int


def measured(code: str) -> Measured:
    """Measure a Python program from a process of its own: what the other tests have started is not counted."""
    measuring = (
        "import json, subprocess, sys\n"
        "from bench.corpus.process_tree import ProcessTree\n"
        "with ProcessTree() as tree:\n"
        "    subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)\n"
        "print(json.dumps([tree.main_rss_mb, tree.tree_rss_mb, tree.processes]))\n"
    )
    done = subprocess.run([sys.executable, "-c", measuring, code], capture_output=True, text=True, check=True)
    return Measured(*json.loads(done.stdout))


def test_children_of_a_command_count_in_the_tree_and_not_in_its_own() -> None:
    child = HOLD.format(bytes=200_000_000)
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    tree = measured(code)
    assert tree.main_rss_mb < 100
    assert 200 < tree.tree_rss_mb < 400
    assert tree.processes >= 2


def test_a_command_s_own_memory_is_its_peak() -> None:
    code = "data = bytearray(b'x') * 200_000_000; del data; import time; time.sleep(1)"
    tree = measured(code)
    assert 200 < tree.main_rss_mb < 400
