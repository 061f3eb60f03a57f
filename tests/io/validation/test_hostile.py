"""Damaged and hostile files: findings, or a SourceError in one line; never another exception, never a hang."""

import resource
import shutil
import struct
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.validation import validate_path
from pipeline.model.errors import SourceError
from tests.io.validation.files import edit, make_sparse, set_items

HEADER_BYTES = 6000

Damage = tuple[float, bytes]
damages = st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=12)), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def whole(converted: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return files of several forms: single frames, tiles, per-frame groups, native."""
    folder = tmp_path_factory.mktemp("whole")
    sparse = Path(shutil.copy(converted["jpeg"] / "level-0.dcm", folder))
    edit(sparse, make_sparse)
    return [
        sparse,
        converted["jpeg"] / "level-1.dcm",
        converted["htj2k-lossless-rpcl"] / "label.dcm",
        converted["explicit-vr-little-endian"] / "level-2.dcm",
    ]


def outcome(path: Path) -> list[str]:
    """Return what is said of a path: each finding, the refusal, or that nothing was found."""
    try:
        report = validate_path(path, tools=False)
    except SourceError as error:
        return [error.message]
    return [finding.message for finding in report.findings] or [f"{report.files} files are right"]


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.integers(0, 3), damage=damages, end=st.one_of(st.none(), st.floats(0, 1)), header=st.booleans())
def test_damage_is_a_finding_or_a_refusal(
    whole: list[Path], tmp_path: Path, which: int, damage: list[Damage], end: float | None, header: bool
) -> None:
    data = bytearray(whole[which].read_bytes())
    reach = min(HEADER_BYTES, len(data)) if header else len(data)
    for place, new in damage:
        at = 132 + int(place * (reach - 132))
        data[at : at + len(new)] = new
    file = tmp_path / "damaged.dcm"
    file.write_bytes(data if end is None else data[: 132 + int(end * (len(data) - 132))])
    said = outcome(file)
    assert said
    assert not any("\n" in message for message in said)


def test_a_cut_file_ends_somewhere(converted: dict[str, Path], tmp_path: Path) -> None:
    data = (converted["jpeg"] / "level-0.dcm").read_bytes()
    file = tmp_path / "cut.dcm"
    for size in (200, 400, 1500, 3000, len(data) // 2, len(data) - 9):
        file.write_bytes(data[:size])
        assert not validate_path(file, tools=False).ok, size


@pytest.mark.parametrize(
    "content", [b"", b"DICM", bytes(128) + b"DICM", bytes(128) + b"DICM" + bytes(500), b"\xff" * 999]
)
def test_what_is_no_dicom_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.dcm").write_bytes(content)
    assert outcome(tmp_path)


def test_nested_sequences_without_end(converted: dict[str, Path], tmp_path: Path) -> None:
    """Per-frame groups of ten thousand sequences in each other."""
    data = (converted["jpeg"] / "level-0.dcm").read_bytes()
    pixels = data.index(b"\xe0\x7f\x10\x00OB")
    nest = b"\xfe\xff\x00\xe0\xff\xff\xff\xff\x11\x00\x11\x00SQ\0\0\xff\xff\xff\xff" * 10_000
    groups = b"\x00\x52\x30\x92SQ\0\0\xff\xff\xff\xff" + nest
    file = tmp_path / "nested.dcm"
    file.write_bytes(data[:pixels] + groups + data[pixels:])
    assert "values.readable" in {finding.rule for finding in validate_path(file, tools=False).findings}


def test_items_of_no_bytes_without_end(converted: dict[str, Path], tmp_path: Path) -> None:
    file = Path(shutil.copy(converted["jpeg"] / "level-2.dcm", tmp_path))
    edit(file, lambda dataset: set_items(dataset, [b""] * 5000, table=[], frames=1))
    findings = validate_path(file, tools=False).findings
    assert any("more than 64 items a frame" in finding.message for finding in findings)


def test_many_frames_in_little_memory(converted: dict[str, Path], tmp_path: Path) -> None:
    """A sparse level of 40,000 frames, whose groups would take a quarter of a gigabyte as data sets."""
    frames = 40_000
    small = Path(shutil.copy(converted["jpeg"] / "level-0.dcm", tmp_path))
    edit(small, make_sparse)
    data = small.read_bytes()
    groups = data.index(b"\x00\x52\x30\x92SQ")
    pixels = data.index(b"\xe0\x7f\x10\x00OB", groups)
    dataset = pydicom.dcmread(small, stop_before_pixels=True)
    item = _item_bytes(data, groups)
    count = str(len(dataset.PerFrameFunctionalGroupsSequence)).encode()
    header = data[:groups].replace(
        b"\x28\x00\x08\x00IS\x02\x00" + count.ljust(2), b"\x28\x00\x08\x00IS\x06\x00%6d" % frames
    )
    with small.open("wb") as file:
        file.write(header + b"\x00\x52\x30\x92SQ\0\0\xff\xff\xff\xff")
        for _ in range(frames // 1000):
            file.write(item * 1000)
        file.write(b"\xfe\xff\xdd\xe0\0\0\0\0" + data[pixels : pixels + 12] + b"\xfe\xff\x00\xe0\0\0\0\0")
        for _ in range(frames // 1000):
            file.write(b"\xfe\xff\x00\xe0\x02\0\0\0\xff\xd9" * 1000)
        file.write(b"\xfe\xff\xdd\xe0\0\0\0\0")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = validate_path(small, tools=False)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert "tiles.per-frame-count" not in {finding.rule for finding in report.findings}
    assert grown < 50 * 1024


def _item_bytes(data: bytes, groups: int) -> bytes:
    """Return the first item of the per-frame groups with a defined length."""
    start = groups + 12
    length = struct.unpack_from("<I", data, start + 4)[0]
    return data[start : start + 8 + length]
