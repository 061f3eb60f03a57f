"""Plans by hand, with frames that real codecs made, for tests of what stands around the frames."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from pipeline.io.dicom.header import instance_header, instance_trailer
from pipeline.io.dicom.icc import SRGB_PROFILE
from pipeline.model.geometry import TileGrid
from pipeline.model.keys import SlideInput
from pipeline.model.metadata import GivenMetadata, parse_metadata, resolve_metadata, sample_metadata
from pipeline.model.plan import Action, InstancePlan, SlidePlan
from pipeline.model.reasons import Route
from pipeline.model.source import ImageKind, LossyHistory, LossyStage, OpticalPathFacts, ScannerFacts
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from pipeline.model.uids import derived_uid

SPACING_MM = (0.000499, 0.000499)
JPEG_HISTORY = LossyHistory(stages=(LossyStage("ISO_10918_1", 9.73),))


def instance_plan(**changes: Any) -> InstancePlan:
    """Return the plan of a level 0 of 600 x 500 pixels: RGB JPEG tiles of 240 pixels that pass, but for the changes."""
    name = changes.get("name", "level-0")
    plan = InstancePlan(
        name=name,
        number=1,
        image=0,
        kind=ImageKind.VOLUME,
        level=0,
        averaged=False,
        source_level=changes.get("level", 0),
        grid=TileGrid(600, 500, 240, 240),
        native_grid=True,
        transfer_syntax=TransferSyntax.JPEG_BASELINE,
        photometric=Photometric.RGB,
        samples=3,
        bits=8,
        bits_stored=changes.get("bits", 8),
        route=Route.PASSTHROUGH,
        reason=None,
        reversible=False,
        lossy=JPEG_HISTORY,
        sop_instance_uid=derived_uid(("test", name)),
        pixel_spacing_mm=SPACING_MM,
        background=(255, 255, 255),
        run_frames=64,
    )
    return dataclasses.replace(plan, **changes)


def gray_plan(**changes: Any) -> InstancePlan:
    """Return the plan of a native gray level."""
    gray = {
        "transfer_syntax": TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN,
        "photometric": Photometric.MONOCHROME2,
        "samples": 1,
        "route": Route.ENCODE,
        "reversible": True,
        "lossy": LossyHistory(),
        "background": (255,),
    }
    return instance_plan(**gray | changes)


def single_frame_plan(kind: ImageKind, number: int, columns: int, rows: int, **changes: Any) -> InstancePlan:
    """Return the plan of a label, overview or thumbnail."""
    associated = {
        "name": kind.value.lower(),
        "number": number,
        "kind": kind,
        "level": None,
        "grid": TileGrid(columns, rows, columns, rows),
        "native_grid": False,
        "pixel_spacing_mm": None,
    }
    return instance_plan(**associated | changes)


def pyramid_plans() -> tuple[InstancePlan, ...]:
    """Return the plans of a slide with two levels, label, overview and thumbnail."""
    half = (SPACING_MM[0] * 2, SPACING_MM[1] * 2)
    eighth = (SPACING_MM[0] * 500 / 62, SPACING_MM[1] * 600 / 75)
    return (
        instance_plan(),
        instance_plan(name="level-1", number=2, level=1, grid=TileGrid(300, 250, 240, 240), pixel_spacing_mm=half),
        single_frame_plan(
            ImageKind.LABEL,
            3,
            160,
            180,
            transfer_syntax=TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN,
            route=Route.ENCODE,
            reversible=True,
            lossy=LossyHistory(),
        ),
        single_frame_plan(ImageKind.OVERVIEW, 4, 480, 160),
        single_frame_plan(ImageKind.THUMBNAIL, 5, 75, 62, pixel_spacing_mm=eighth),
    )


def slide_plan(*instances: InstancePlan, **changes: Any) -> SlidePlan:
    """Return the plan of a slide with these instances, a pyramid if there are none, and the sample metadata."""
    facts = changes.pop("facts", ScannerFacts(pixel_spacing_mm=SPACING_MM, objective_power=20.0))
    given: GivenMetadata = changes.pop("given", parse_metadata(sample_metadata(), "sample"))
    plan = SlidePlan(
        slide=SlideInput(uri="sample.svs", slide_id="sample.svs"),
        format="aperio",
        action=Action.CONVERT,
        fingerprint="0123456789abcdef",
        config_digest="fedcba9876543210",
        study_instance_uid=derived_uid(("test", "study")),
        series_instance_uid=derived_uid(("test", "series")),
        frame_of_reference_uid=derived_uid(("test", "frame of reference")),
        pyramid_uid=derived_uid(("test", "pyramid")),
        chains=(),
        instances=instances or pyramid_plans(),
        facts=facts,
        metadata=resolve_metadata(given, facts, research_placeholder=True, slide_name="sample.svs"),
        icc_profile=SRGB_PROFILE,
        optical_paths=(OpticalPathFacts(),),
        focal_plane_offsets_um=(0.0,),
        icc_source="srgb",
        warnings=(),
    )
    return dataclasses.replace(plan, **changes)


def frame_pixels(instance: InstancePlan, frame: int) -> Pixels:
    """Return pixels for a frame: smooth, of many colours, and another picture for each frame."""
    rows, columns = np.mgrid[: instance.grid.tile_rows, : instance.grid.tile_columns]
    waves = [np.sin(rows / (9 + frame + s)) + np.cos(columns / (13 + 2 * s)) for s in range(instance.samples)]
    largest = 2**instance.bits - 1
    samples: NDArray[np.float64] = (np.stack(waves, -1) + 2) / 4 * largest
    return samples.astype(np.uint8) if instance.bits == 8 else samples.astype(np.uint16)


def encoded_frame(instance: InstancePlan, frame: int) -> bytes:
    """Return a frame as the instance's transfer syntax stores it."""
    pixels = frame_pixels(instance, frame)
    plane = pixels[..., 0] if instance.samples == 1 else pixels
    match instance.transfer_syntax:
        case TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN:
            return pixels.tobytes()
        case TransferSyntax.JPEG_BASELINE:
            colour = "rgb" if instance.photometric is Photometric.RGB else None
            return bytes(imagecodecs.jpeg8_encode(plane, level=90, outcolorspace=colour))
        case TransferSyntax.JPEG_2000 | TransferSyntax.JPEG_2000_LOSSLESS:
            return bytes(imagecodecs.jpeg2k_encode(plane, codecformat="J2K", reversible=instance.reversible, level=0))
    return bytes(imagecodecs.htj2k_encode(plane, tlm=True))


