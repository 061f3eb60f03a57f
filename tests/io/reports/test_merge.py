"""Reports of waves as one."""

import pytest

from pipeline.io.reports.merge import merged_report
from tests.io.reports.waves import wave_report


def test_lists_are_joined_and_figures_added() -> None:
    one = wave_report(["a.svs", "b.svs"], counters={"slides_published": 2})
    two = wave_report(["c.svs"], failed={"d.svs": "SourceError"}, counters={"slides_published": 1})
    one["metrics"]["rss_bytes"], two["metrics"]["rss_bytes"] = 5, 7
    merged = merged_report([one, two])
    assert set(merged) == set(one)
    assert [slide["slide_id"] for slide in merged["slides"]] == ["a.svs", "b.svs", "c.svs", "d.svs"]
    assert [(i["slide_id"], i["name"]) for i in merged["instances"]] == [
        (slide, name) for slide in ("a.svs", "b.svs", "c.svs") for name in ("level-0", "label")
    ]
    assert [failure["slide_id"] for failure in merged["failures"]] == ["d.svs"]
    assert merged["metrics"]["total_frames"] == 30
    assert merged["metrics"]["frames_by_reason"]["untiled"]["frames"] == 3
    assert merged["metrics"]["rss_bytes"] == 7
    assert merged["counters"] == {"slides_published": 3}


def test_what_the_last_wave_says_of_a_slide_counts() -> None:
    one = wave_report(["a.svs"], failed={"b.svs": "StorageError", "c.svs": "SourceError"})
    merged = merged_report([one, wave_report(["b.svs"])])
    assert {slide["slide_id"]: slide["status"] for slide in merged["slides"]} == {
        "a.svs": "published",
        "b.svs": "published",
        "c.svs": "failed",
    }
    assert [failure["slide_id"] for failure in merged["failures"]] == ["c.svs"]


def test_one_report_is_itself_and_none_is_an_error() -> None:
    report = wave_report(["a.svs"])
    assert merged_report([report]) == report
    with pytest.raises(ValueError, match="no report"):
        merged_report([])
