"""Objects as bytes to read by position: any read gives what the object holds, and memory has a bound."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.storage.byte_reader import ByteStream
from pipeline.io.storage.gcs import GcsBucket
from pipeline.io.storage.object_bytes import ObjectBytes
from pipeline.model.errors import SourceError
from tests import emulators

DATA = b"".join(i.to_bytes(4, "big") for i in range(300_000))
PLACES = st.tuples(st.integers(0, len(DATA) + 10), st.integers(0, 400_000))


@pytest.fixture
def reader(gcp_emulator: str, monkeypatch: pytest.MonkeyPatch) -> ObjectBytes:
    """Return an object that holds DATA, larger than some blocks of the cache."""
    emulators.use_gcs(gcp_emulator, monkeypatch.setenv)
    bucket = GcsBucket(emulators.BUCKET)
    if bucket.facts("bytes") is None:
        bucket.write("bytes", DATA)
    return ObjectBytes(bucket, "bytes")


@given(places=st.lists(PLACES, min_size=1, max_size=6))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_place_is_read(reader: ObjectBytes, places: list[tuple[int, int]]) -> None:
    expected = [DATA[at : at + length] for at, length in places]
    assert [reader.read(at, length) for at, length in places] == expected
    assert list(reader.read_many(places)) == expected


def test_threads_read_at_once(reader: ObjectBytes) -> None:
    with ThreadPoolExecutor(8) as pool:
        places = [(i * 7919 % len(DATA), 5000) for i in range(60)]
        assert list(pool.map(lambda place: reader.read(*place), places)) == [DATA[a : a + n] for a, n in places]


def test_a_stream_is_a_file(reader: ObjectBytes) -> None:
    stream, file = io.BufferedReader(ByteStream(reader), 4096), io.BytesIO(DATA)
    for offset, whence, count in ((10, 0, 20), (-5, 1, 3), (0, 1, 70_000), (-9, 2, 100), (0, 2, 1), (1 << 20, 0, 12)):
        assert stream.seek(offset, whence) == file.seek(offset, whence)
        assert stream.read(count) == file.read(count)
        assert stream.tell() == file.tell()
    with pytest.raises(ValueError, match="no byte -1"):
        ByteStream(reader).seek(-1)


def test_what_is_not_there_is_a_source_error(reader: ObjectBytes) -> None:
    with pytest.raises(SourceError, match="gs://slides/none does not exist"):
        ObjectBytes(GcsBucket(emulators.BUCKET), "none")
