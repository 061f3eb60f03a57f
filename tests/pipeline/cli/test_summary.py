"""What the terminal says, of outcomes by hand."""

from collections.abc import Sequence

from pipeline.cli.summary import slide_lines, total_lines
from pipeline.io.reports.report import conversion_report
from pipeline.io.reports.summary import job_summary
from pipeline.io.reports.tally import JobTally
from pipeline.model.config import Backend, ConversionConfig
from pipeline.model.reasons import Reason, Route
from pipeline.model.records import RunCounters, SlideOutcome
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.dicom.plans import instance_plan, slide_plan
from tests.io.reports.outcomes import all_kinds, published, written

REPORTS = "/out/_reports/job-1"


def summary(
    *outcomes: SlideOutcome, config: ConversionConfig | None = None, slides: int | None = None
) -> Sequence[str]:
    """Return what is said of a job of one wave that took two seconds."""
    config = config or ConversionConfig(output="/out")
    report = conversion_report(outcomes, config, "job-1")
    slides = slides or len(outcomes)
    tally = JobTally("job-1", config, slides=slides)
    tally.begin(slides=slides, bytes=0)
    tally.add(report, 2.0)
    return [
        *slide_lines(report, reports=REPORTS, slides=slides),
        *total_lines(job_summary(tally), config, reports=REPORTS, seconds=2.0),
    ]


def test_a_written_slide_has_its_folder_images_routes_certificate_and_notes() -> None:
    assert summary(published()) == [
        "sample.svs: written to /out/sample.svs",
        "  1 level (600 x 500 pixels), label",
        "  jpeg-baseline8-bit: level-0; htj2k-lossless-rpcl: label",
        "  6 of 10 frames passed through unchanged; encoded: "
        "missing-tile 1, jpeg-malformed 1, jpeg-not-baseline 1, untiled 1",
        "  certificate: 4 frames (a sample) read back from the files, each as it was",
        "  note: odd but fine",
        "1 slide written: 10 frames, 20 kB in 2.0 s",
        "Reports: /out/_reports/job-1/report.html",
    ]


def test_every_end_of_a_slide() -> None:
    lines = summary(*all_kinds())
    assert lines[:3] == [
        "bad.svs: failed (TileError), nothing of it is published",
        "  again with: python -m pipeline.run --input /slides/bad.svs --level 0",
        "none.svs: failed (SourceError), nothing of it is published",
    ]
    assert "old.svs: finished before with the same options, in /out/old.svs" in lines
    total = "1 slide written, 1 skipped, 2 failed (1 TileError, 1 SourceError): 10 frames, 20 kB in 2.0 s"
    assert total in lines


def test_a_job_of_many_slides_has_one_line_for_each() -> None:
    lines = summary(*all_kinds(), slides=2000)
    assert lines[:4] == [
        "bad.svs: failed (TileError), nothing of it is published",
        "none.svs: failed (SourceError), nothing of it is published",
        "old.svs: finished before with the same options, in /out/old.svs",
        "sample.svs: written to /out/sample.svs",
    ]
    assert lines[4].startswith("1 slide written")


def test_rates_are_told_of_several_slides() -> None:
    lines = summary(published(), published(uri="/slides/b.svs", slide_id="b.svs"))
    assert lines[-3:] == [
        "2 slides written: 20 frames, 40 kB in 2.0 s",
        "While converting: 3,600 slides/h, 3.46 MB/h read; 60% of the frames passed through",
        "Reports: /out/_reports/job-1/report.html",
    ]


def test_a_backend_that_is_not_there() -> None:
    config = ConversionConfig(output="/out", backend=Backend.PREFER_DEVICE)
    lines = summary(published(), config=config)
    assert "Frames were encoded on the CPU: this version has no device encoder" in lines


def test_nothing_passed() -> None:
    level = instance_plan(route=Route.ENCODE, reason=Reason.SYNTAX_REQUESTED)
    runs = (0, 9, RunCounters(routes={Route.ENCODE: 9}))
    lines = summary(published(plan=slide_plan(level), instances=(written(level, runs),)))
    assert "  9 frames encoded: syntax-requested 9" in lines


def test_recompressed_frames_and_what_they_save() -> None:
    level = instance_plan(route=Route.RECOMPRESSED, transfer_syntax=TransferSyntax.JPEG_XL_RECOMPRESSION)
    counters = RunCounters(routes={Route.RECOMPRESSED: 9}, jpeg_bytes=1_000_000, recompressed_bytes=800_000)
    lines = summary(published(plan=slide_plan(level), instances=(written(level, (0, 9, counters)),)))
    assert "  9 of 9 frames were recompressed from JPEG" in lines
    assert "  JPEG of 1 MB stored in 800 kB, 20.0% saved: each frame gives its JPEG back byte for byte" in lines
