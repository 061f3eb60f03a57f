"""How many cores there are to use."""

import os


def usable_cores() -> int:
    """Return the cores that this process may run on; where the system does not tell, those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
