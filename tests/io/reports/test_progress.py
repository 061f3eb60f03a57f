"""The board."""

from concurrent.futures import ThreadPoolExecutor

from pipeline.io.reports.progress import Progress, ProgressBoard
from pipeline.model.reasons import Route
from pipeline.model.records import Status


def test_calls_of_many_threads_add_up() -> None:
    board = ProgressBoard()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(500):
            pool.submit(board.expect, 2, 20)
            pool.submit(board.advance, 2, 20, 18, {Route.PASSTHROUGH: 1, Route.ENCODE: 1})
    assert board.snapshot() == Progress(
        expected_frames=1000,
        expected_bytes=10_000,
        frames=1000,
        bytes_in=10_000,
        bytes_out=9_000,
        routes={Route.PASSTHROUGH: 500, Route.ENCODE: 500},
    )


def test_a_slide_ends_once_and_a_new_job_begins_at_nothing() -> None:
    board = ProgressBoard()
    board.slide_done("a.svs", Status.FAILED)
    board.slide_done("a.svs", Status.PUBLISHED)
    board.slide_done("b.svs", Status.SKIPPED)
    before = board.snapshot()
    board.reset()
    assert before.slides == {"a.svs": Status.PUBLISHED, "b.svs": Status.SKIPPED}
    assert board.snapshot() == Progress()


def test_a_wave_begins_at_nothing_but_knows_how_many_slides_ended() -> None:
    board = ProgressBoard()
    board.found_slides(2)
    board.expect(5, 50)
    board.slide_done("a.svs", Status.FAILED, "SourceError")
    board.slide_done("b.svs", Status.PUBLISHED)
    assert board.snapshot().error_classes == {"a.svs": "SourceError"}
    board.next_wave()
    assert board.snapshot() == Progress(more_slides=2, ended_before={Status.FAILED: 1, Status.PUBLISHED: 1})


def test_a_slide_that_was_published_after_all_has_no_class() -> None:
    board = ProgressBoard()
    board.slide_done("a.svs", Status.FAILED, "SourceError")
    board.slide_done("a.svs", Status.PUBLISHED)
    assert board.snapshot().error_classes == {}
