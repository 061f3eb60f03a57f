"""`make demo-gcs`: convert a slide to gs:// in an emulator, list what was written, and verify it from there."""

import os
import subprocess
import sys
from collections.abc import Sequence

from pipeline.io.storage.gcs import GcsBucket
from tests import emulators

VERIFY = "from pipeline.cli.main import entry_point; entry_point()"


def main(arguments: Sequence[str]) -> int:
    """Take the slide's path and return the exit code of the last command."""
    (slide,) = arguments
    program = emulators.fake_gcs_server()
    with emulators.fake_gcs(program) if program else emulators.gcp_storage_emulator() as url:
        print(f"{program or 'gcp-storage-emulator'} serves {url}", flush=True)
        emulators.use_gcs(url, os.environ.__setitem__)
        output = f"gs://{emulators.BUCKET}/demo"
        commands = (
            ["-m", "pipeline.run", "--input", slide, "--output", output, "--research-placeholder"],
            ["-c", VERIFY, "verify", output, slide],
        )
        code = subprocess.run([sys.executable, *commands[0]], check=False).returncode
        if code:
            return code
        print("\nWritten:")
        for facts in GcsBucket(emulators.BUCKET).listed("demo/"):
            print(f"{facts.bytes:>12,}  gs://{emulators.BUCKET}/{facts.key}")
        print(flush=True)
        return subprocess.run([sys.executable, *commands[1]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
