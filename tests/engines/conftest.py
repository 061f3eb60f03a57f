"""Slides in an object store, and what the in-process runner makes of them: what every engine must make, too."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from tests import emulators
from tests.engines.jobs import Corpus
from tests.engines.programs import Program, dask_scheduler, dask_worker, fan_out, prism, prism_program, worker_pools
from tests.sample import build_sample_slide

POOLS = 2


@pytest.fixture(scope="module")
def corpus(sample_slide: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """Return one slide of a hundred and fifty tiles and two of some forty, in an object store of their own.

    What they become in process is in `expected`.
    """
    folder = tmp_path_factory.mktemp("slides")
    shutil.copy(sample_slide, folder / "a.svs")
    for n in range(2):
        build_sample_slide(folder / f"b{n}.svs", columns=400 + 64 * n, rows=300, tile=64)
    program = emulators.fake_gcs_server()
    with (
        pytest.MonkeyPatch.context() as patch,
        emulators.fake_gcs(program) if program else emulators.gcp_storage_emulator() as url,
    ):
        emulators.use_gcs(url, patch.setenv)
        corpus = Corpus(f"gs://{emulators.BUCKET}/{folder.parent.name}")
        bucket, key = open_bucket(corpus.root), split_address(corpus.root).key
        for slide in folder.iterdir():
            bucket.write(f"{key}/in/{slide.name}", slide.read_bytes())
        corpus.convert("expected")
        yield corpus


def skip_or_fail(told: str, *, in_ci: bool) -> None:
    """Skip a test that lacks a tool; fail it in CI where it has no good reason to lack it."""
    if os.environ.get("CI") and in_ci:
        pytest.fail(told, pytrace=False)
    pytest.skip(told)


@pytest.fixture
def job_server(tmp_path: Path) -> Iterator[Program]:
    """Return Prism, as a job server."""
    program = prism_program()
    if program is None:
        skip_or_fail("Prism is not built: make prism (needs Go)", in_ci=shutil.which("go") is not None)
    assert program is not None
    with prism(program, tmp_path / "prism") as server:
        yield server


@pytest.fixture
def pools(corpus: Corpus, tmp_path: Path) -> Iterator[list[Program]]:
    """Return worker pools."""
    with worker_pools(tmp_path, POOLS) as pools:
        yield pools


@pytest.fixture
def one_pool(pools: list[Program], tmp_path: Path) -> Iterator[Program]:
    """Return what makes one of the pools."""
    with fan_out(tmp_path / "fan-out", pools) as one:
        yield one


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Program]:
    """Return dask's scheduler."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        skip_or_fail("the extra dask is not installed", in_ci=True)
    with dask_scheduler(tmp_path / "scheduler") as scheduler:
        yield scheduler


@pytest.fixture
def dask_workers(corpus: Corpus, scheduler: Program, tmp_path: Path) -> Iterator[list[Program]]:
    """Return two dask workers, both known to the scheduler."""
    from distributed import Client

    with ExitStack() as workers:
        started = [workers.enter_context(dask_worker(tmp_path / f"worker-{n}", scheduler)) for n in range(2)]
        with Client(f"tcp://{scheduler.address}") as client:
            client.wait_for_workers(len(started), timeout=60)
        yield started
