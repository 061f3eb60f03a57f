"""What every output store must do. A test class of a store derives from `OutputStoreContract` and says how to make one.

The suite knows a store by its contract alone: what is published is asked for through `published_sizes` and through
`read_published`, which the deriving class gives. A store of objects changes one object in one step, a disk a folder:
what is said of readers here is what both keep.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.storage.contract import ByteRange, OutputStore
from pipeline.model.errors import OutputExists, SourceError, StorageError
from tests.contracts.storage_base import HEADER, SLIDE, TRAILER
from tests.contracts.storage_upkeep import UpkeepContract

__all__ = ["HEADER", "SLIDE", "TRAILER", "OutputStoreContract", "stage_in_place"]

RUNS = st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=5), min_size=1, max_size=8)
"""Runs of buffers; any of them, and any run, may be empty."""

SHARED_FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
"""Examples leave nothing behind, and are the same for every class that derives."""

fast_examples = settings(max_examples=15, suppress_health_check=SHARED_FIXTURES)


def run_bytes(run: list[bytes]) -> bytes:
    return b"".join(run)


def offsets_of(runs: list[list[bytes]], start: int) -> list[int]:
    """Return where each run begins when they stand behind each other from a start on."""
    offsets = [start]
    for run in runs:
        offsets.append(offsets[-1] + len(run_bytes(run)))
    return offsets


def stage_in_place(store: OutputStore, name: str, runs: list[list[bytes]], order: list[int]) -> list[ByteRange]:
    """Stage each run at its place of the finished object, in an order of their own."""
    offsets = offsets_of(runs, len(HEADER))
    ranges = {i: store.stage_run(SLIDE, name, i, runs[i], offsets[i]) for i in order}
    return [ranges[i] for i in range(len(runs))]


def stage_parts(store: OutputStore, name: str, runs: list[list[bytes]], order: list[int]) -> list[ByteRange]:
    """Stage each run as a part, in an order of their own."""
    ranges = {i: store.stage_run(SLIDE, name, i, runs[i], None) for i in order}
    return [ranges[i] for i in range(len(runs))]


class OutputStoreContract(UpkeepContract):
    """Derive from it and give `make_store` and the three methods behind it in `StoreContract`."""

    # staging

    @given(runs=RUNS, seed=st.randoms(use_true_random=False))
    @fast_examples
    def test_in_place_and_joined_objects_are_the_same_bytes(
        self, tmp_path_factory: pytest.TempPathFactory, runs: list[list[bytes]], seed: Random
    ) -> None:
        """Whatever the order, the lengths and the way: header, runs in order, trailer."""
        root = tmp_path_factory.mktemp("store")
        store = self.make_store(root, "job")
        order = list(range(len(runs)))
        seed.shuffle(order)
        placed = stage_in_place(store, "placed", runs, order)
        parts = stage_parts(store, "parts", runs, order)
        mixed = stage_in_place(store, "mixed", runs, order)
        mixed[1::2] = parts[1::2]
        store.assemble(SLIDE, "mixed.dcm", HEADER, mixed, TRAILER)
        store.assemble(SLIDE, "placed.dcm", HEADER, placed, TRAILER)
        store.assemble(SLIDE, "parts.dcm", HEADER, parts, TRAILER)
        store.publish(SLIDE, overwrite=False)
        expected = HEADER + b"".join(map(run_bytes, runs)) + TRAILER
        for name in ("placed.dcm", "parts.dcm", "mixed.dcm"):
            assert self.read_published(root, SLIDE, name) == expected
        assert store.published_sizes(SLIDE) == dict.fromkeys(("mixed.dcm", "parts.dcm", "placed.dcm"), len(expected))

    def test_a_header_of_another_length_than_predicted_is_joined(self, store: OutputStore, tmp_path: Path) -> None:
        """Runs that stand too far back, or too far in front, for their header are moved."""
        runs = [[b"first"], [b"second"]]
        for name, header in (("shorter", HEADER[:-1]), ("longer", HEADER + b"more"), ("none", b"")):
            placed = stage_in_place(store, name, runs, [0, 1])
            store.assemble(SLIDE, f"{name}.dcm", header, placed, TRAILER)
        store.publish(SLIDE, overwrite=False)
        for name, header in (("shorter", HEADER[:-1]), ("longer", HEADER + b"more"), ("none", b"")):
            assert self.read_published(tmp_path, SLIDE, f"{name}.dcm") == header + b"firstsecond" + TRAILER

    def test_a_range_says_where_the_bytes_are(self, store: OutputStore) -> None:
        """Offset and length are those of the run; parts of two attempts have names of their own."""
        assert store.stage_run(SLIDE, "level-0", 7, [b"abc", b"", b"de"], 4096)[1:] in ((4096, 5), (0, 5))
        first = store.stage_run(SLIDE, "level-0", 7, [b"abc", b"de"], None)
        second = store.stage_run(SLIDE, "level-0", 7, [b"abc", b"de"], None)
        assert first[1:] == second[1:] == (0, 5)
        assert first.uri != second.uri

    def test_a_run_that_is_staged_twice_counts_once(self, store: OutputStore, tmp_path: Path) -> None:
        """A bundle that is run again writes the same again; only the rows that are assembled count."""
        runs = [[b"one"], [b"two", b"2"], [b"three"]]
        stage_in_place(store, "placed", runs, [0, 1, 2])
        placed = stage_in_place(store, "placed", runs, [2, 0, 1])
        stage_parts(store, "parts", [[b"an attempt that died"], [b""], [b"x"]], [0, 1, 2])
        parts = stage_parts(store, "parts", runs, [1, 2, 0])
        store.assemble(SLIDE, "placed.dcm", HEADER, placed, TRAILER)
        store.assemble(SLIDE, "parts.dcm", HEADER, parts, TRAILER)
        store.publish(SLIDE, overwrite=False)
        for name in ("placed.dcm", "parts.dcm"):
            assert self.read_published(tmp_path, SLIDE, name) == HEADER + b"onetwo2three" + TRAILER

    @pytest.mark.parametrize("in_place", [True, False])
    def test_an_object_that_is_assembled_twice_is_the_same(
        self, store: OutputStore, tmp_path: Path, in_place: bool
    ) -> None:
        """The bundle that writes an instance may be run again, too."""
        runs = [[b"one"], [b"two"]]
        ranges = (stage_in_place if in_place else stage_parts)(store, "level-0", runs, [0, 1])
        first = store.assemble(SLIDE, "level-0.dcm", HEADER, ranges, TRAILER)
        assert store.assemble(SLIDE, "level-0.dcm", HEADER, ranges, TRAILER) == first
        store.publish(SLIDE, overwrite=False)
        assert self.read_published(tmp_path, SLIDE, "level-0.dcm") == HEADER + b"onetwo" + TRAILER

    @pytest.mark.parametrize("in_place", [True, False])
    def test_threads_stage_at_once(self, store: OutputStore, tmp_path: Path, in_place: bool) -> None:
        """Runs of one instance come from several threads, each also twice."""
        runs = [[bytes([i]) * (500 + i), b"end"] for i in range(40)]
        offsets = offsets_of(runs, len(HEADER))
        start = threading.Barrier(8)

        def stage(turn: int) -> list[tuple[int, ByteRange]]:
            start.wait()
            own = range(turn % 4, len(runs), 4)
            return [(i, store.stage_run(SLIDE, "l", i, runs[i], offsets[i] if in_place else None)) for i in own]

        with ThreadPoolExecutor(8) as pool:
            ranges = dict(pair for pairs in pool.map(stage, range(8)) for pair in pairs)
        store.assemble(SLIDE, "l.dcm", HEADER, [ranges[i] for i in range(len(runs))], TRAILER)
        store.publish(SLIDE, overwrite=False)
        assert self.read_published(tmp_path, SLIDE, "l.dcm") == HEADER + b"".join(map(run_bytes, runs)) + TRAILER

    def test_more_buffers_than_a_system_call_takes(self, store: OutputStore, tmp_path: Path) -> None:
        """1024 buffers are the most of one writev on Linux."""
        run = [bytes([i % 251]) * (i % 7) for i in range(5000)]
        part = store.stage_run(SLIDE, "l", 0, run, None)
        placed = store.stage_run(SLIDE, "p", 0, run, len(HEADER))
        store.assemble(SLIDE, "l.dcm", HEADER, [part], TRAILER)
        store.assemble(SLIDE, "p.dcm", HEADER, [placed], TRAILER)
        store.publish(SLIDE, overwrite=False)
        for name in ("l.dcm", "p.dcm"):
            assert self.read_published(tmp_path, SLIDE, name) == HEADER + run_bytes(run) + TRAILER

    def test_digests_stand_at_the_place_of_their_run(self, store: OutputStore) -> None:
        """Rows of 16 bytes, whatever the order and however often."""
        rows = [bytes([i]) * 16 for i in range(10)]
        for first, count in ((6, 4), (0, 3), (3, 3), (0, 3)):
            store.stage_digests(SLIDE, "level-0", 16 * first, b"".join(rows[first : first + count]))
        assert store.staged_digests(SLIDE, "job", "level-0") == b"".join(rows)
        assert store.staged_digests(SLIDE, "job", "level-1") is None

    def test_a_part_that_is_gone_or_short_is_a_storage_error(self, store: OutputStore) -> None:
        """A level is never assembled short."""
        part = store.stage_run(SLIDE, "l", 0, [b"twelve bytes"], None)
        with pytest.raises(StorageError):
            store.assemble(SLIDE, "l.dcm", HEADER, [part._replace(bytes=13)], TRAILER)
        with pytest.raises(StorageError):
            store.assemble(SLIDE, "l.dcm", HEADER, [part._replace(uri=f"{part.uri}-gone")], TRAILER)
        assert "l.dcm" not in store.staged_sizes(SLIDE, "job")

    def test_a_staged_file_is_read_back_by_position(self, store: OutputStore) -> None:
        """The certificate reads header and frames; beyond the end there is nothing."""
        run = [bytes([i % 251]) * 1000 for i in range(700)]
        whole = HEADER + run_bytes(run) + TRAILER
        uri = store.assemble(SLIDE, "l.dcm", HEADER, [store.stage_run(SLIDE, "l", 0, run, None)], TRAILER)
        file = store.open(uri)
        assert (file.uri, file.size) == (uri, len(whole))
        for offset, length in ((0, 4), (100, 3000), (262_000, 500), (5, 600_000), (len(whole) - 8, 100), (10**9, 5)):
            assert file.read(offset, length) == whole[offset : offset + length]
        file.close()
        with pytest.raises(SourceError, match="closed"):
            file.read(0, 1)
        with store.on_disk([uri]) as paths:
            assert [path.name for path in paths] == ["l.dcm"]
            assert paths[0].read_bytes() == whole

    def test_part_of_a_run_can_be_assembled(self, store: OutputStore, tmp_path: Path) -> None:
        """A run may lie in two files of a concatenation."""
        part = store.stage_run(SLIDE, "l", 0, [b"first", b"second", b"third"], None)
        at = part.offset
        for name, offset, length in (("a", at, 5), ("b", at + 5, 11)):
            store.assemble(SLIDE, f"{name}.dcm", HEADER, [ByteRange(part.uri, offset, length)], TRAILER)
        store.publish(SLIDE, overwrite=False)
        assert self.read_published(tmp_path, SLIDE, "a.dcm") == HEADER + b"first" + TRAILER
        assert self.read_published(tmp_path, SLIDE, "b.dcm") == HEADER + b"secondthird" + TRAILER

    # publishing

    def test_nothing_is_visible_before_it_is_published(self, store: OutputStore, tmp_path: Path) -> None:
        """Parts, digests and assembled objects are below `_staging` alone."""
        sizes = self.stage_series(store)
        store.stage_digests(SLIDE, "level-0", 0, bytes(16))
        assert not store.exists(SLIDE)
        assert store.published_sizes(SLIDE) == {}
        assert store.staged_sizes(SLIDE, "job") == sizes
        assert self.top_level(tmp_path) == {"_staging"}
        store.publish(SLIDE, overwrite=False)
        assert store.exists(SLIDE)
        assert store.published_sizes(SLIDE) == sizes

    def test_what_is_there_is_not_replaced(self, store: OutputStore, tmp_path: Path) -> None:
        """A series in its place stays as it is, and so does the one that would replace it."""
        self.stage_series(store, b"the first")
        store.publish(SLIDE, overwrite=False)
        sizes = self.stage_series(store, b"the second of them")
        before = self.read_published(tmp_path, SLIDE, "level-0.dcm")
        with pytest.raises(OutputExists, match="--overwrite"):
            store.publish(SLIDE, overwrite=False)
        assert self.read_published(tmp_path, SLIDE, "level-0.dcm") == before
        assert store.staged_sizes(SLIDE, "job") == sizes

    def test_overwrite_replaces_the_whole_series(self, store: OutputStore, tmp_path: Path) -> None:
        """Files that the new series does not have go, too."""
        self.stage_series(store, b"the first")
        extra = store.stage_run(SLIDE, "extra", 0, [b"extra"], None)
        store.assemble(SLIDE, "extra.dcm", HEADER, [extra], TRAILER)
        store.publish(SLIDE, overwrite=True)
        store.clean(SLIDE)
        sizes = self.stage_series(store, b"the second of them")
        store.publish(SLIDE, overwrite=True)
        assert store.published_sizes(SLIDE) == sizes
        assert b"the second of them" in self.read_published(tmp_path, SLIDE, "level-0.dcm")
        store.clean(SLIDE)
        assert store.published_sizes(SLIDE) == sizes
        assert self.leftovers(tmp_path) == []

    def test_a_reader_sees_one_series_or_the_other(self, store: OutputStore, tmp_path: Path) -> None:
        """While a series is replaced again and again, it is never away and never mixed."""
        contents = [b"A" * 64, b"B" * 96]
        self.stage_series(store, contents[0])
        store.publish(SLIDE, overwrite=False)
        store.clean(SLIDE)
        wrong: list[str] = []
        stop = threading.Event()

        def watch() -> None:
            while not stop.is_set():
                data = self.read_published(tmp_path, SLIDE, "level-0.dcm")
                if data not in [HEADER + content + b"level-0" + TRAILER for content in contents]:
                    wrong.append(repr(data))

        watcher = ThreadPoolExecutor(1)
        watching = watcher.submit(watch)
        for turn in range(self.turns):
            self.stage_series(store, contents[turn % 2])
            store.publish(SLIDE, overwrite=True)
            store.clean(SLIDE)
        stop.set()
        watching.result()
        watcher.shutdown()
        assert wrong == []

    def test_only_one_of_two_jobs_publishes(self, tmp_path: Path) -> None:
        """Two jobs at once cannot mix their files: one is refused, unless it may replace."""
        one, other = self.make_store(tmp_path, "one"), self.make_store(tmp_path, "other")
        sizes = [self.stage_series(store, content) for store, content in ((one, b"1"), (other, b"22"))]
        one.publish(SLIDE, overwrite=False)
        with pytest.raises(OutputExists):
            other.publish(SLIDE, overwrite=False)
        assert other.published_sizes(SLIDE) == sizes[0]
        other.publish(SLIDE, overwrite=True)
        assert one.published_sizes(SLIDE) == sizes[1]

    def test_publishing_is_finished_by_the_next_job(self, tmp_path: Path) -> None:
        """Also when its last act is done again, because nobody knows how far the first attempt came."""
        dead, alive = self.make_store(tmp_path, "dead"), self.make_store(tmp_path, "alive")
        sizes = self.stage_series(dead)
        dead.publish(SLIDE, overwrite=False)
        self.stage_series(alive)
        alive.publish(SLIDE, overwrite=True)
        assert alive.published_sizes(SLIDE) == sizes

    def test_publishing_what_was_not_staged_is_a_storage_error(self, store: OutputStore) -> None:
        """There is no empty series."""
        with pytest.raises(StorageError):
            store.publish(SLIDE, overwrite=False)
        assert not store.exists(SLIDE)
        with pytest.raises(StorageError):
            store.publish(SLIDE, overwrite=True)

    def test_another_job_takes_over(self, tmp_path: Path) -> None:
        """What a job assembled and did not publish, the next one can; nothing of the dead job stays."""
        dead, alive = self.make_store(tmp_path, "dead"), self.make_store(tmp_path, "alive")
        sizes = self.stage_series(dead)
        assert alive.staged_sizes(SLIDE, "dead") == sizes
        alive.adopt(SLIDE, "dead")
        assert alive.staged_sizes(SLIDE, "alive") == sizes
        alive.publish(SLIDE, overwrite=False)
        alive.clean(SLIDE)
        assert alive.published_sizes(SLIDE) == sizes
        assert self.leftovers(tmp_path) == []

    def test_nothing_to_take_over_is_a_storage_error(self, store: OutputStore) -> None:
        """The staged series may have been cleaned meanwhile."""
        assert store.staged_sizes(SLIDE, "dead") == {}
        with pytest.raises(StorageError):
            store.adopt(SLIDE, "dead")
