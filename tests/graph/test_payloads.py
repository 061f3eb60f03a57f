"""Pixels never cross a shuffle: what holds them cannot be pickled, and a conversion does not try to."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.io.runs.passing import pass_through
from pipeline.model.keys import RunKey, SlideInput
from pipeline.model.tiles import Frame, FrameRun, TileRun
from pipeline.transforms.run_work import RunWork
from tests.graph.conversions import convert, statuses
from tests.io.dicom.plans import instance_plan
from tests.sample import build_sample_slide

KEY = RunKey(
    slide=SlideInput(uri="s.svs", slide_id="s.svs"),
    fingerprint="f",
    instance="level-0",
    level=0,
    plane=0,
    first_tile=0,
    first_frame=0,
    frames=1,
    offset=None,
    predicted_bytes=0,
)
PAYLOADS: dict[str, Callable[[], Any]] = {
    "compressed tiles": lambda: TileRun(KEY, instance_plan(), [b"tile"]),
    "decoded tiles": lambda: TileRun(KEY, instance_plan(), pixels={0: np.zeros((4, 4, 3), np.uint8)}),
    "frames": lambda: FrameRun(KEY, instance_plan(), [Frame(b"head", b"body")], [], [0]),
}


@pytest.mark.parametrize("what", PAYLOADS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_payload_cannot_be_pickled(what: str, protocol: int) -> None:
    with pytest.raises(TypeError, match="never leaves its process"):
        pickle.dumps(PAYLOADS[what](), protocol)


@pytest.mark.parametrize("what", PAYLOADS)
def test_a_graph_that_would_carry_one_through_a_shuffle_fails(what: str) -> None:
    """So a stage that was not fused would be noticed at once."""
    make = PAYLOADS[what]
    pipeline = beam.Pipeline(runner=FnApiRunner())
    _ = pipeline | beam.Create([0]) | beam.Map(lambda _: make()) | beam.Reshuffle()
    with pytest.raises(Exception, match="never leaves its process"):
        pipeline.run().wait_until_finish()


def test_a_conversion_pickles_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Payloads come into being, and no pickler is ever asked to take one: it would have raised, or be counted here."""
    asked: list[str] = []
    for kind in (TileRun, FrameRun):

        def refuse(self: object, *_: object) -> None:
            asked.append(type(self).__name__)
            raise TypeError("a payload was pickled")

        monkeypatch.setattr(kind, "__reduce__", refuse)
        with pytest.raises(TypeError, match="a payload was pickled"):
            pickle.dumps(kind.__new__(kind))
    asked.clear()
    slide = build_sample_slide(tmp_path / "s.svs", columns=400, rows=300, tile=64)
    report = convert(slide, tmp_path / "out", run_frames=2, run_bytes=1 << 16)
    assert statuses(report) == {"s.svs": "published"}
    assert report["metrics"]["frames_by_route"]["passthrough"] > 20
    assert report["metrics"]["frames_by_route"]["encode"] == 3
    assert asked == []


def test_what_passes_between_the_stages_can_be_pickled() -> None:
    """It is a key and the names of functions: a runner that does not fuse them is slow, not wrong."""
    work = RunWork(KEY).then("CheckPassthrough", pass_through)
    data = pickle.dumps(work)
    assert pickle.loads(data) == work  # noqa: S301
    assert len(data) < 1000
