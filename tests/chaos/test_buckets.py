"""The same with objects: jobs that are killed at a request, and a store that is away for a while."""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.io.storage.address import split_address
from pipeline.io.storage.opening import open_bucket
from tests import emulators
from tests.chaos.jobs import JOB_NAME, arguments, build_corpus, convert, group_ends, start
from tests.failing_proxy import HANG_UP, Proxy, proxied

ONE_A_WAVE = ("--wave-slides", "1")
_AWAY_SECONDS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An emulator behind a proxy."""

    proxy: Proxy
    root: str
    """URI of a prefix that nobody else uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undisturbed:
    """What a job did that nobody killed."""

    requests: int
    objects: dict[str, bytes]


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two slides."""
    return build_corpus(tmp_path_factory.mktemp("corpus") / "slides", [(260, 200), (200, 180)])


@contextmanager
def reached(request: pytest.FixtureRequest, scheme: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Let addresses of a scheme lead to its emulator, through a proxy."""
    with proxied(request.getfixturevalue("moto" if scheme == "s3" else "gcp_emulator")) as proxy:
        (emulators.use_s3 if scheme == "s3" else emulators.use_gcs)(proxy.url, monkeypatch.setenv)
        yield proxy


@pytest.fixture(scope="module", params=["gs", "s3"])
def scheme(request: pytest.FixtureRequest) -> str:
    """Return the scheme of a store."""
    return str(request.param)


@pytest.fixture(scope="module")
def undisturbed(request: pytest.FixtureRequest, scheme: str, slides: Path) -> Undisturbed:
    """Return what a job of its own process asks and writes."""
    with pytest.MonkeyPatch.context() as patch, reached(request, scheme, patch) as proxy:
        root = f"{scheme}://{emulators.BUCKET}/undisturbed"
        job = start("pipeline.run", *arguments(slides, root, *ONE_A_WAVE))
        assert job.wait() == 0
        return Undisturbed(requests=proxy.requests, objects=objects(root))


@pytest.fixture
def store(
    request: pytest.FixtureRequest, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """Return an empty prefix of the store."""
    with reached(request, scheme, monkeypatch) as proxy:
        yield Store(proxy=proxy, root=f"{scheme}://{emulators.BUCKET}/{tmp_path.parent.name}/{tmp_path.name}")


def objects(root: str) -> dict[str, bytes]:
    """Return all objects below a prefix but the reports of jobs, records without the job's name."""
    bucket, prefix = open_bucket(root), f"{split_address(root).key}/"
    names = [facts.key.removeprefix(prefix) for facts in bucket.listed(prefix)]
    kept = [name for name in names if not re.match(rf"_reports/{JOB_NAME.pattern}/", name)]
    found = {name: bucket.load(prefix + name) or b"" for name in kept}
    records = {name: JOB_NAME.sub("", found[name].decode()).encode() for name in kept if name.startswith("_state/")}
    return found | records


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.1, 0.35, 0.6, 0.8, 0.9])
def test_killed_at_a_request(store: Store, slides: Path, undisturbed: Undisturbed, share: float) -> None:
    """The next job makes it good, and removes what the dead one left."""
    job = start("pipeline.run", *arguments(slides, store.root, *ONE_A_WAVE))
    kill_at = int(share * undisturbed.requests)

    def kill(number: int, path: str) -> None:
        if number == kill_at:
            os.killpg(job.pid, signal.SIGKILL)

    store.proxy.on_request = kill
    assert job.wait() == -signal.SIGKILL
    assert group_ends(job.pid)
    store.proxy.on_request = None
    assert convert(slides, store.root, *ONE_A_WAVE) == 0
    assert objects(store.root) == undisturbed.objects


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
def test_a_store_that_is_away_for_seconds_fails_nothing(store: Store, slides: Path, undisturbed: Undisturbed) -> None:
    """In the middle of a job every request is refused, in turns with a status and by hanging up."""
    ends: list[float] = []

    def refuse(number: int, path: str) -> None:
        if number == undisturbed.requests // 2:
            ends.append(time.monotonic() + _AWAY_SECONDS)
        if ends and time.monotonic() < ends[0]:
            with store.proxy.lock:
                store.proxy.failures.append(503 if number % 2 else HANG_UP)

    store.proxy.on_request = refuse
    assert convert(slides, store.root, *ONE_A_WAVE) == 0
    assert store.proxy.failed > 3
    assert objects(store.root) == undisturbed.objects
