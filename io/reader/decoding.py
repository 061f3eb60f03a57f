"""From stored frames to pixels, as users of dicomslide expect them: (rows, columns, samples), as stored.

Colour comes out as RGB whatever the frame's model is. Gray stays what is stored, MONOCHROME1 and signs included, so
that what the data set says of values holds. Segmentations of one bit are bool, Float Pixel Data and Double Float Pixel
Data float32 and float64.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.reader.codestream import told_syntax
from pipeline.io.reader.frame_source import StoredFrame
from pipeline.io.sources.dicom.codec import frame_codec
from pipeline.io.sources.dicom.instance import FrameFormat
from pipeline.model.errors import CodecError
from pipeline.model.tiles import Buffer
from pipeline.model.transfer_syntaxes import TransferSyntax

_GRAY = "MONOCHROME2"
_FLOATS = {32: "<f4", 64: "<f8"}
_ALLOCATED = {1: (1, 8, 16, *_FLOATS), 3: (8, 16)}
"""Bits of a sample, by samples of a pixel."""
_NATIVE = TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN


class FrameDecoder:
    """Decodes the frames of one image, on many threads at once."""

    def __init__(self, metadata: Dataset) -> None:
        """Take what the data set says of its pixels."""
        self.rows, self.columns = int(metadata.Rows), int(metadata.Columns)
        self.samples = int(metadata.SamplesPerPixel)
        self.bits = int(metadata.BitsAllocated)
        self.bits_stored = int(metadata.get("BitsStored") or self.bits)
        self.photometric = str(metadata.get("PhotometricInterpretation") or _GRAY)
        if self.bits not in _ALLOCATED.get(self.samples, ()) or not 1 <= self.bits_stored <= self.bits:
            raise ValueError(
                f'Image "{metadata.SOPInstanceUID}" has pixels of {self.samples} samples with {self.bits_stored} of '
                f"{self.bits} bits, which are not read."
            )
        self._signed = bool(metadata.get("PixelRepresentation") or 0)
        self._planar = metadata.get("PlanarConfiguration") == 1
        self._codecs: dict[TransferSyntax, TileCodec] = {}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns and samples of a frame."""
        return self.rows, self.columns, self.samples

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the pixels: bool, uint8, uint16, int8, int16, float32 or float64."""
        if self.bits == 1:
            return np.dtype(np.bool_)
        if self.bits in _FLOATS:
            return np.dtype(f"f{self.bits // 8}")
        return np.dtype(f"{'i' if self._signed else 'u'}{self.bits // 8}")

    def decode(self, frame: StoredFrame) -> NDArray[Any]:
        """Return the pixels of a frame, perhaps read-only. Raises CodecError."""
        syntax = frame.transfer_syntax or told_syntax(frame.data, self._native_bytes())
        if self.bits == 1 or self.bits in _FLOATS:
            return self._uncompressed(frame.data, syntax)
        if frame.transfer_syntax is None and syntax is _NATIVE:
            return self._sign_restored(self._served(frame.data))
        codec = self._codecs.get(syntax)
        if codec is None:
            codec = self._codecs[syntax] = frame_codec(self._form(syntax, self.photometric))
        return self._sign_restored(codec.decode(frame.data))

    def _native_bytes(self) -> tuple[int, ...]:
        """Return the lengths that a native frame may have; the first is that of all samples of all pixels."""
        full = -(-self.rows * self.columns * self.samples * self.bits // 8)
        return (full, full * 2 // 3) if self.photometric == "YBR_FULL_422" else (full,)

    def _served(self, data: Buffer) -> NDArray[Any]:
        """Decode a native frame from a server, which may have decoded it: then it is RGB, whatever the data set says.

        Native frames have no YBR_ICT, YBR_RCT or XYB, and those of YBR_FULL_422 are shorter (PS3.3 C.7.6.3.1.2).
        """
        full, *shared = self._native_bytes()
        length = next(length for length in (full, *shared) if len(data) in (length, length + length % 2))
        stored = self.photometric == "YBR_FULL" or length != full
        return frame_codec(self._form(_NATIVE, self.photometric if stored else "RGB")).decode(data[:length])

    def _form(self, syntax: TransferSyntax, photometric: str) -> FrameFormat:
        return FrameFormat(
            transfer_syntax=syntax,
            photometric=_GRAY if self.samples == 1 else photometric,
            samples=self.samples,
            rows=self.rows,
            columns=self.columns,
            bits=self.bits,
            bits_stored=self.bits_stored,
            signed=self._signed,
            planar=self._planar,
        )

    def _sign_restored(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Take back the shift by which codecs make signed samples unsigned."""
        if not self._signed:
            return pixels
        return (pixels.astype(np.int32) - (1 << (self.bits_stored - 1))).astype(self.dtype)

    def _uncompressed(self, data: Buffer, syntax: TransferSyntax) -> NDArray[Any]:
        """Return samples of one bit, or floats."""
        if syntax is not _NATIVE or len(data) < self._native_bytes()[0]:
            raise CodecError(
                f"{len(data)} bytes of {syntax.option} are no frame of {self.shape} samples of {self.bits} bits"
            )
        if self.bits != 1:
            stored = np.frombuffer(data, _FLOATS[self.bits], self.rows * self.columns * self.samples)
            return stored.reshape(self.shape).astype(self.dtype, copy=False)
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little", count=self.rows * self.columns)
        return bits.view(np.bool_).reshape(self.shape)
