"""A folder on a disk keeps the contract of stores, and says so when the disk does not play along."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from pipeline.io.storage.local import LocalStore
from pipeline.model.errors import OutputExists, StorageError
from tests.contracts.storage import HEADER, SLIDE, TRAILER, OutputStoreContract, stage_in_place


class TestLocalStore(OutputStoreContract):
    """The contract, and what only a disk has."""

    def make_store(self, root: Path, job: str) -> LocalStore:
        """Return the store of a job in a folder."""
        return LocalStore(str(root), job)

    def read_published(self, root: Path, slide_id: str, file_name: str) -> bytes:
        """Read the file; while its folder is exchanged the path always leads to one."""
        return (root / slide_id / file_name).read_bytes()

    def top_level(self, root: Path) -> set[str]:
        """List the folder."""
        return {path.name for path in root.iterdir()}

    def leftovers(self, root: Path) -> list[str]:
        """List `_staging` with all that is in it."""
        return [str(path) for path in root.rglob("*") if "_staging" in path.parts]

    def test_what_a_job_cannot_clean_is_told_and_fails_nobody(
        self, store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Its slides are published; what stays is for the next job. Root is refused nothing, so the refusal is ours."""
        self.stage_series(store)

        def refuse(path: Path, missing_ok: bool = False) -> None:
            raise OSError(errno.EROFS, "Read-only file system")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", refuse)
            store.clean_job()
        assert "what job job staged could not be removed: " in caplog.text
        assert "Read-only file system" in caplog.text
        assert store.staged_files("job")
        store.clean_job()
        assert self.leftovers(tmp_path) == []

    def test_a_file_that_is_taken_away_before_it_is_renamed_is_written_again(
        self, store: LocalStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another job removes what is nobody's yet file by file: for a moment its folder stands there, empty."""
        replace = os.replace
        taken: list[Path] = []

        def replace_late(source: Path, target: Path) -> None:
            if not taken:
                taken.append(source)
                source.unlink()
            replace(source, target)

        monkeypatch.setattr(os, "replace", replace_late)
        store.write_job_file("owner.json", b"{}")
        assert taken
        assert store.read_job_file("owner.json") == b"{}"

    def test_an_empty_folder_is_no_series(self, store: LocalStore, tmp_path: Path) -> None:
        """It may have been made beforehand, with rights of its own."""
        (tmp_path / SLIDE).mkdir(parents=True)
        assert not store.exists(SLIDE)
        sizes = self.stage_series(store)
        store.publish(SLIDE, overwrite=False)
        assert store.published_sizes(SLIDE) == sizes

    def test_a_file_in_the_place_of_the_series_counts(self, store: LocalStore, tmp_path: Path) -> None:
        """It is refused, and replaced when asked."""
        place = tmp_path / SLIDE
        place.parent.mkdir()
        place.write_text("somebody's notes")
        assert store.exists(SLIDE)
        sizes = self.stage_series(store)
        with pytest.raises(OutputExists):
            store.publish(SLIDE, overwrite=False)
        assert place.read_text() == "somebody's notes"
        store.publish(SLIDE, overwrite=True)
        store.clean(SLIDE)
        assert store.published_sizes(SLIDE) == sizes
        assert self.leftovers(tmp_path) == []

    def test_in_place_costs_no_copy(self, store: LocalStore, tmp_path: Path) -> None:
        """The file that the runs were written to is the one that is published."""
        ranges = stage_in_place(store, "level-0", [[b"a" * 5000], [b"b" * 5000]], [1, 0])
        inode = os.stat(ranges[0].uri).st_ino
        target = store.assemble(SLIDE, "level-0.dcm", HEADER, ranges, TRAILER)
        assert os.stat(target).st_ino == inode
        assert not Path(ranges[0].uri).exists()

    def test_bytes_of_a_longer_attempt_do_not_stay_behind_the_trailer(self, store: LocalStore, tmp_path: Path) -> None:
        """A file is exactly as long as its parts."""
        store.stage_run(SLIDE, "level-0", 0, [b"x" * 9000], len(HEADER))
        ranges = stage_in_place(store, "level-0", [[b"short"]], [0])
        store.assemble(SLIDE, "level-0.dcm", HEADER, ranges, TRAILER)
        store.publish(SLIDE, overwrite=False)
        assert self.read_published(tmp_path, SLIDE, "level-0.dcm") == HEADER + b"short" + TRAILER

    def test_an_output_that_cannot_be_written_is_a_storage_error_with_a_cause(self, tmp_path: Path) -> None:
        """A file stands where the output should be; every way of writing says which path and why."""
        (tmp_path / "out").write_text("a file")
        store = LocalStore(str(tmp_path / "out"), "job")
        ways = (
            lambda: store.stage_run(SLIDE, "l", 0, [b"x"], None),
            lambda: store.stage_digests(SLIDE, "l", 0, bytes(16)),
            lambda: store.assemble(SLIDE, "l.dcm", b"", [], b""),
            lambda: store.publish(SLIDE, overwrite=False),
            lambda: store.write_record(SLIDE, "{}"),
            lambda: store.write_report("r.json", b""),
        )
        for way in ways:
            with pytest.raises(StorageError, match=r"out.*Not a directory"):
                way()
        store.clean(SLIDE)
        assert (tmp_path / "out").read_text() == "a file"

    def test_a_disk_that_is_full_is_a_storage_error(self, tmp_path: Path) -> None:
        """`/dev/full` is a disk without space."""
        full = Path("/dev/full")
        if not full.exists():
            pytest.skip("there is no /dev/full here")
        store = LocalStore(str(tmp_path), "job")
        part = store.stage_run(SLIDE, "l", 0, [b"x"], None)
        shared = Path(store.stage_run(SLIDE, "full", 0, [b"x"], 100).uri)
        shared.unlink()
        shared.symlink_to(full)
        with pytest.raises(StorageError, match="No space left"):
            store.stage_run(SLIDE, "full", 0, [b"y" * 100], 100)
        assert Path(part.uri).read_bytes() == b"x"

    def test_the_staging_folder_may_be_gone_when_it_is_cleaned(self, store: LocalStore, tmp_path: Path) -> None:
        """Somebody tidied up by hand."""
        self.stage_series(store)
        shutil.rmtree(tmp_path / "_staging")
        store.clean(SLIDE)
        assert self.leftovers(tmp_path) == []
