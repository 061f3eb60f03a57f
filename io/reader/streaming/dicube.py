"""Slices of DiCube files (.dcbs) on demand, through the same calls as frames of slides. Needs the extra `dicube`.

A `.dcbs` holds a series of CT or MR as one HTJ2K codestream a slice, with the DICOM attributes beside them. Its
samples are not those of the series but the values that Rescale Slope and Intercept made of them, which is why the file
has a rescale of its own, mostly 1 and 0. As stored, a slice has the file's samples and the file's rescale.
Uncompressed, it has the series' own samples and rescale, bit for bit, wherever they can be told from the values; else
those of the file. Either way sample x slope + intercept is the value that was saved.

DiCube's own reader gives a compressed slice where it cannot decode one. This one raises.
"""

import os
import weakref
from io import BytesIO
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from pipeline.io.dicom.decimal_string import decimal_string
from pipeline.io.dicom.header import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from pipeline.io.reader.streaming.frame_reader import FrameReader
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.model.errors import ConfigError, SourceError, TileError
from pipeline.model.transfer_syntaxes import TransferSyntax

_ENTRY_BYTES = 8
_EXACT = 2**53
"""Integers up to here are exact as floats."""


class DicubeReader(FrameReader):
    """The slices of a DiCube file. Raises ConfigError without the extra, SourceError for a file that is not read."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        chunk_size: int = 10,
        cache_size: int = 50,
        force_uncompressed: bool = False,
    ) -> None:
        super().__init__(os.fspath(path), chunk_size, cache_size, force_uncompressed)
        try:
            from dicube.codecs import get_codec
            from dicube.storage import DcbFile
        except ImportError as error:
            raise ConfigError(f"{self.path} needs dicube: pip install 'slidebeam[dicube]'") from error
        self._file = FileBytes(self.path)
        self._release_file = weakref.finalize(self, self._file.close)
        try:
            opened = DcbFile(self.path, mode="r")
            self._header: dict[str, int] = opened.header
            self._syntax = opened.get_transfer_syntax_uid()
            self._kind = type(opened).__name__
            self._rescale = opened.read_pixel_header()
            self._attributes = opened.read_meta()
            self._has_space = opened.read_space() is not None
            if not self._syntax or not self._attributes:
                raise ValueError("it names no transfer syntax, or has no DICOM attributes")
            self._codec = get_codec(opened.CODEC_NAME)
        except Exception as error:  # dicube's readers raise what their parsers meet
            self._file.close()
            raise SourceError(
                f"{self.path} is no DiCube file of a DICOM series that can be read ({type(error).__name__}: {error})",
                uri=self.path,
            ) from error

    def _count(self) -> int:
        return self._header["frame_count"]

    def _make(self, frame_index: int, *, uncompressed: bool) -> bytes:
        codestream = self._stored(frame_index)
        dataset = Dataset.from_json(self._attributes.index(frame_index))
        if uncompressed:
            pixels = self._decoded(codestream, frame_index)
            own = _samples_of_series(pixels, float(self._rescale.RescaleSlope), self._intercept, dataset)
            if own is None:
                self._describe(dataset)
            samples = pixels if own is None else own
            data = samples.astype(samples.dtype.newbyteorder("<"), copy=False).tobytes()
            dataset.PixelData = data + bytes(len(data) % 2)
            dataset["PixelData"].VR = "OB" if samples.dtype.itemsize == 1 else "OW"
        else:
            self._describe(dataset)
            dataset.PixelData = encapsulate([codestream])
            dataset["PixelData"].is_undefined_length = True
        return self._written(dataset, TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN.value if uncompressed else self._syntax)

    def _metadata(self) -> dict[str, Any]:
        return {
            "pixel_header": self._rescale.to_dict(),
            "has_dicom_meta": True,
            "has_space": self._has_space,
            "transfer_syntax": TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN.value
            if self.force_uncompressed
            else self._syntax,
            "file_type": self._kind,
        }

    def _release(self) -> None:
        self._release_file()

    @property
    def _intercept(self) -> float:
        return float(self._rescale.RescaleIntercept)

    def _stored(self, frame: int) -> bytes:
        offset, length = (
            int.from_bytes(self._file.read(self._header[table] + _ENTRY_BYTES * frame, _ENTRY_BYTES), "little")
            for table in ("frame_offsets_offset", "frame_lengths_offset")
        )
        return self._file.read(offset, length)

    def _decoded(self, codestream: bytes, frame: int) -> NDArray[np.generic]:
        try:
            pixels = self._codec.decode(codestream)
        except Exception as error:  # of a native library
            raise TileError(
                f"{self.path}: slice {frame} cannot be decoded: {error}", uri=self.path, frame=frame
            ) from error
        return cast(NDArray[np.generic], np.asarray(pixels, self._rescale.PixelDtype))

    def _describe(self, dataset: Dataset) -> None:
        """Say what the file's own samples are."""
        kind = np.dtype(self._rescale.PixelDtype)
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = kind.itemsize * 8
        dataset.HighBit = dataset.BitsStored - 1
        dataset.PixelRepresentation = int(kind.kind == "i")
        dataset.RescaleSlope = decimal_string(float(self._rescale.RescaleSlope))
        dataset.RescaleIntercept = decimal_string(self._intercept)

    def _written(self, dataset: Dataset, syntax: str) -> bytes:
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = UID(syntax)
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
        dataset.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
        file = BytesIO()
        dcmwrite(file, dataset, enforce_file_format=True)
        return file.getvalue()


def _samples_of_series(
    pixels: NDArray[np.generic], slope: float, intercept: float, dataset: Dataset
) -> NDArray[np.generic] | None:
    """Return the samples that a slice had in its series; None where its attributes cannot hold or do not tell them."""
    own_slope, own_intercept = float(dataset.get("RescaleSlope") or 1), float(dataset.get("RescaleIntercept") or 0)
    bits, signed = int(dataset.get("BitsStored") or 0), bool(dataset.get("PixelRepresentation", 0))
    if bits not in range(1, 33) or dataset.get("BitsAllocated") not in (8, 16, 32) or not own_slope:
        return None
    values = pixels.astype(np.float64) * slope + intercept
    samples = np.rint((values - own_intercept) / own_slope)
    lowest, highest = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    if abs(samples).max() > _EXACT or samples.min() < lowest or samples.max() > highest:
        return None
    if not np.array_equal(samples * own_slope + own_intercept, values):
        return None
    return cast(NDArray[np.generic], samples.astype(f"{'i' if signed else 'u'}{dataset.BitsAllocated // 8}"))
