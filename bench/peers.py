"""wsidicomizer, from the package index, in a virtual environment where its dependencies meet none of ours."""

import os
import shutil
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

WSIDICOMIZER = "wsidicomizer==0.26.1"
"""The version whose figures the targets were set against."""


def ensure_wsidicomizer(folder: Path) -> Path | None:
    """Return the path of the peer's command, installed now if need be; where it cannot run say why and return None."""
    if not _ensure_turbojpeg():
        return None
    command = folder / "bin" / "wsidicomizer"
    if not command.exists():
        print(f"installing {WSIDICOMIZER} into {folder} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*pip, WSIDICOMIZER], check=False).returncode:
            shutil.rmtree(folder)
            print(f"without wsidicomizer: {WSIDICOMIZER} could not be installed (see above)")
            return None
    return command


def _ensure_turbojpeg() -> bool:
    """Make sure that the system has TurboJPEG's library, which wsidicomizer loads and no wheel brings."""
    if find_library("turbojpeg"):
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("installing libturbojpeg0 ...", flush=True)
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "libturbojpeg0"]):
            apt = ["apt-get", "-qq", *command]
            subprocess.run(apt, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if find_library("turbojpeg"):
        return True
    print("without wsidicomizer: it needs the library TurboJPEG (Debian: apt-get install libturbojpeg0)")
    return False
