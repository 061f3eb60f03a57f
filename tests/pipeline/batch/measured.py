"""The converter with a last line that says how much memory it took: `python -m tests.pipeline.batch.measured ...`.

`peak_kib` is the largest resident set of this process and of those that it started, the largest of each kind added up.
"""

import resource
import sys

from pipeline.batch_converter import main

if __name__ == "__main__":
    code = main(sys.argv[1:])
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"peak_kib {peak}")
    sys.exit(code)
