"""One way to break each rule, and nothing else, of a series that is right: the measure of what the rules find."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import pydicom
from pydicom import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import JPEGLSLossless

from tests.io.validation import changes
from tests.io.validation.changes import OTHER_UID
from tests.io.validation.files import (
    both_types,
    edit,
    edit_bytes,
    frames_of,
    make_gray,
    make_sparse,
    pixels_of,
    set_extended_table,
    set_items,
    set_native,
    split_in_two,
)

JPEG, RPCL, J2K, NATIVE = "jpeg", "htj2k-lossless-rpcl", "jpeg2000-lossless", "explicit-vr-little-endian"


@dataclass(frozen=True)
class Break:
    """What is done to a copy of a converted series."""

    act: Callable[[Path], None]
    series: str = JPEG
    alone: str = ""
    """The one file that is kept, where others would be touched by the same fault."""


def on(name: str, change: Callable[[Dataset], object]) -> Callable[[Path], None]:
    """Return the action that changes the data set of one file."""

    def act(folder: Path) -> None:
        edit(folder / f"{name}.dcm", lambda dataset: void(change(dataset)))

    return act


def void(_: object) -> None:
    """Forget what a change returned."""


def level(change: Callable[[Dataset], object], series: str = JPEG) -> Break:
    """Change the largest level, alone."""
    return Break(on("level-0", change), series=series, alone="level-0")


def lower(change: Callable[[Dataset], object], series: str = JPEG) -> Break:
    """Change the second level, beside the others."""
    return Break(on("level-1", change), series=series)


def sparse(change: Callable[[Dataset], object]) -> Break:
    """Change the largest level, made sparse before."""

    def act(dataset: Dataset) -> None:
        make_sparse(dataset)
        change(dataset)

    return level(act)


def parts(change: Callable[[Dataset], object]) -> Break:
    """Change the second part of the largest level, alone and made a concatenation."""

    def act(folder: Path) -> None:
        _, second = split_in_two(folder / "level-0.dcm")
        edit(second, lambda dataset: void(change(dataset)))

    return Break(act, alone="level-0")


def raw(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    """Return the action that replaces bytes of a file."""
    return lambda folder: edit_bytes(folder / f"{name}.dcm", old, new)


def put(keyword: str, value: object) -> Callable[[Dataset], None]:
    """Return the change that sets an attribute."""
    return lambda dataset: setattr(dataset, keyword, value)


def drop(*keywords: str) -> Callable[[Dataset], None]:
    """Return the change that removes attributes."""

    def change(dataset: Dataset) -> None:
        for keyword in keywords:
            delattr(dataset, keyword)

    return change


def meta(keyword: str, value: str) -> Callable[[Dataset], None]:
    """Return the change that sets an element of the file meta information."""
    return lambda dataset: setattr(dataset.file_meta, keyword, value)


def path(change: Callable[[Dataset], object]) -> Callable[[Dataset], object]:
    """Return the change of the optical path."""
    return lambda dataset: change(dataset.OpticalPathSequence[0])


def shared(change: Callable[[Dataset], object]) -> Callable[[Dataset], object]:
    """Return the change of the shared functional groups."""
    return lambda dataset: change(dataset.SharedFunctionalGroupsSequence[0])


def measures(change: Callable[[Dataset], object]) -> Callable[[Dataset], object]:
    """Return the change of the pixel measures."""
    return shared(lambda groups: change(groups.PixelMeasuresSequence[0]))


def specimen(change: Callable[[Dataset], object]) -> Callable[[Dataset], object]:
    """Return the change of the specimen's description."""
    return lambda dataset: change(dataset.SpecimenDescriptionSequence[0])


def frame(change: Callable[[Dataset], object], number: int = 3) -> Break:
    """Change the per-frame item of one frame of a sparse level."""
    return sparse(lambda dataset: change(dataset.PerFrameFunctionalGroupsSequence[number]))


