"""What configs/deploy shows is what the command line takes, and what systemd, cron and bash read."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.options import conversion_parser

DEPLOY = Path(__file__).resolve().parents[2] / "configs" / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
_COMMAND = re.compile(r"/opt/slidebeam/bin/slidebeam convert (.*)")


def commands(path: Path) -> list[list[str]]:
    """Return the arguments of each conversion that a file starts; lines that end in a backslash go on."""
    text = path.read_text().replace("\\\n", " ")
    return [shlex.split(arguments) for arguments in _COMMAND.findall(text)]


@pytest.mark.parametrize(
    "path",
    [*(unit for unit in UNITS if unit.name != "batch_converter.service"), *sorted((DEPLOY / "cron").iterdir())],
    ids=lambda path: path.name,
)
def test_conversions_have_options_that_exist(path: Path) -> None:
    found = commands(path)
    assert found or path.suffix == ".timer"
    for arguments in found:
        values, rest = conversion_parser("slidebeam convert").parse_known_args(arguments)
        assert not rest
        assert values.input
        assert values.output == "/srv/slides/dicom"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_reads_the_units(unit: Path, tmp_path: Path) -> None:
    """The program and the user are the reader's own: stand-ins that are here."""
    for path in UNITS:
        text = path.read_text().replace("/opt/slidebeam/bin/slidebeam", "/bin/true").replace("User=slidebeam\n", "")
        (tmp_path / path.name).write_text(text)
    command = ["systemd-analyze", "verify", "--recursive-errors=no", "--man=no", str(tmp_path / unit.name)]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in verified.stderr.splitlines() if "slidebeam" in line]
    assert not told
    assert verified.returncode == 0, verified.stderr


@pytest.mark.parametrize("script", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.name)
def test_shell_reads_the_scripts(script: Path) -> None:
    read = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr


def test_a_cron_line_has_five_times_a_user_and_a_command() -> None:
    lines = (DEPLOY / "cron" / "slidebeam.cron").read_text().splitlines()
    (line,) = [line for line in lines if line and not re.match(r"#|\w+=", line)]
    *times, user, command = line.split(maxsplit=6)
    assert times == ["0", "20", "*", "*", "*"]
    assert user == "slidebeam"
    assert "%" not in command  # cron makes a newline of it
