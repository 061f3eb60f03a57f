"""The converter with a last line that says how much memory it took: `python -m tests.pipeline.batch.measured ...`.

`peak_kib` is the largest resident set of this process, its own (`VmHWM`): what `getrusage` tells begins at that of the
process that started it.
"""

import re
import sys
from pathlib import Path

from pipeline.batch_converter import main

if __name__ == "__main__":
    code = main(sys.argv[1:])
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(f"peak_kib {peak}")
    sys.exit(code)
