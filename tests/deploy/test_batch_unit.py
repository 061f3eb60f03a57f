"""The unit of the batch converter: systemd reads it, and what it starts is what the command line takes."""

import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from pipeline.batch.settings import batch_settings

UNIT = Path(__file__).resolve().parents[2] / "configs" / "deploy" / "systemd" / "batch_converter.service"
TEXT = UNIT.read_text("utf-8")


def values(name: str) -> list[str]:
    """Return the values of a setting of the unit."""
    return re.findall(rf"^{name}=(.*)$", TEXT, re.MULTILINE)


def test_bc19_the_unit_watches_its_three_folders() -> None:
    (command,) = values("ExecStart")
    program, subcommand, *arguments = shlex.split(command)
    assert (program, subcommand) == ("/opt/slidebeam/bin/slidebeam", "batch")
    settings = batch_settings(arguments, dict(pair.split("=", 1) for pair in values("Environment")), "slidebeam batch")
    assert settings.watch
    folders = [str(folder) for folder in (settings.inbox, settings.serving, settings.archive)]
    for name in ("RequiresMountsFor", "ReadWritePaths"):
        assert [value.split() for value in values(name)] == [folders]


def test_bc19_the_unit_stops_with_a_signal_that_is_heeded() -> None:
    assert values("KillSignal") == [signal.SIGTERM.name]
    assert values("Restart") == ["on-failure"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_bc19_systemd_reads_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(TEXT.replace("/opt/slidebeam/bin/slidebeam", "/bin/true").replace("User=slidebeam\n", ""), "utf-8")
    command = ["systemd-analyze", "verify", "--recursive-errors=no", "--man=no", str(copy)]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr
    assert UNIT.name not in verified.stderr, verified.stderr
