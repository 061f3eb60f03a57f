"""What every output store must do with records, reports and what is left of jobs."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.io.storage.contract import OutputStore
from pipeline.model.errors import StorageError
from tests.contracts.storage_base import SLIDE, StoreContract


class UpkeepContract(StoreContract):
    """Records, reports and cleaning."""

    # records and reports

    def test_a_record_is_the_last_one_written(self, store: OutputStore) -> None:
        """No record is None; texts come back letter by letter."""
        assert store.read_record(SLIDE) is None
        for text in ("{}\n", "ein Präparat, 標本\n" * 50, ""):
            store.write_record(SLIDE, text)
            assert store.read_record(SLIDE) == text
        assert store.read_record("cohort/another.svs") is None

    def test_a_record_that_another_job_wrote_is_not_replaced(self, tmp_path: Path) -> None:
        """Who publishes says which record it saw; once more with the same text is no error."""
        one, other = self.make_store(tmp_path, "one"), self.make_store(tmp_path, "other")
        for _ in range(2):
            one.replace_record(SLIDE, None, "one")
        with pytest.raises(StorageError, match="another job"):
            other.replace_record(SLIDE, None, "other")
        assert other.read_record(SLIDE) == "one"
        for _ in range(2):
            other.replace_record(SLIDE, "one", "other")
        with pytest.raises(StorageError, match="another job"):
            one.replace_record(SLIDE, "one", "done")
        assert one.read_record(SLIDE) == "other"

    def test_a_record_is_always_whole(self, store: OutputStore) -> None:
        """Who reads while others write sees one of the texts."""
        texts = [letter * 50_000 for letter in "abc"]
        store.write_record(SLIDE, texts[0])
        stop = threading.Event()

        def write(text: str) -> None:
            while not stop.is_set():
                store.write_record(SLIDE, text)

        with ThreadPoolExecutor(3) as pool:
            writers = [pool.submit(write, text) for text in texts]
            seen = {store.read_record(SLIDE) for _ in range(5 * self.turns)}
            stop.set()
            for writer in writers:
                writer.result()
        assert seen <= set(texts)

    def test_a_report_is_written_and_replaced(self, store: OutputStore) -> None:
        """Its URI names it; writing again replaces."""
        uris = {store.write_report("job/report.json", data) for data in (b"long, long ago", b"now")}
        assert len(uris) == 1
        assert store.read_report("job/report.json") == b"now"

    def test_a_report_that_was_not_written_is_a_storage_error(self, store: OutputStore) -> None:
        """Nobody takes an empty one for it."""
        with pytest.raises(StorageError, match=r"report\.json"):
            store.read_report("job/report.json")

    # cleaning

    def test_cleaning_is_idempotent_and_keeps_what_is_published(self, store: OutputStore, tmp_path: Path) -> None:
        """Also when there was nothing to clean."""
        store.clean(SLIDE)
        sizes = self.stage_series(store)
        store.publish(SLIDE, overwrite=False)
        store.write_record(SLIDE, "{}")
        for _ in range(3):
            store.clean(SLIDE)
            assert self.leftovers(tmp_path) == []
        assert store.published_sizes(SLIDE) == sizes
        assert store.read_record(SLIDE) == "{}"

    def test_cleaning_leaves_other_slides_and_jobs_alone(self, tmp_path: Path) -> None:
        """Slides of one folder, and other jobs, are under way meanwhile."""
        store, other = self.make_store(tmp_path, "job"), self.make_store(tmp_path, "other")
        slides = [SLIDE, "cohort/b.svs", "cohort/a slide.svs.tiff", "c.svs"]
        sizes = [self.stage_series(store, name.encode(), name) for name in slides]
        theirs = self.stage_series(other)
        store.clean(SLIDE)
        assert store.staged_sizes(SLIDE, "job") == {}
        assert [store.staged_sizes(name, "job") for name in slides[1:]] == sizes[1:]
        assert other.staged_sizes(SLIDE, "other") == theirs
        for name in slides[1:]:
            store.clean(name)
        other.clean(SLIDE)
        assert self.leftovers(tmp_path) == []

    def test_all_of_a_job_can_be_cleaned(self, tmp_path: Path) -> None:
        """One that is stopped leaves nothing, whatever slides it was at, and others are left alone."""
        store, other = self.make_store(tmp_path, "job"), self.make_store(tmp_path, "other")
        for name in (SLIDE, "c.svs"):
            self.stage_series(store, slide_id=name)
        theirs = self.stage_series(other)
        for _ in range(2):
            store.clean_job()
        assert [store.staged_sizes(name, "job") for name in (SLIDE, "c.svs")] == [{}, {}]
        assert other.staged_sizes(SLIDE, "other") == theirs
        other.clean_job()
        assert self.leftovers(tmp_path) == []

    def test_an_output_that_is_prepared_is_empty(self, store: OutputStore, tmp_path: Path) -> None:
        """It was only tried whether it can be written; again is no error."""
        for _ in range(2):
            store.prepare()
        assert self.leftovers(tmp_path) == []
        assert not store.exists(SLIDE)

    def test_series_in_each_other_are_found_by_their_records(self, store: OutputStore) -> None:
        """A series may not lie in the place of another, or around it."""
        store.write_record("cohort/a.svs", "{}")
        assert store.overlapping("cohort/a.svs/scene-1") == "cohort/a.svs"
        assert store.overlapping("cohort") == "cohort/a.svs"
        assert store.overlapping("cohort/a.svs") is None
        assert store.overlapping("cohort/a.sv") is None

    def test_what_a_dead_job_left_can_be_cleaned(self, tmp_path: Path) -> None:
        """By the job that finished its slide."""
        dead, alive = self.make_store(tmp_path, "dead"), self.make_store(tmp_path, "alive")
        self.stage_series(dead)
        sizes = self.stage_series(alive)
        alive.clean(SLIDE, "dead")
        assert alive.staged_sizes(SLIDE, "dead") == {}
        assert alive.staged_sizes(SLIDE, "alive") == sizes
        alive.clean(SLIDE, "never was")
        alive.clean(SLIDE)
        assert self.leftovers(tmp_path) == []

    # what other jobs left

    def test_what_is_staged_is_known_by_job_and_slide(self, tmp_path: Path) -> None:
        """Of slides in folders, too, and whatever a slide is called."""
        store, other = self.make_store(tmp_path, "job"), self.make_store(tmp_path, "other")
        assert store.staged_jobs() == []
        slides = [SLIDE, "parts/series/digests", "x/parts"]
        for name in slides:
            self.stage_series(other, slide_id=name)
            other.stage_digests(name, "level-0", 0, bytes(16))
        other.write_job_file("slides.jsonl", b"12345")
        assert store.staged_jobs() == ["other"]
        assert store.staged_files("job") == store.staged_files("never was") == []
        files = store.staged_files("other")
        assert {file.slide_id for file in files} == {*slides, ""}
        (own,) = [file for file in files if not file.slide_id]
        assert (own.name, own.bytes, own.is_temporary) == ("_job/slides.jsonl", 5, False)
        assert abs(own.changed - store.clock()) < 60
        assert other.staged_jobs() == ["other"]

    def test_what_another_job_left_can_be_removed_in_part(self, tmp_path: Path) -> None:
        """What was not named stays; the rest can go later, and again is no error."""
        store, dead = self.make_store(tmp_path, "job"), self.make_store(tmp_path, "dead")
        self.stage_series(dead, slide_id="goes.svs")
        sizes = self.stage_series(dead, slide_id="stays.svs")
        dead.write_job_file("owner.json", b"{}")
        files = store.staged_files("dead")
        store.remove_staged("dead", [file for file in files if file.slide_id == "goes.svs"])
        assert store.staged_sizes("goes.svs", "dead") == {}
        assert store.staged_sizes("stays.svs", "dead") == sizes
        assert store.read_job_file("owner.json", "dead") == b"{}"
        for _ in range(2):
            store.remove_staged("dead", files)
        assert store.staged_jobs() == []
        assert self.leftovers(tmp_path) == []

    def test_what_comes_while_it_is_removed_stays(self, tmp_path: Path) -> None:
        """Only what was seen goes, so that nobody loses what he has just written."""
        store, other = self.make_store(tmp_path, "job"), self.make_store(tmp_path, "other")
        other.write_job_file("seen", b"")
        files = store.staged_files("other")
        other.write_job_file("new", b"new")
        store.remove_staged("other", files)
        assert store.read_job_file("new", "other") == b"new"
        with pytest.raises(StorageError):
            store.read_job_file("seen", "other")

    def test_job_files_are_written_while_others_clean(self, tmp_path: Path) -> None:
        """A job's folder may be taken for nobody's before its owner stands in it: then it is made again."""
        store, other = self.make_store(tmp_path, "job"), self.make_store(tmp_path, "other")
        stop = threading.Event()

        def sweep() -> None:
            while not stop.is_set():
                for job in store.staged_jobs():
                    store.remove_staged(job, [file for file in store.staged_files(job) if file.is_temporary])

        with ThreadPoolExecutor(1) as pool:
            sweeping = pool.submit(sweep)
            try:
                for turn in range(self.turns):
                    other.write_job_file("owner.json", str(turn).encode())
                    assert store.read_job_file("owner.json", "other") == str(turn).encode()
                    other.remove_job_file("owner.json")
            finally:
                stop.set()
            sweeping.result()

    def test_an_output_without_uploads_gives_up_none(self, store: OutputStore) -> None:
        """Only stores that keep uploads nobody ended have any."""
        assert store.abandon_uploads(0) == 0

    def test_a_run_can_be_staged_while_another_slide_is_cleaned(self, store: OutputStore) -> None:
        """Cleaning takes empty folders away under the feet of those who make them."""
        stop = threading.Event()

        def stage_and_clean(name: str) -> int:
            count = 0
            while not stop.is_set() or not count:
                store.stage_run(name, "l", 0, [b"x"], None)
                store.clean(name)
                count += 1
            return count

        with ThreadPoolExecutor(4) as pool:
            turns = [pool.submit(stage_and_clean, f"cohort/{i}.svs") for i in range(4)]
            threading.Timer(0.5, stop.set).start()
            assert all(turn.result() for turn in turns)
