"""Memory is that of the command, and that of all it has started."""

import subprocess
import sys

from bench.corpus.process_tree import ProcessTree

HOLD = "data = bytearray(b'x') * {bytes}; import time; time.sleep(1)"


def test_children_of_a_command_count_in_the_tree_and_not_in_its_own() -> None:
    child = HOLD.format(bytes=200_000_000)
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    with ProcessTree() as tree:
        subprocess.run([sys.executable, "-c", code], check=True)
    assert tree.main_rss_mb < 100
    assert 200 < tree.tree_rss_mb < 400
    assert tree.processes >= 2


def test_a_command_s_own_memory_is_its_peak() -> None:
    code = "data = bytearray(b'x') * 200_000_000; del data; import time; time.sleep(1)"
    with ProcessTree() as tree:
        subprocess.run([sys.executable, "-c", code], check=True)
    assert 200 < tree.main_rss_mb < 400