def encoded_frames(instance: InstancePlan) -> list[bytes]:
    """Return all frames of an instance, in order."""
    return [encoded_frame(instance, frame) for frame in range(instance.grid.frames)]


def as_item(frame: bytes) -> bytes:
    """Return a frame as an item of encapsulated pixel data (PS3.5 A.4)."""
    padded = frame + b"\0" * (len(frame) % 2)
    return b"\xfe\xff\x00\xe0" + len(padded).to_bytes(4, "little") + padded


def file_bytes(plan: SlidePlan, instance: InstancePlan, frames: Sequence[bytes], **options: int) -> bytes:
    """Return a whole file; `options` go to `instance_header`."""
    frame_lengths = np.array([len(frame) for frame in frames], np.uint32)
    header = instance_header(
        plan, instance, item_lengths=frame_lengths + frame_lengths % 2, frame_lengths=frame_lengths, **options
    )
    encapsulated = instance.transfer_syntax.is_encapsulated
    body = b"".join(as_item(frame) if encapsulated else frame for frame in frames)
    return header + body + instance_trailer(instance, len(body))


def write_series(folder: Path, plan: SlidePlan) -> list[Path]:
    """Write all instances of a plan with frames of their own."""
    folder.mkdir(exist_ok=True)
    paths = []
    for instance in plan.instances:
        path = folder / instance.file_name
        path.write_bytes(file_bytes(plan, instance, encoded_frames(instance)))
        paths.append(path)
    return paths
