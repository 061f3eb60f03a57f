"""A slide that is lost to its store or its decoder is not tried further; the same slide written anew is."""

import dataclasses

import pytest

from pipeline.model.keys import SlideInput
from pipeline.model.records import Failure
from pipeline.transforms.process import LOST_SLIDES, note_lost

SLIDE = SlideInput(uri="/in/s.svs", slide_id="s.svs", stamp="1")


def failure(kind: str) -> Failure:
    return Failure(
        uri=SLIDE.uri,
        slide_id=SLIDE.slide_id,
        stage="StageFrames",
        level=0,
        frame=0,
        error_class=kind,
        message="it is lost",
        reproduce="",
    )


@pytest.mark.parametrize("kind", ["StorageError", "DecoderCrash", "DecoderTimeout"])
def test_a_lost_slide_is_known_by_its_stamp_and_its_job(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.transforms.process.LOST_SLIDES", lost := dict(LOST_SLIDES))
    note_lost(failure(kind), "watch", SLIDE)
    assert lost.get(("watch", SLIDE)) == failure(kind)
    assert ("watch", dataclasses.replace(SLIDE, stamp="2")) not in lost
    assert ("another", SLIDE) not in lost


def test_a_bad_tile_does_not_lose_its_slide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.transforms.process.LOST_SLIDES", lost := dict(LOST_SLIDES))
    note_lost(failure("TileError"), "watch", SLIDE)
    assert not lost
