"""What every frame encoder must do. A test class of a codec derives from `FrameEncoderContract` and names settings."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import skimage.data

from pipeline.io.codecs.containers import passing_syntax
from pipeline.io.codecs.contract import EncoderSettings, FrameEncoder, PassedTile, TileCodec
from pipeline.io.codecs.noise import peak_signal_to_noise
from pipeline.io.codecs.registry import decode_frame, frame_encoder, tile_codec_for
from pipeline.model.errors import CodecError, ConfigError
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric


def draw_frame(settings: EncoderSettings, *, shift: int = 0) -> Pixels:
    """Cut a frame out of stained tissue: gray is its green, bits beyond 8 are noise, as many as are stored."""
    tissue = np.roll(skimage.data.immunohistochemistry(), shift, axis=0)
    repeats = (-(-settings.rows // 512), -(-settings.columns // 512), 1)
    frame = np.tile(tissue, repeats)[: settings.rows, : settings.columns]
    frame = frame[..., 1:2] if settings.samples == 1 else frame
    if settings.precision <= 8:
        return np.ascontiguousarray(frame >> (8 - settings.precision)).astype(f"u{settings.bits // 8}")
    more = settings.precision - 8
    noise = np.random.default_rng(shift).integers(0, 1 << more, frame.shape, dtype=np.uint16)
    return np.left_shift(frame.astype(np.uint16), more) | noise


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
        bits_stored=settings.bits_stored,
    )


def tiles_of(settings: EncoderSettings) -> TileCodec:
    """Return the codec of frames that settings describe, as a DICOM source has it."""
    return tile_codec_for(
        settings.transfer_syntax,
        settings.photometric,
        samples=settings.samples,
        bits=settings.bits,
        bits_stored=settings.precision,
        columns=settings.columns,
        rows=settings.rows,
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
            assert peak_signal_to_noise(pixels, decoded, settings.bits_stored) > self.least_psnr_db

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

    def test_refuses_samples_of_more_bits_than_are_stored(
        self, encoder: FrameEncoder, settings: EncoderSettings
    ) -> None:
        """Bits Stored is a promise: what does not fit is neither cut nor written."""
        if settings.precision == settings.bits:
            pytest.skip("samples use all bits")
        pixels = draw_frame(settings)
        pixels[-1, -1, -1] = 1 << settings.precision
        with pytest.raises(CodecError, match="Bits Stored"):
            encoder.encode(pixels)

    def test_its_frames_pass_as_what_they_are(self, encoder: FrameEncoder, settings: EncoderSettings) -> None:
        """A DICOM source lets the frame pass as it is, padded or not, in its syntax and with its colour model."""
        if not settings.transfer_syntax.is_encapsulated:
            pytest.skip("native frames are no tiles")
        frame = encoder.encode(draw_frame(settings))
        tiles = tiles_of(settings)
        for stored in (frame, memoryview(frame + b"\0" * (len(frame) % 2))):
            passed = tiles.pass_tile(stored)
            assert isinstance(passed, PassedTile)
            assert passed.photometric is settings.photometric
            assert passing_syntax(passed.transfer_syntax, settings.transfer_syntax) is passed.transfer_syntax
            whole = passed.head + bytes(stored[passed.start : passed.end])
            assert whole in (frame, bytes(stored))
            assert np.array_equal(tiles.decode(stored), decode(frame, settings))
        assert passed.reversible is (encoder.lossy_method is None or self.reversible_transforms(settings))

    @staticmethod
    def reversible_transforms(settings: EncoderSettings) -> bool:
        """Whether a lossy frame's codestream is reversible all the same; subsampled chroma makes it so."""
        return settings.reversible and settings.transfer_syntax.is_jpeg_2000_family

    def test_damage_is_a_reason_or_a_codec_error(self, encoder: FrameEncoder, settings: EncoderSettings) -> None:
        """Cut short or with bits flipped, a frame never makes the codec fall over or return another shape."""
        if not settings.transfer_syntax.is_encapsulated:
            pytest.skip("native frames are no tiles")
        frame = encoder.encode(draw_frame(settings))
        tiles = tiles_of(settings)
        chance = np.random.default_rng(0)
        for _ in range(20):
            damaged = bytearray(frame[: int(chance.integers(0, len(frame) + 1))])
            for place in chance.integers(0, max(1, min(len(damaged), 200)), 3 if len(damaged) else 0):
                damaged[place] ^= 1 << int(chance.integers(0, 8))
            tiles.pass_tile(bytes(damaged))
            try:
                decoded = tiles.decode(bytes(damaged))
            except CodecError:
                continue
            assert decoded.shape == (settings.rows, settings.columns, settings.samples)

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