def profile(at: slice, new: bytes) -> Break:
    """Change bytes of the ICC profile."""

    def change(item: Dataset) -> None:
        item.ICCProfile = item.ICCProfile[: at.start] + new + item.ICCProfile[at.stop :]

    return level(path(change))


def frame_bytes(series: str, old: bytes, new: bytes) -> Break:
    """Change bytes of the first frame of the largest level."""

    def change(dataset: Dataset) -> None:
        frames = frames_of(dataset)
        assert old in frames[0]
        set_items(dataset, [frames[0].replace(old, new, 1), *frames[1:]])

    return level(change, series)


def jpeg_ls(change: Callable[[list[bytes], Dataset], object]) -> Break:
    """Change the frames of the largest level, made JPEG-LS before."""

    def act(dataset: Dataset) -> None:
        frames = [imagecodecs.jpegls_encode(pixels) for pixels in pixels_of(dataset)]
        change(frames, dataset)
        dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
        set_items(dataset, frames)

    return level(act, NATIVE)


def _copy_of(name: str, **changes: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        dataset = pydicom.dcmread(folder / f"{name}.dcm")
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(folder / "other.dcm")

    return act


def _two_bytes_for_four(folder: Path) -> None:
    on("level-0", put("RepresentativeFrameNumber", 1))(folder)
    raw("level-0", b"\x28\x00\x10\x60US", b"\x28\x00\x10\x60UL")(folder)


def _no_delimiter(folder: Path) -> None:
    file = folder / "level-0.dcm"
    file.write_bytes(file.read_bytes()[:-8])


BREAKS: dict[str, Break] = {
    "meta.required": level(lambda dataset: delattr(dataset.file_meta, "ImplementationClassUID")),
    "meta.sop-class": level(meta("MediaStorageSOPClassUID", "1.2.840.10008.5.1.4.1.1.2")),
    "meta.sop-instance": level(meta("MediaStorageSOPInstanceUID", OTHER_UID)),
    "meta.transfer-syntax": Break(
        raw("level-0", b"1.2.840.10008.1.2.4.50", b"1.2.840.10008.1.2.4.52"), alone="level-0"
    ),
    "values.readable": Break(_two_bytes_for_four, alone="level-0"),
    "values.representation": level(put("BodyPartExamined", "not a code")),
    "values.uid": level(put("InstanceCreatorUID", "1.02.3")),
    "values.character-set": level(changes.beyond_ascii),
    "identity.required": level(drop("StudyInstanceUID")),
    "identity.attributes": level(drop("PatientBirthDate")),
    "identity.modality": level(put("Modality", "GM")),
    "identity.equipment": level(put("DeviceSerialNumber", "")),
    "identity.frame-of-reference": lower(drop("FrameOfReferenceUID")),
    "identity.no-pyramid": Break(on("label", put("PyramidUID", OTHER_UID))),
    "image.type": level(lambda dataset: both_types(dataset, "ORIGINAL", "SECONDARY", "VOLUME", "NONE")),
    "image.derived": lower(lambda dataset: both_types(dataset, "ORIGINAL", "PRIMARY", "VOLUME", "RESAMPLED")),
    "image.frame-type": level(shared(drop("WholeSlideMicroscopyImageFrameTypeSequence"))),
    "image.required": level(drop("FocusMethod")),
    "image.multi-frame": level(drop("ContentTime")),
    "image.single-frame": Break(on("label", changes.two_frames), series=NATIVE, alone="label"),
    "image.slide-label": Break(on("label", drop("BarcodeValue"))),
    "image.label-shown": level(put("SpecimenLabelInImage", "YES")),
    "pixels.required": level(drop("HighBit")),
    "pixels.samples": level(changes.four_samples, NATIVE),
    "pixels.bits": level(put("HighBit", 6)),
    "pixels.unused-bits": level(lambda dataset: dataset.update({"BitsStored": 7, "HighBit": 6}), NATIVE),
    "pixels.unsigned": level(put("PixelRepresentation", 1)),
    "pixels.planar-configuration": level(put("PlanarConfiguration", 1)),
    "pixels.monochrome": level(changes.gray_without_presentation, NATIVE),
    "pixels.encapsulation": Break(
        raw("level-0", b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x14\x001.2.840.10008.1.2.5\0"),
        series=NATIVE,
        alone="level-0",
    ),
    "pixels.value-representation": Break(raw("level-0", b"\xe0\x7f\x10\x00OB", b"\xe0\x7f\x10\x00OW"), alone="level-0"),
    "pixels.native-length": level(lambda dataset: set_native(dataset, dataset.PixelData + b"\0\0"), NATIVE),
    "offsets.items": Break(_no_delimiter, alone="level-0"),
    "offsets.even-items": level(changes.odd_items),
    "offsets.fragments": Break(on("overview", lambda dataset: set_items(dataset, [], frames=1)), alone="overview"),
    "offsets.several-fragments": level(changes.halved_items),
    "offsets.one-table": level(set_extended_table),
    "offsets.no-table": level(lambda dataset: set_items(dataset, frames_of(dataset), table=[])),
    "offsets.basic": level(changes.wrong_basic_entry),
    "offsets.extended": level(changes.wrong_extended_length),
    "photometric.in-iod": level(put("PhotometricInterpretation", "YBR_FULL"), NATIVE),
    "photometric.in-syntax": level(put("PhotometricInterpretation", "YBR_RCT"), NATIVE),
    "photometric.codestream": level(put("PhotometricInterpretation", "YBR_FULL_422")),
    "codestream.readable": level(changes.unreadable_frame),
    "codestream.whole": level(changes.cut_frame),
    "codestream.syntax": Break(raw("level-0", b"1.2.840.10008.1.2.4.50", b"1.2.840.10008.1.2.4.70"), alone="level-0"),
    "codestream.bare": level(changes.jp2, J2K),
    "codestream.size": frame_bytes(JPEG, b"\xff\xc0\x00\x11\x08\x00\xf0", b"\xff\xc0\x00\x11\x08\x00\xf8"),
    "codestream.components": jpeg_ls(changes.gray_first_frame),
    "codestream.precision": jpeg_ls(changes.seven_bits),
    "codestream.rpcl": frame_bytes(RPCL, b"\xff\x52\x00\x0c\x00\x02", b"\xff\x52\x00\x0c\x00\x00"),
    "tiles.matrix": level(put("TotalPixelMatrixColumns", 0)),
    "tiles.organization": sparse(drop("DimensionOrganizationType")),
    "tiles.frame-count": level(changes.one_frame_less),
    "tiles.per-frame-count": sparse(lambda dataset: dataset.PerFrameFunctionalGroupsSequence.pop()),
    "tiles.positions": frame(drop("PlanePositionSlideSequence")),
    "tiles.inside": frame(
        lambda item: setattr(item.PlanePositionSlideSequence[0], "RowPositionInTotalImagePixelMatrix", 240 * 9 + 1)
    ),
    "tiles.regular": frame(
        lambda item: setattr(item.PlanePositionSlideSequence[0], "ColumnPositionInTotalImagePixelMatrix", 9)
    ),
    "tiles.full-positions": level(changes.swapped_positions),
    "tiles.origin": level(drop("TotalPixelMatrixOriginSequence")),
    "tiles.orientation": level(put("ImageOrientationSlide", [1, 0, 0, 1, 0, 0])),
    "tiles.spacing": level(measures(drop("PixelSpacing"))),
    "dimensions.organization": level(
        lambda dataset: setattr(dataset.DimensionOrganizationSequence[0], "DimensionOrganizationUID", OTHER_UID)
    ),
    "dimensions.indices": sparse(drop("DimensionIndexSequence")),
    "dimensions.order": level(
        lambda dataset: setattr(dataset, "DimensionIndexSequence", Items(dataset.DimensionIndexSequence[::-1]))
    ),
    "dimensions.index-values": frame(lambda item: setattr(item.FrameContentSequence[0], "DimensionIndexValues", 1)),
    "pyramid.imaged-volume": level(lambda dataset: setattr(dataset, "ImagedVolumeWidth", dataset.ImagedVolumeHeight)),
    "pyramid.depth": level(put("ImagedVolumeDepth", 0.001)),
    "paths.sequence": level(path(drop("IlluminationTypeCodeSequence"))),
    "paths.wavelength": level(path(put("IlluminationWaveLength", 0.0))),
    "paths.unique": sparse(changes.two_paths_of_one_name),
    "paths.count": sparse(put("NumberOfOpticalPaths", 2)),
    "paths.identification": level(
        shared(lambda groups: setattr(groups.OpticalPathIdentificationSequence[0], "OpticalPathIdentifier", "x"))
    ),
    "paths.focal-planes": level(drop("TotalPixelMatrixFocalPlanes")),
    "paths.plane-spacing": level(changes.two_planes),
    "icc.present": level(path(drop("ICCProfile"))),
    "icc.whole": level(path(lambda item: setattr(item, "ICCProfile", item.ICCProfile[:-100]))),
    "icc.class": profile(slice(12, 16), b"mntr"),
    "icc.colour-space": profile(slice(16, 20), b"GRAY"),
    "lossy.told": level(drop("LossyImageCompression")),
    "lossy.syntax": level(changes.said_lossless),
    "lossy.method": level(put("LossyImageCompressionMethod", "ISO_15444_1")),
    "lossy.ratios": level(put("LossyImageCompressionRatio", ["10", "2"])),
    "lossy.history": level(drop("LossyImageCompressionRatio", "LossyImageCompressionMethod"), NATIVE),
    "specimen.container": level(put("ContainerIdentifier", "")),
    "specimen.description": level(specimen(drop("SpecimenIdentifier"))),
    "specimen.preparation": level(
        specimen(lambda item: setattr(item, "SpecimenPreparationSequence", Items([Dataset()])))
    ),
    "specimen.localization": level(changes.two_specimens),
    "concatenation.required": parts(drop("InConcatenationNumber")),
    "identity.unique": Break(_copy_of("label")),
    "identity.study": Break(on("label", put("StudyInstanceUID", OTHER_UID))),
    "identity.patient": Break(on("label", put("PatientID", "another"))),
    "identity.series": Break(on("label", put("SeriesNumber", 7))),
    "identity.one-frame-of-reference": lower(put("FrameOfReferenceUID", OTHER_UID)),
    "identity.container": lower(put("ContainerIdentifier", "another")),
    "identity.specimens": lower(specimen(put("SpecimenUID", OTHER_UID))),
    "identity.pyramid": lower(drop("PyramidUID")),
    "identity.acquisition": Break(
        lambda folder: (
            [
                on(name, put("AcquisitionUID", f"{OTHER_UID}.{n}"))(folder)
                for n, name in enumerate(("level-0", "level-1"))
            ]
            and None
        )
    ),
    "pyramid.extent": lower(changes.wide_level),
    "pyramid.sizes": Break(_copy_of("level-1", SOPInstanceUID=OTHER_UID)),
    "pyramid.shape": lower(changes.narrow_level),
    "pyramid.origin": lower(
        lambda dataset: setattr(dataset.TotalPixelMatrixOriginSequence[0], "XOffsetInSlideCoordinateSystem", "3")
    ),
    "pyramid.orientation": lower(put("ImageOrientationSlide", [-1, 0, 0, 0, 1, 0])),
    "pyramid.resampled": lower(lambda dataset: both_types(dataset, "DERIVED", "PRIMARY", "VOLUME", "NONE")),
    "pyramid.samples": lower(make_gray, NATIVE),
    "lossy.inherited": lower(changes.said_lossless, NATIVE),
    "concatenation.parts": parts(put("InConcatenationNumber", 3)),
    "concatenation.offsets": parts(put("ConcatenationFrameOffsetNumber", 1)),
    "concatenation.frame-count": parts(changes.one_frame_less),
    "concatenation.alike": parts(put("SOPInstanceUIDOfConcatenationSource", OTHER_UID)),
}
"""By rule."""
