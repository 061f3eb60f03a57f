"""Where frames begin: items, Basic Offset Table (PS3.5 A.4) and Extended Offset Table (PS3.3 C.7.6.3.1.8).

All frames are checked: every item header of the file was read, and each entry of a table is compared with them.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.pixel_data import Fragments
from pipeline.io.validation.rule import Rule


def item_chain(instance: Instance) -> Iterator[Fault]:
    """Tell where the items could not be followed."""
    fragments = _fragments(instance)
    if fragments and fragments.fault:
        yield Fault(fragments.fault, frame=_last_frame(fragments, instance.frames))


def even_items(instance: Instance) -> Iterator[Fault]:
    """Find items of odd length."""
    fragments = _fragments(instance)
    if fragments is not None and len(odd := np.flatnonzero(fragments.lengths % np.uint64(2))):
        number = int(odd[0])
        yield Fault(
            f"{len(odd)} of {len(fragments.lengths)} fragments have an odd length, first number {number}",
            frame=number if len(fragments.lengths) == instance.frames else None,
        )


def fragment_count(instance: Instance) -> Iterator[Fault]:
    """Compare the number of fragments with the frames."""
    fragments = _fragments(instance)
    if fragments is not None and not fragments.fault and len(fragments.offsets) < instance.frames:
        yield Fault(f"there are {len(fragments.offsets)} fragments and {instance.frames} frames")


def several_fragments(instance: Instance) -> Iterator[Fault]:
    """Find frames in several fragments with no table that tells which."""
    fragments = _fragments(instance)
    if fragments is None or fragments.basic_table or instance.extended_offsets:
        return
    if 1 < instance.frames < len(fragments.offsets):
        yield Fault(f"{instance.frames} frames are in {len(fragments.offsets)} fragments, and no table tells where")


def both_tables(instance: Instance) -> Iterator[Fault]:
    """Find two tables."""
    fragments = _fragments(instance)
    if fragments is not None and fragments.basic_table and instance.extended:
        yield Fault("there are a Basic Offset Table and an Extended Offset Table")


def no_table(instance: Instance) -> Iterator[Fault]:
    """Find many frames without a table."""
    fragments = _fragments(instance)
    if fragments is None or fragments.basic_table or instance.extended_offsets:
        return
    if 1 < instance.frames == len(fragments.offsets):
        yield Fault(f"{instance.frames} frames have no offset table: readers must look through the whole file")


def basic_table(instance: Instance) -> Iterator[Fault]:
    """Compare the Basic Offset Table with the items."""
    fragments = _fragments(instance)
    if fragments is None or not fragments.basic_table:
        return
    if len(fragments.basic_table) != 4 * instance.frames:
        yield Fault(f"the Basic Offset Table has {len(fragments.basic_table)} bytes for {instance.frames} frames")
        return
    entries = np.frombuffer(fragments.basic_table, "<u4").astype(np.uint64)
    yield from _wrong_entries("Basic", entries, fragments)


def extended_table(instance: Instance) -> Iterator[Fault]:
    """Compare the Extended Offset Table with the items."""
    if not instance.extended:
        return
    fragments = _fragments(instance)
    if fragments is None:
        yield Fault("there is an Extended Offset Table, and the pixel data is not encapsulated")
        return
    sizes = len(instance.extended_offsets), len(instance.extended_lengths)
    if sizes != (8 * instance.frames, 8 * instance.frames):
        yield Fault(
            f"the Extended Offset Table has {sizes[0]} bytes and its lengths {sizes[1]}, for {instance.frames} frames"
        )
        return
    if not instance.implicit and any(vr != "OV" for vr, _ in instance.extended.values()):
        yield Fault("the Extended Offset Table is not of value representation OV")
    if len(fragments.offsets) > instance.frames and not fragments.fault:
        yield Fault(f"an Extended Offset Table needs one fragment a frame, and {len(fragments.offsets)} are there")
    entries = np.frombuffer(instance.extended_offsets, "<u8").astype(np.uint64)
    wrong = list(_wrong_entries("Extended", entries, fragments))
    yield from wrong
    if wrong or len(fragments.offsets) != instance.frames:
        return
    lengths = np.frombuffer(instance.extended_lengths, "<u8").astype(np.uint64)
    # The table tells lengths without the pad byte of the item.
    unequal = np.flatnonzero((fragments.lengths != lengths) & (fragments.lengths != lengths + np.uint64(1)))
    if len(unequal):
        frame = int(unequal[0])
        yield Fault(
            f"{len(unequal)} Extended Offset Table Lengths are not those of the items, first of frame {frame}: "
            f"{int(lengths[frame])}, the item has {int(fragments.lengths[frame])} bytes",
            frame=frame,
        )


def _wrong_entries(name: str, entries: NDArray[np.uint64], fragments: Fragments) -> Iterator[Fault]:
    """Tell the first entry at which no fragment begins, or which does not ascend from 0."""
    relative = fragments.relative
    if not len(relative):
        return
    reached = int(relative[-1])
    # What lies behind the place where items could not be followed is not known.
    known = entries <= np.uint64(reached) if fragments.fault else np.ones(len(entries), bool)
    ascending = np.concatenate([entries[:1] == 0, entries[1:] > entries[:-1]])
    wrong = np.flatnonzero(known & ~(np.isin(entries, relative) & ascending))
    if len(wrong):
        frame = int(wrong[0])
        yield Fault(
            f"{len(wrong)} of {len(entries)} entries of the {name} Offset Table are no place where a next one begins, "
            f"first of frame {frame}: {int(entries[frame])}",
            frame=frame,
        )


def _fragments(instance: Instance) -> Fragments | None:
    return instance.pixel_data.fragments if instance.pixel_data else None


def _last_frame(fragments: Fragments, frames: int) -> int | None:
    """Frame in which the chain of items ends, where each frame is one item."""
    return len(fragments.offsets) if len(fragments.offsets) < frames else None


RULES = (
    Rule(
        "offsets.items",
        Severity.ERROR,
        "PS3.5 A.4",
        "Pixel data is a chain of items, first the Basic Offset Table's, up to a sequence delimiter within the file.",
        item_chain,
    ),
    Rule("offsets.even-items", Severity.ERROR, "PS3.5 A.4", "Fragments have an even length.", even_items),
    Rule("offsets.fragments", Severity.ERROR, "PS3.5 A.4", "Each frame has a fragment of its own.", fragment_count),
    Rule(
        "offsets.several-fragments",
        Severity.WARNING,
        "PS3.5 A.4",
        "Where frames are in several fragments, an offset table tells in which.",
        several_fragments,
    ),
    Rule(
        "offsets.one-table",
        Severity.ERROR,
        "PS3.3 C.7.6.3.1.8",
        "The Basic Offset Table is empty where there is an Extended Offset Table.",
        both_tables,
    ),
    Rule(
        "offsets.no-table",
        Severity.WARNING,
        "PS3.5 A.4",
        "Several encapsulated frames have an offset table.",
        no_table,
    ),
    Rule(
        "offsets.basic",
        Severity.ERROR,
        "PS3.5 A.4",
        "The Basic Offset Table has an entry for each frame: where its first item begins, in 32 bits, from 0.",
        basic_table,
    ),
    Rule(
        "offsets.extended",
        Severity.ERROR,
        "PS3.3 C.7.6.3.1.8",
        "The Extended Offset Table has place and length of each frame, of one fragment each, as OV.",
        extended_table,
    ),
)
