"""Files of every codec as others read them: pydicom's plugins, wsidicom, the tools of OpenJPEG and libjxl, dciodvfy."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.pixels.utils import pixel_array
from wsidicom import WsiDicom

from pipeline.io.jpeg.markers import parse_header
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.graph.conversions import convert, shown, stored_frames
from tests.sample import build_sample_slide

SYNTAXES: dict[str, dict[str, Any]] = {
    "rle": {"transfer_syntax": TransferSyntax.RLE_LOSSLESS},
    "jpeg-ls": {"transfer_syntax": TransferSyntax.JPEG_LS_LOSSLESS},
    "jpeg-ls-near": {"transfer_syntax": TransferSyntax.JPEG_LS_NEAR_LOSSLESS, "jpeg_ls_near": 4},
    "jpeg2000-lossy": {"transfer_syntax": TransferSyntax.JPEG_2000, "j2k_quality": 38.0},
    "htj2k-lossy": {"transfer_syntax": TransferSyntax.HTJ2K, "compression_ratio": 15.0},
    "jpeg-xl-lossless": {"transfer_syntax": TransferSyntax.JPEG_XL_LOSSLESS},
    "jpeg-xl-recompression": {"transfer_syntax": TransferSyntax.JPEG_XL_RECOMPRESSION},
}
METHODS = {
    "jpeg-ls-near": ["ISO_10918_1", "ISO_14495_1"],
    "jpeg2000-lossy": ["ISO_10918_1", "ISO_15444_1"],
    "htj2k-lossy": ["ISO_10918_1", "ISO_15444_15"],
}
UNKNOWN_TO_DICOM3TOOLS = ("htj2k-lossy", "jpeg-xl-lossless", "jpeg-xl-recompression")
UNKNOWN_TO_PYDICOM = ("jpeg-xl-lossless", "jpeg-xl-recompression")
PHOTOMETRICS = {
    "jpeg2000-lossy": Photometric.YBR_ICT,
    "htj2k-lossy": Photometric.YBR_ICT,
    "jpeg-xl-recompression": Photometric.RGB,
}


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of RGB JPEG with a level and no more."""
    path = tmp_path_factory.mktemp("slide") / "s.svs"
    return build_sample_slide(path, columns=300, rows=200, tile=128, associated=False)


@pytest.fixture(scope="module")
def files(slide: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return level 0 in every syntax."""
    folder = tmp_path_factory.mktemp("files")
    for name, options in SYNTAXES.items():
        report = convert(slide, folder / name, levels=(0,), **options)
        assert [entry["status"] for entry in report["slides"]] == ["published"]
    return {name: folder / name / "s.svs" / "level-0.dcm" for name in SYNTAXES}


@pytest.mark.parametrize("name", SYNTAXES)
def test_the_header_says_what_the_frames_are(files: dict[str, Path], name: str) -> None:
    """PS3.3 C.8.12.4.1.5 and C.7.6.1.1.5: colour model, and the history of what was lost."""
    header = pydicom.dcmread(files[name], stop_before_pixels=True)
    assert header.file_meta.TransferSyntaxUID == SYNTAXES[name]["transfer_syntax"]
    assert header.PhotometricInterpretation == PHOTOMETRICS.get(name, Photometric.RGB)
    assert (header.PlanarConfiguration, header.SamplesPerPixel) == (0, 3)
    method = header.LossyImageCompressionMethod
    assert (["ISO_10918_1"] if isinstance(method, str) else list(method)) == METHODS.get(name, ["ISO_10918_1"])
    assert header.LossyImageCompression == "01"


@pytest.mark.parametrize("name", [name for name in SYNTAXES if name not in UNKNOWN_TO_PYDICOM])
def test_pydicom_shows_the_same_pixels(files: dict[str, Path], name: str) -> None:
    theirs = pixel_array(files[name], raw=False)
    ours = np.stack(shown(files[name]))
    assert theirs.shape == ours.shape
    assert np.abs(theirs.astype(int) - ours).max() <= (1 if name in METHODS else 0)


@pytest.mark.filterwarnings("ignore")
def test_wsidicom_shows_the_same_pixels(files: dict[str, Path]) -> None:
    """It opens lossless JPEG XL, and refuses what was recompressed."""
    with WsiDicom.open(files["jpeg-xl-lossless"]) as wsi:
        theirs = np.asarray(wsi.read_tile(0, (0, 0)).convert("RGB"))
    assert np.array_equal(theirs, shown(files["jpeg-xl-lossless"])[0])


@pytest.mark.parametrize("name", SYNTAXES)
def test_dciodvfy_accepts_the_file(files: dict[str, Path], dciodvfy: Path, tmp_path: Path, name: str) -> None:
    """The tool of 2022 does not know the youngest syntaxes; it is shown their header under one that it knows."""
    path = files[name]
    if name in UNKNOWN_TO_DICOM3TOOLS:
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEG2000 if "2k" in name else pydicom.uid.JPEGLSLossless
        path = tmp_path / path.name
        dataset.save_as(path, enforce_file_format=True)
    run = subprocess.run([dciodvfy, path], capture_output=True, text=True, check=False)
    assert [line for line in (run.stdout + run.stderr).splitlines() if line.startswith("Error")] == []


def test_the_sources_jpeg_comes_out_of_the_recompressed_file(files: dict[str, Path]) -> None:
    frame = stored_frames(files["jpeg-xl-recompression"])[0]
    jpeg = bytes(imagecodecs.jpegxl_decode_jpeg(frame, numthreads=1))
    assert parse_header(jpeg).adobe_transform == 0
    assert np.array_equal(imagecodecs.jpeg8_decode(jpeg).shape, (128, 128, 3))


def test_djxl_brings_back_the_same_jpeg(files: dict[str, Path], tmp_path: Path) -> None:
    tool = shutil.which("djxl")
    if tool is None:
        pytest.skip("djxl is not on PATH; it comes with the system package libjxl-tools")
    frame = stored_frames(files["jpeg-xl-recompression"])[0]
    (tmp_path / "frame.jxl").write_bytes(frame)
    subprocess.run([tool, tmp_path / "frame.jxl", tmp_path / "frame.jpg"], check=True, capture_output=True)
    assert (tmp_path / "frame.jpg").read_bytes() == bytes(imagecodecs.jpegxl_decode_jpeg(frame, numthreads=1))
