"""What every frame encoder must do. A test class of a codec derives from `FrameEncoderContract` and names settings."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import skimage.data

from pipeline.io.codecs.contract import EncoderSettings, FrameEncoder
from pipeline.io.codecs.registry import decode_frame, frame_encoder
from pipeline.io.codecs.validation import peak_signal_to_noise
from pipeline.model.errors import CodecError, ConfigError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric


def draw_frame(settings: EncoderSettings, *, shift: int = 0) -> Pixels:
    """Cut a frame out of stained tissue: gray is its green, 16 bits have noise in the low byte."""
    tissue = np.roll(skimage.data.immunohistochemistry(), shift, axis=0)
    repeats = (-(-settings.rows // 512), -(-settings.columns // 512), 1)
    frame = np.tile(tissue, repeats)[: settings.rows, : settings.columns]
    frame = frame[..., 1:2] if settings.samples == 1 else frame
    if settings.bits == 8:
        return np.ascontiguousarray(frame)
    noise = np.random.default_rng(shift).integers(0, 256, frame.shape, dtype=np.uint16)
    return np.left_shift(frame.astype(np.uint16), 8) | noise


def decode(frame: bytes, settings: EncoderSettings) -> Pixels:
    """Decode a frame as its settings describe it."""
    return decode_frame(
        frame,
        transfer_syntax=settings.transfer_syntax,
        photometric=settings.photometric,
        rows=settings.rows,
        columns=settings.columns,
        samples=settings.samples,
        bits=settings.bits,
    )


class FrameEncoderContract:
    """Derive from it and give `cases`: settings by name."""

    cases: ClassVar[dict[str, EncoderSettings]]
    least_psnr_db = 30.0
    """Of lossy cases, on tissue."""

    @pytest.fixture
    def settings(self, case: str) -> EncoderSettings:
        """Return the settings of a case."""
        return self.cases[case]

    @pytest.fixture
    def encoder(self, settings: EncoderSettings) -> FrameEncoder:
        """Return the encoder of a case."""
        return frame_encoder(settings)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run every test that uses a case with each of them."""
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", self.cases)

    def test_says_what_it_was_told(self, encoder: FrameEncoder, settings: EncoderSettings) -> None:
        """Its properties are those of its settings."""
        assert encoder.transfer_syntax is settings.transfer_syntax
        assert encoder.photometric is settings.photometric

    def test_round_trip(self, encoder: FrameEncoder, settings: EncoderSettings) -> None:
        """Lossless frames come back exactly, lossy ones near enough."""
        pixels = draw_frame(settings)
        decoded = decode(encoder.encode(pixels), settings)
        assert decoded.shape == pixels.shape
        assert decoded.dtype == pixels.dtype
        if encoder.lossy_method is None:
            assert np.array_equal(decoded, pixels)
        else:
            assert peak_signal_to_noise(pixels, decoded) > self.least_psnr_db

    def test_same_pixels_same_bytes(self, encoder: FrameEncoder, settings: EncoderSettings) -> None:
        """No clock, no chance and no state goes into a frame."""
        pixels = draw_frame(settings)
        again = frame_encoder(settings)
        assert encoder.encode(pixels) == encoder.encode(pixels.copy()) == again.encode(pixels)

    def test_memory_layout_does_not_matter(self, encoder: FrameEncoder, settings: EncoderSettings) -> None:
        """Windows, column order and byte order are the encoder's business."""
        pixels = draw_frame(settings)
        padded = np.zeros((settings.rows + 3, settings.columns + 5, settings.samples), pixels.dtype)
        window = padded[1:-2, 2:-3]
        window[:] = pixels
        swapped = pixels.astype(pixels.dtype.newbyteorder("S"))
        assert encoder.encode(window) == encoder.encode(np.asfortranarray(pixels)) == encoder.encode(pixels)
        assert encoder.encode(swapped) == encoder.encode(pixels)

    def test_refuses_another_shape(self, encoder: FrameEncoder, settings: EncoderSettings) -> None:
        """Frames of an instance have one size."""
        with pytest.raises(CodecError, match="encoder of frames"):
            encoder.encode(draw_frame(settings)[:-1])
        with pytest.raises(CodecError, match="encoder of frames"):
            encoder.encode(draw_frame(settings)[..., 0])

    def test_refuses_another_type(self, encoder: FrameEncoder, settings: EncoderSettings) -> None:
        """Bits are not widened, cut or reinterpreted in silence."""
        other = np.uint16 if settings.bits == 8 else np.uint8
        for dtype in (other, np.dtype(f"i{settings.bits // 8}"), np.float32):
            with pytest.raises(CodecError, match="encoder of frames"):
                encoder.encode(draw_frame(settings).astype(dtype))

    def test_threads_share_it(self, encoder: FrameEncoder, settings: EncoderSettings) -> None:
        """One encoder serves all threads."""
        frames = [draw_frame(settings, shift=shift) for shift in range(8)]
        alone = [encoder.encode(frame) for frame in frames]
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(encoder.encode, frames * 4))
            decoded = list(pool.map(lambda frame: decode(frame, settings), alone * 2))
        assert together == alone * 4
        assert all(np.array_equal(d, decode(a, settings)) for d, a in zip(decoded, alone * 2, strict=True))

    def test_gray_is_monochrome2_and_nothing_else(self, settings: EncoderSettings) -> None:
        """Samples and colour model go together."""
        wrong = Photometric.RGB if settings.samples == 1 else Photometric.MONOCHROME2
        with pytest.raises(ConfigError, match="not written as"):
            frame_encoder(replace(settings, photometric=wrong))

    def test_refuses_alpha(self, settings: EncoderSettings) -> None:
        """PS3.3 C.8.12.4.1.5 has 1 or 3 samples a pixel."""
        with pytest.raises(ConfigError, match="1 sample a pixel"):
            frame_encoder(replace(settings, samples=4))
