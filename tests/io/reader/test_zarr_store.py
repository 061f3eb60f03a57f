"""The keys and values of a slide's Zarr v3 store, as the specification of the format and zarr's stores have them."""

import asyncio
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import default_buffer_prototype
from zarr.storage import MemoryStore

from pipeline.io.reader.source_slide import SourceSlide, open_slide
from pipeline.io.reader.zarr_store import SlideStore

CHUNK = "0/c/0/9/12"
"""The last one of the base: 140 rows and 20 columns of it are pixels."""
BYTES = 3 * 240 * 240


@pytest.fixture(scope="module")
def slide(sample_slide: Path) -> Iterator[SourceSlide]:
    """Return the sample slide, open."""
    with open_slide(sample_slide) as opened:
        yield opened


@pytest.fixture(scope="module")
def store(slide: SourceSlide) -> SlideStore:
    """Return its store."""
    return slide.to_zarr()


def wait(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run one call of the store in a loop of its own."""
    return asyncio.run(coroutine)


def value(store: SlideStore, key: str, part: Any = None) -> bytes | None:
    """Return a value, or a part of it."""
    found = wait(store.get(key, default_buffer_prototype(), part))
    return None if found is None else found.to_bytes()


def listed(names: AsyncIterator[str]) -> list[str]:
    """Return all that a listing yields."""

    async def collect() -> list[str]:
        return [name async for name in names]

    return asyncio.run(collect())


def test_the_group_is_of_zarr_3(store: SlideStore) -> None:
    group = json.loads(value(store, "zarr.json") or b"")
    assert (group["zarr_format"], group["node_type"]) == (3, "group")
    assert group["attributes"]["ome"]["version"] == "0.5"


def test_an_array_says_what_zarr_3_demands(store: SlideStore) -> None:
    array = json.loads(value(store, "0/zarr.json") or b"")
    assert array == {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [3, 2300, 2900],
        "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [3, 240, 240]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 255,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {},
        "dimension_names": ["c", "y", "x"],
        "storage_transformers": [],
    }


def test_a_chunk_is_the_tiles_samples_one_after_the_other(slide: SourceSlide, store: SlideStore) -> None:
    chunk = np.frombuffer(value(store, "0/c/0/2/1") or b"", np.uint8).reshape(3, 240, 240)
    assert np.array_equal(chunk.transpose(1, 2, 0), slide.level(0)[480:720, 240:480])


def test_a_chunk_of_the_edge_is_padded_with_the_fill_value(slide: SourceSlide, store: SlideStore) -> None:
    chunk = np.frombuffer(value(store, CHUNK) or b"", np.uint8).reshape(3, 240, 240)
    assert np.array_equal(chunk[:, :140, :20].transpose(1, 2, 0), slide.level(0)[2160:, 2880:])
    assert (chunk[:, 140:] == 255).all()
    assert (chunk[:, :, 20:] == 255).all()


def test_samples_of_16_bits_are_little_endian(shared_slides: Path) -> None:
    with open_slide(shared_slides / "zeiss-czi" / "mosaic_test.czi") as czi:
        store = czi.to_zarr()
        assert json.loads(value(store, "0/zarr.json") or b"")["fill_value"] == 0
        chunk = np.frombuffer(value(store, "0/c/0/1/1") or b"", "<u2").reshape(1, 512, 512)
        assert np.array_equal(chunk[0, :112], czi.level(0)[512:, 512:1024, 0])
        assert not chunk[0, 112:].any()


@pytest.mark.parametrize("key", ["zarr.json", "1/zarr.json", CHUNK])
def test_parts_of_values(store: SlideStore, key: str) -> None:
    whole = value(store, key) or b""
    assert value(store, key, RangeByteRequest(10, 30)) == whole[10:30]
    assert value(store, key, RangeByteRequest(10, 10**9)) == whole[10:]
    assert value(store, key, OffsetByteRequest(50)) == whole[50:]
    assert value(store, key, SuffixByteRequest(7)) == whole[-7:]
    assert value(store, key, SuffixByteRequest(10**9)) == whole
    asked = [(key, RangeByteRequest(3, 5)), ("none", None), (key, SuffixByteRequest(2)), ("zarr.json", None)]
    parts = wait(store.get_partial_values(default_buffer_prototype(), asked))
    found = [None if part is None else part.to_bytes() for part in parts]
    assert found == [whole[3:5], None, whole[-2:], value(store, "zarr.json")]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "0",
        "3/zarr.json",
        "zarr.json/0",
        "0/c",
        "0/c/0/10/0",
        "0/c/0/0/13",
        "0/c/1/0/0",
        "0/c/0/0",
        "0/c/0/0/0/0",
        "0/c/0/00/1",
        "0/c/0/-1/0",
        "0/c/0/ 1/0",
        "0/c/0/\u0661/0",
        "00/c/0/0/0",
        "3/c/0/0/0",
        ".zgroup",
        "0/.zarray",
        "0/0.0.0",
        "0/c/0/0/1" + "0" * 5000,
    ],
)
def test_what_is_no_key_is_not_there(store: SlideStore, key: str) -> None:
    assert value(store, key) is None
    assert not wait(store.exists(key))
    with pytest.raises(FileNotFoundError):
        wait(store.getsize(key))


def test_sizes_are_told_without_reading(sample_slide: Path) -> None:
    opened = open_slide(sample_slide)
    store = opened.to_zarr()
    opened.close()
    assert wait(store.getsize(CHUNK)) == BYTES
    assert wait(store.exists(CHUNK))
    assert wait(store.getsize("zarr.json")) == len(value(store, "zarr.json") or b"")
    assert len(listed(store.list_prefix("0/c/"))) == 10 * 13


def test_every_key_is_listed_once_and_has_a_value(store: SlideStore) -> None:
    keys = listed(store.list())
    assert len(keys) == len(set(keys)) == 1 + 3 + 10 * 13 + 3 * 4 + 1
    assert keys[:3] == ["zarr.json", "0/zarr.json", "0/c/0/0/0"]
    for key in keys[:: len(keys) // 20]:
        assert wait(store.exists(key))
        assert len(value(store, key) or b"") == wait(store.getsize(key))
    assert wait(store.getsize_prefix("1")) == 12 * BYTES + wait(store.getsize("1/zarr.json"))


@pytest.mark.parametrize(
    "prefix", ["", "0", "0/", "1/c/0", "1/c/0/2", "1/c/0/2/", "2/zarr", "1/c/0/2/3", "5", "x", "1/d/"]
)
def test_listings_are_those_of_a_store_in_memory(store: SlideStore, prefix: str) -> None:
    memory = MemoryStore({key: default_buffer_prototype().buffer.from_bytes(b"-") for key in listed(store.list())})
    assert sorted(listed(store.list_prefix(prefix))) == sorted(listed(memory.list_prefix(prefix)))
    assert sorted(listed(store.list_dir(prefix))) == sorted(listed(memory.list_dir(prefix)))


def test_it_cannot_be_written(store: SlideStore) -> None:
    buffer = default_buffer_prototype().buffer.from_bytes(b"-")
    assert store.read_only
    assert (store.supports_writes, store.supports_deletes, store.supports_listing) == (False, False, True)
    with pytest.raises(ValueError, match="cannot be written"):
        wait(store.set("zarr.json", buffer))
    with pytest.raises(ValueError, match="cannot be written"):
        wait(store.delete("zarr.json"))
    with pytest.raises(ValueError, match="cannot be written"):
        store.with_read_only(False)
    with pytest.raises(ValueError, match=r"read.only|cannot be written"):
        zarr.open_group(store, mode="r+")
    group = zarr.open_group(store, mode="r")
    with pytest.raises(ValueError, match=r"read.only|cannot be written"):
        group["0"][0, 0, 0] = 1  # type: ignore[index]
    assert zarr.open(store).read_only


def test_a_store_is_equal_to_itself(slide: SourceSlide, store: SlideStore) -> None:
    assert store.with_read_only(True) == store
    assert store != slide.to_zarr()
    assert store != MemoryStore()
    assert repr(store) == "SlideStore('sample.svs')"


def test_a_pickled_store_reads_the_same(store: SlideStore) -> None:
    copy = pickle.loads(pickle.dumps(store))  # noqa: S301
    assert value(copy, CHUNK) == value(store, CHUNK)


def test_the_loop_goes_on_while_chunks_are_decoded(slide: SourceSlide, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoding runs in threads, several chunks at a time: each waits here until the other has begun."""
    store = slide.to_zarr()
    both = threading.Barrier(2, timeout=60)
    read = slide.get_volume_images()[0]
    matrix = type(read.get_total_pixel_matrix())
    original = matrix.__getitem__

    def meet(self: Any, key: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        both.wait()
        return original(self, key)

    monkeypatch.setattr(matrix, "__getitem__", meet)

    async def two() -> list[Any]:
        prototype = default_buffer_prototype()
        return await asyncio.gather(store.get("0/c/0/0/0", prototype), store.get("0/c/0/0/1", prototype))

    assert [len(chunk) for chunk in asyncio.run(two())] == [BYTES, BYTES]


def test_a_closed_slide_is_told_by_the_chunk(sample_slide: Path) -> None:
    opened = open_slide(sample_slide)
    array = zarr.open_array(opened.to_zarr(), path="0", mode="r")
    opened.close()
    with pytest.raises(OSError, match="was closed"):
        array[0, 0, 0]


def test_without_zarr_the_extra_is_named(sample_slide: Path) -> None:
    program = (
        "import sys\n"
        "sys.modules['zarr'] = None\n"
        "from pipeline.io.reader.source_slide import open_slide\n"
        "from pipeline.model.errors import ConfigError\n"
        f"with open_slide({str(sample_slide)!r}) as slide:\n"
        "    print(slide.level(0)[0, 0].shape)\n"
        "    try:\n"
        "        slide.to_zarr()\n"
        "    except ConfigError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["(3,)", "arrays of Zarr need the package zarr: pip install 'slidebeam[zarr]'"]
