"""What fails for a moment is tried again; what fails for good is told with bucket and object."""

import gc
from collections.abc import Iterator

import pytest

from pipeline.io.storage.bucket import ABSENT, Bucket, Piece
from pipeline.io.storage.object_store import ObjectStore
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import StorageError
from tests import emulators
from tests.contracts.storage import HEADER, SLIDE, TRAILER
from tests.failing_proxy import HANG_UP, HANG_UP_AFTERWARDS, Proxy, proxied

# google-cloud-storage leaves the connection of an answer that it does not read to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(params=["fake_gcs", "moto"])
def proxy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Return a proxy before an emulator; gs:// or s3:// leads to it."""
    with proxied(request.getfixturevalue(request.param)) as proxy:
        (emulators.use_s3 if request.param == "moto" else emulators.use_gcs)(proxy.url, monkeypatch.setenv)
        # Objects alone: google-cloud-storage asks for the bucket in a thread of its own, and needs no answer.
        proxy.words = "" if request.param == "moto" else "/o"
        yield proxy
    gc.collect()


@pytest.fixture
def bucket(proxy: Proxy, request: pytest.FixtureRequest) -> Bucket:
    """Return the bucket behind the proxy."""
    scheme = "s3" if "moto" in request.node.name else "gs"
    return open_bucket(f"{scheme}://{emulators.BUCKET}")


@pytest.mark.parametrize("failure", [503, 500, 429, HANG_UP], ids=["503", "500", "429", "hang-up"])
def test_every_call_is_tried_again(bucket: Bucket, proxy: Proxy, failure: int) -> None:
    key = f"retries/{failure}"

    def fails() -> None:
        proxy.failures[:] = [failure, failure]

    fails()
    assert bucket.write(key, b"some bytes")
    fails()
    facts = bucket.facts(key)
    assert facts is not None
    fails()
    assert bucket.read(key, 5, 5, facts.stamp) == b"bytes"
    fails()
    assert bucket.load(key) == b"some bytes"
    fails()
    assert bucket.copy(facts, f"{key}-copy", ABSENT)
    fails()
    assert [facts.bytes for facts in bucket.listed(f"{key}-copy")] == [10]
    fails()
    bucket.join([Piece(key, 0, 10, whole=True), b"!"], f"{key}-joined", f"{key}-work")
    fails()
    bucket.remove([key])
    assert proxy.failed == 16
    assert bucket.facts(key) is None
    assert bucket.load(f"{key}-joined") == b"some bytes!"


def test_a_conditional_write_whose_answer_is_lost_is_known_for_its_own(bucket: Bucket, proxy: Proxy) -> None:
    """The second attempt meets what the first one wrote."""
    proxy.failures[:] = [HANG_UP_AFTERWARDS]
    assert bucket.write("lost-answer", b"record", ABSENT)
    assert proxy.failed == 1
    assert not bucket.write("lost-answer", b"another's", ABSENT)


def test_a_series_is_published_through_a_store_that_stumbles(bucket: Bucket, proxy: Proxy) -> None:
    """Every third request fails, in one way or another."""
    store = ObjectStore(bucket, "stumbling", "job")
    proxy.failures[:] = [503]
    runs = [[bytes([i]) * 1000] for i in range(40)]
    parts = []
    for i, run in enumerate(runs):
        proxy.failures[:] = [(503, HANG_UP, 500)[i % 3]] if i % 3 == 0 else []
        parts.append(store.stage_run(SLIDE, "l", i, run, None))
    proxy.failures[:] = [503, HANG_UP, 500]
    store.assemble(SLIDE, "l.dcm", HEADER, parts, TRAILER)
    proxy.failures[:] = [503, HANG_UP]
    store.publish(SLIDE, overwrite=False)
    proxy.failures[:] = [HANG_UP, 503]
    store.clean(SLIDE)
    data = bucket.load(f"stumbling/{SLIDE}/l.dcm")
    assert data == HEADER + b"".join(run[0] for run in runs) + TRAILER
    assert list(bucket.listed("stumbling/_staging/")) == []


def test_what_fails_for_good_is_told(bucket: Bucket, proxy: Proxy) -> None:
    """A refusal is not tried again."""
    proxy.failures[:] = [403] * 50
    with pytest.raises(StorageError, match=rf"^{bucket.uri}/secret: permission denied"):
        bucket.write("secret", b"data")
    assert proxy.failed == 1


def test_what_a_job_cannot_clean_is_told_and_fails_nobody(
    bucket: Bucket, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Its slides are published; what stays is for the next job."""
    store = ObjectStore(bucket, "unclean", "job-7")
    store.stage_run(SLIDE, "l", 0, [b"pixels"], None)
    proxy.failures[:] = [403] * 50
    store.clean_job()
    assert "what job job-7 staged could not be removed: " in caplog.text
    assert "permission denied" in caplog.text
    proxy.failures.clear()
    assert store.staged_files("job-7")
    store.clean_job()
    assert store.staged_files("job-7") == []


def test_an_upload_whose_end_is_confirmed_too_late_is_known_for_its_own(
    moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 forgets an upload when it is completed: asking again meets none, and the object that it became."""
    with proxied(moto) as proxy:
        emulators.use_s3(proxy.url, monkeypatch.setenv)
        bucket = open_bucket(f"s3://{emulators.BUCKET}")
        proxy.words, proxy.failures[:] = "late-end?uploadId", [HANG_UP_AFTERWARDS]
        bucket.join([b"a" * 6_000_000, b"b" * 6_000_000], "late-end", "late-work")
        assert proxy.failed == 1
        assert bucket.load("late-end") == b"a" * 6_000_000 + b"b" * 6_000_000
