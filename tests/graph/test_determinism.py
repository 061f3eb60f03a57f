"""The same slide and options give the same bytes: whatever the folder, the threads, the runs, the runner."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pydicom
import pytest

from pipeline.model.config import UidPolicy
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph.conversions import convert, published, staging_left, statuses
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding

SCRIPT = """
import json
import sys
from pathlib import Path
from tests.graph.conversions import convert, statuses
if __name__ == "__main__":
    slide, output, options, *beam = sys.argv[1:]
    report = convert(Path(slide), Path(output), *beam, run_frames=4, run_bytes=1 << 16, **json.loads(options))
    print(set(statuses(report).values()))
"""


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide whose base level passes, with a tile missing."""
    path = tmp_path_factory.mktemp("slide") / "s.svs"
    return build_sample_slide(path, columns=500, rows=400, tile=64, empty_tiles={11})


@pytest.fixture(scope="module")
def expected(slide: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return what one conversion wrote."""
    output = tmp_path_factory.mktemp("expected")
    convert(slide, output)
    return published(output)


def convert_elsewhere(slide: Path, output: Path, *beam: str, **options: Any) -> None:
    """Convert in a process of its own: the pool of threads is a process's."""
    script = output.with_suffix(".py")
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(slide), str(output), json.dumps(options), *beam]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=root, env=os.environ | {"PYTHONPATH": root}
    )
    assert done.stdout.strip().endswith("{'published'}"), done.stderr


def test_another_folder(slide: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
    copy = tmp_path / "elsewhere" / "s.svs"
    copy.parent.mkdir()
    copy.write_bytes(slide.read_bytes())
    convert(copy, tmp_path / "out")
    assert published(tmp_path / "out") == expected


@pytest.mark.parametrize("options", [{"run_frames": 1}, {"run_frames": 7}, {"run_frames": 64}, {"run_bytes": 1 << 16}])
@pytest.mark.parametrize("syntax", [None, TransferSyntax.HTJ2K_LOSSLESS_RPCL])
def test_other_runs(slide: Path, tmp_path: Path, options: dict[str, Any], syntax: TransferSyntax | None) -> None:
    for name, more in (("plain", {}), ("cut", options)):
        convert(slide, tmp_path / name, transfer_syntax=syntax, **more)
    assert published(tmp_path / "plain") == published(tmp_path / "cut")


@pytest.mark.parametrize("threads", [1, 2])
def test_other_threads(slide: Path, tmp_path: Path, expected: dict[str, bytes], threads: int) -> None:
    convert_elsewhere(slide, tmp_path / "out", threads=threads)
    assert published(tmp_path / "out") == expected


def test_direct_runner(slide: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
    """A switch that takes whichever local runner can be had."""
    report = convert(slide, tmp_path, "--runner=DirectRunner")
    assert statuses(report) == {"s.svs": "published"}
    assert report["engine"].startswith("DirectRunner (apache_beam.runners.")
    assert published(tmp_path) == expected
    assert staging_left(tmp_path) == []


@pytest.mark.slow
def test_several_worker_processes(slide: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
    """Keys and rows cross between processes; payloads do not."""
    beam = ("--runner=FnApiRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2")
    convert_elsewhere(slide, tmp_path / "out", *beam, threads=1)
    assert published(tmp_path / "out") == expected
    assert staging_left(tmp_path / "out") == []


def test_slides_of_one_job_and_of_several(slide: Path, tmp_path: Path, expected: dict[str, bytes]) -> None:
    other = build_sample_slide(tmp_path / "o.svs", columns=300, rows=200, tile=64, encoding=TileEncoding.J2K_33005)
    convert([other, slide], tmp_path / "together")
    convert(other, tmp_path / "alone")
    together = published(tmp_path / "together")
    assert {name: data for name, data in together.items() if name.startswith("s.svs/")} == expected
    assert {name: data for name, data in together.items() if name.startswith("o.svs/")} == published(tmp_path / "alone")


def uids(output: Path) -> set[str]:
    found = set()
    for file in sorted((output / "s.svs").iterdir()):
        header = pydicom.dcmread(file, stop_before_pixels=True)
        found |= {header.SOPInstanceUID, header.SeriesInstanceUID, header.StudyInstanceUID}
    return found


def test_fresh_uids_are_others_every_time(slide: Path, tmp_path: Path) -> None:
    """The salt is the job's; frames are the same."""
    seen: list[set[str]] = []
    for salt in ("one", "two"):
        convert(slide, tmp_path / salt, uid_policy=UidPolicy.FRESH, uid_salt=salt)
        seen.append(uids(tmp_path / salt))
    convert(slide, tmp_path / "plain")
    seen.append(uids(tmp_path / "plain"))
    assert len(set.union(*seen)) == sum(map(len, seen)) == 3 * (6 + 1 + 1)
    pixels = [pydicom.dcmread(tmp_path / name / "s.svs/level-0.dcm").PixelData for name in ("one", "plain")]
    assert pixels[0] == pixels[1]
