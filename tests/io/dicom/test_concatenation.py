"""Where an instance is cut into files."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.dicom.concatenation import Part, concatenation, part_file, part_uid, parts_of
from pipeline.model.errors import ConfigError
from tests.io.dicom.plans import gray_plan, instance_plan

HEADER = 1000


@given(
    lengths=st.lists(st.integers(1, 5000).map(lambda n: n + n % 2), min_size=1, max_size=60),
    frame_header=st.integers(0, 400),
    room=st.integers(0, 20_000),
    native=st.booleans(),
)
def test_parts_are_as_few_and_as_full_as_can_be(lengths: list[int], frame_header: int, room: int, native: bool) -> None:
    instance = gray_plan() if native else instance_plan()
    cost = [length + frame_header + (0 if native else 8) for length in lengths]
    most = HEADER + max(cost) + room
    parts = parts_of(
        instance,
        np.array(lengths, np.uint32),
        header_bytes=HEADER,
        frame_header_bytes=frame_header,
        most_bytes=most,
    )
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert {part.total for part in parts} == {len(parts)}
    assert (parts[0].first_frame, sum(part.frames for part in parts)) == (0, len(lengths))
    for part in parts:
        assert part.frames > 0
        assert HEADER + sum(cost[part.places]) <= most
    for part, following in pairwise(parts):
        assert following.first_frame == part.first_frame + part.frames
        assert HEADER + sum(cost[part.places]) + cost[following.first_frame] > most


def test_without_a_limit_there_is_one_part() -> None:
    lengths = np.full(3, 2**31, np.uint32)
    parts = parts_of(gray_plan(), lengths, header_bytes=HEADER, frame_header_bytes=16, most_bytes=None)
    assert parts == [Part(1, 1, 0, 3)]


def test_beyond_32_bits() -> None:
    lengths = np.full(5, 2**31, np.uint32)
    parts = parts_of(instance_plan(), lengths, header_bytes=HEADER, frame_header_bytes=16, most_bytes=5 * 10**9)
    assert [part.frames for part in parts] == [2, 2, 1]


def test_a_frame_that_is_larger_than_a_part_may_be() -> None:
    lengths = np.array([100, 100, 900, 100], np.uint32)
    with pytest.raises(ConfigError, match="frame 2 of level-0 takes 900 bytes and the header 1000"):
        parts_of(instance_plan(), lengths, header_bytes=HEADER, frame_header_bytes=16, most_bytes=1500)


def test_there_are_no_more_parts_than_their_number_can_tell() -> None:
    lengths = np.full(2**16, 100, np.uint32)
    with pytest.raises(ConfigError, match="65536 files, of at most 65535"):
        parts_of(instance_plan(), lengths, header_bytes=HEADER, frame_header_bytes=16, most_bytes=1150)


def test_an_instance_in_one_file_is_no_concatenation() -> None:
    instance, whole = instance_plan(), Part(1, 1, 0, 9)
    assert len(concatenation(instance, whole)) == 0
    assert part_uid(instance, whole) == instance.sop_instance_uid
    assert part_file(instance, whole) == "level-0.dcm"


def test_another_cut_is_another_concatenation() -> None:
    """Parts of a cut into two are not mixed up with those of a cut into three: no UID is the same."""
    instance = instance_plan()
    cuts = [[Part(n + 1, total, n * 3, 3) for n in range(total)] for total in (2, 3)]
    assert len({part_uid(instance, part) for cut in cuts for part in cut}) == 5
    assert len({concatenation(instance, cut[0]).ConcatenationUID for cut in cuts}) == 2
