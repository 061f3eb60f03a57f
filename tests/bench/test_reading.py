"""The row on reading: same places for all, and verdicts that follow from the medians of the same run."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.reading import Reader, ReadingResult, read_regions
from pipeline.io.reader import FolderClient, find_slides
from tests.graph.conversions import convert


def result(**rates: Sequence[float]) -> ReadingResult:
    """Return a result of rates by the readers' names."""
    by_reader = {Reader(name): values for name, values in rates.items()}
    return ReadingResult(slide="a.svs", rates=by_reader, cpu_rates=by_reader, load=0.5)


def test_verdicts_are_of_medians() -> None:
    found = result(slidebeam=[80, 500, 90], openslide=[100, 100, 900], wsidicom=[91, 91, 91])
    assert found.verdicts() == [
        "rate: 0.90 x openslide, at least 0.8 x: met",
        "rate: 0.99 x wsidicom, at least 1 x: MISSED",
    ]
    assert "| openslide | 100 | 100 | 1.11 |" in found.markdown()
    assert found.record()["regions_a_second"] == {
        "slidebeam": [80, 500, 90],
        "openslide": [100, 100, 900],
        "wsidicom": [91, 91, 91],
    }


def test_a_peer_that_did_not_run_has_no_verdict() -> None:
    assert result(slidebeam=[80], openslide=[90]).verdicts()[1] == "rate: at least 1 x wsidicom, which did not run"


@pytest.mark.parametrize("reader", Reader)
def test_every_reader_reads_the_regions(reader: Reader, sample_slide: Path, tmp_path: Path) -> None:
    convert(sample_slide, tmp_path)
    series = str(tmp_path / sample_slide.name)
    assert len(find_slides(FolderClient(series))) == 1
    found = read_regions(reader, series)
    assert min(found["rate"], found["cpu_rate"]) > 0
