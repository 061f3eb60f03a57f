"""Where frames will stand is known before they are written, or is not predicted at all."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.planning import plan_slide
from pipeline.io.planning.offsets import predicted_offsets
from pipeline.io.runs.opened import OpenedSlides
from pipeline.io.sources import open_source
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from tests.graph.conversions import convert
from tests.sample import build_sample_slide
from tests.sample_tiles import TileEncoding


@pytest.mark.parametrize("encoding", [e for e in TileEncoding if e is not TileEncoding.J2K_33003])
@pytest.mark.parametrize("empty", [(), (0, 5, 34)])
def test_frames_stand_where_they_were_predicted(tmp_path: Path, encoding: TileEncoding, empty: tuple[int, ...]) -> None:
    slide = build_sample_slide(
        tmp_path / "s.svs", columns=400, rows=300, tile=64, encoding=encoding, empty_tiles=empty, associated=False
    )
    convert(slide, tmp_path / "out")
    config = ConversionConfig(output="elsewhere", research_placeholder=True)
    opened = OpenedSlides()
    with opened.lease(SlideInput(uri=str(slide), slide_id="s.svs"), config) as found:
        for instance in found.plan.instances:
            background = len(found.background_frame(instance))
            predicted = predicted_offsets(found.source, found.plan, instance, background)
            assert predicted is not None
            file = tmp_path / "out/s.svs" / instance.file_name
            index = FrameIndex.read(file)
            assert predicted[:-1].tolist() == (index.offsets.astype(np.int64) - 8).tolist()
            assert predicted[-1] == file.stat().st_size - 8  # the sequence delimiter follows
    opened.close()


def test_frames_that_are_encoded_are_not_predicted(tmp_path: Path) -> None:
    slide = build_sample_slide(tmp_path / "s.svs", columns=400, rows=300, tile=64)
    config = ConversionConfig(output="out", research_placeholder=True)
    with open_source(str(slide)) as source:
        plan = plan_slide(source, SlideInput(uri=str(slide), slide_id="s.svs"), config)
        predictions = {i.name: predicted_offsets(source, plan, i, 8) is not None for i in plan.instances}
    passing = dict.fromkeys(("level-0", "level-1", "level-2"), True)
    assert predictions == passing | dict.fromkeys(("thumbnail", "label", "overview"), False)
