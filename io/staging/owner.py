"""Who works under a job's name, written down so that others can tell whether that process still runs.

A process is known by the machine's boot, its PID namespace (containers have their own), its PID and when it was
started: none of that comes back. All of it can be looked up on Linux alone, and only from inside the namespace.
Elsewhere nobody can tell, and nothing is taken for dead. A host's name tells nothing: containers share theirs.
A job that raised in a process that goes on, as that of a notebook does, says so itself.
"""

import json
import os
import platform
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class Life(StrEnum):
    """What can be told of an owner, which is a process at work on a job."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"
    """The process is elsewhere, or its engine may go on without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The process that began a job."""

    host: str
    """Its machine's name, for people."""
    boot: str
    """Id of the machine's boot; empty where there is none."""
    namespace: str
    """Its PID namespace."""
    pid: int
    started: int
    """When it was started, in clock ticks since the boot."""
    detached: bool
    """Its engine may go on when the process has ended."""
    ended: bool = False
    """The job is over though the process may live: it raised, and could not clean up."""

    def to_json(self) -> str:
        """Text of the owner's file."""
        return json.dumps({"schema": "slidebeam-owner-1", **asdict(self)}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> "Owner | None":
        """Read an owner's file; None where nothing can be told from it."""
        try:
            values = json.loads(text)
            if values.pop("schema") != "slidebeam-owner-1":
                return None
            return cls(**values)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


def this_process(*, detached: bool = False, ended: bool = False) -> Owner:
    """Describe the process that asks, and how it stands with its job."""
    return Owner(
        host=platform.node(),
        boot=_boot(),
        namespace=_namespace(),
        pid=os.getpid(),
        started=_start_of(os.getpid()) or 0,
        detached=detached,
        ended=ended,
    )


def life_of(owner: Owner, here: Owner) -> Life:
    """Tell whether an owner lives; `here` is the process that asks."""
    if owner.ended:
        return Life.UNKNOWN if owner.detached else Life.DEAD
    if not here.boot or (owner.boot, owner.namespace) != (here.boot, here.namespace):
        return Life.UNKNOWN
    if owner.started == _start_of(owner.pid):
        return Life.ALIVE
    return Life.UNKNOWN if owner.detached or _is_hidden(owner.pid) else Life.DEAD


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _is_hidden(pid: int) -> bool:
    """Whether another user's process has the PID: /proc may be mounted so that it is not seen (hidepid)."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _start_of(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat (proc(5)); None for a process that is gone, or has ended and waits to be reaped."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state in ("Z", "X") else int(fields[18])
