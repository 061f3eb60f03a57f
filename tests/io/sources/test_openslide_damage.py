"""Damaged and hostile slides of formats that OpenSlide reads: it takes sizes at their word, and must not see them."""

import re
import sqlite3
import struct
from pathlib import Path

import pytest

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError, TileError
from tests.io.sources.damage import read_all
from tests.io.sources.openslide_slides import MiraxSlide, write_sakura, write_vms, write_vmu

SPARSE = MiraxSlide(missing=(0, 1, 4, 5, 11))


@pytest.mark.parametrize("name", ["Slidedat.ini", "Index.dat", "Data0000.dat"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_mirax_files_that_were_cut_give_an_error_or_pixels(tmp_path: Path, name: str, share: float) -> None:
    """Never a crash; a data file that ends early has tiles that cannot be read."""
    path = SPARSE.write(tmp_path / "m.mrxs")
    file = path.with_suffix("") / name
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    error = read_all(path)
    assert isinstance(error, SourceError | TileError)
    assert "m.mrxs" in str(error)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("IMAGENUMBER_X", "2000000000"),
        ("IMAGENUMBER_Y", "2147483647"),
        ("IMAGENUMBER_X", "9000000"),
        ("CameraImageDivisionsPerSide", "2147483647"),
        ("DIGITIZER_WIDTH", "2000000000"),
        ("HIER_0_COUNT", "2000000000"),
        ("HIER_COUNT", "2000000000"),
        ("FILE_COUNT", "2000000000"),
        ("NONHIER_0_COUNT", "2000000000"),
        ("OVERLAP_X", "1e300"),
        ("OVERLAP_Y", "nan"),
        ("OVERLAP_X", "-1e9"),
        ("SLIDE_ID", "2"),
        ("INDEXFILE", "none.dat"),
    ],
)
def test_settings_that_would_end_the_process_are_refused(tmp_path: Path, key: str, value: str) -> None:
    """OpenSlide takes them at their word: glib aborts where memory does not suffice."""
    path = SPARSE.write(tmp_path / "m.mrxs")
    file = path.with_suffix("") / "Slidedat.ini"
    changed = re.sub(rf"^{key} = .*$", f"{key} = {value}", file.read_text(encoding="utf-8-sig"), flags=re.MULTILINE)
    file.write_text(changed, encoding="utf-8-sig")
    error = read_all(path)
    assert isinstance(error, SourceError)
    assert "m.mrxs" in str(error)


def test_a_setting_with_two_values_is_refused(tmp_path: Path) -> None:
    """Which one OpenSlide takes is its own matter."""
    path = SPARSE.write(tmp_path / "m.mrxs")
    with (path.with_suffix("") / "Slidedat.ini").open("a") as file:
        file.write("[GENERAL]\r\nIMAGENUMBER_X = 2000000000\r\n")
    with pytest.raises(SourceError, match="has two values"):
        open_source(str(path))


def test_pages_of_an_index_that_lead_in_a_circle_are_refused(tmp_path: Path) -> None:
    path = SPARSE.write(tmp_path / "m.mrxs")
    file = path.with_suffix("") / "Index.dat"
    data = bytearray(file.read_bytes())
    (root,) = struct.unpack_from("<i", data, 5 + 32)
    (page,) = struct.unpack_from("<i", data, root)
    struct.pack_into("<i", data, page + 8 + 4, page)
    file.write_bytes(data)
    with pytest.raises(SourceError, match="lead back to byte"):
        open_source(str(path))


@pytest.mark.parametrize("length", [-16777108, 1 << 30])
def test_pictures_of_an_index_that_no_file_holds_are_refused(tmp_path: Path, length: int) -> None:
    """Their bytes are asked for at once, and a negative number of them is a very large one."""
    path = SPARSE.write(tmp_path / "m.mrxs")
    file = path.with_suffix("") / "Index.dat"
    data = bytearray(file.read_bytes())
    (root,) = struct.unpack_from("<i", data, 5 + 32 + 4)
    (page,) = struct.unpack_from("<i", data, root)
    struct.pack_into("<i", data, page + 8 + 20, length)
    file.write_bytes(data)
    with pytest.raises(SourceError, match=f"a picture of {length} bytes"):
        open_source(str(path))


@pytest.mark.parametrize("key", ["NoJpegColumns", "NoJpegRows", "NoLayers"])
def test_counts_of_a_vms_that_cannot_be_are_refused(tmp_path: Path, key: str) -> None:
    error = read_all(write_vms(tmp_path / "v.vms", changes={key: "2000000000"}))
    assert isinstance(error, SourceError)


@pytest.mark.parametrize("key", ["BitsPerPixel", "PixelOrder"])
@pytest.mark.parametrize("value", [None, "", "24", "BGR"])
def test_pixels_of_a_vmu_that_end_openslide_are_refused(tmp_path: Path, key: str, value: str | None) -> None:
    """It has an error to tell, and none to tell it with: the process ends."""
    error = read_all(write_vmu(tmp_path / "v.vmu", changes={key: value}))
    assert isinstance(error, SourceError)
    assert "v.vmu" in str(error)
    assert key in str(error)


def test_a_vmu_is_told_by_its_section_and_not_by_its_name(tmp_path: Path) -> None:
    """As OpenSlide tells it."""
    path = write_vmu(tmp_path / "v.vmu", changes={"PixelOrder": None})
    error = read_all(path.rename(tmp_path / "v.svs"))
    assert isinstance(error, SourceError)
    assert "v.svs is damaged: it has no PixelOrder" in str(error)


@pytest.mark.parametrize("header", [(1 << 31, 768, 512), (0, 768, 512), (256, 1 << 31, 1 << 31)])
def test_sizes_of_a_sakura_that_cannot_be_are_refused(tmp_path: Path, header: tuple[int, int, int]) -> None:
    path = write_sakura(tmp_path / "s.svslide")
    database = sqlite3.connect(path)
    with database:
        data = struct.pack("<7I", *header, 8, 1, 3, 1)
        database.execute("UPDATE SVSlide_1 SET data = ? WHERE id = 'Header'", (data,))
    database.close()
    with pytest.raises(SourceError, match="which cannot be"):
        open_source(str(path))


def test_a_database_of_something_else_is_no_slide(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "x.svslide")
    with database:
        database.execute("CREATE TABLE a (b)")
    database.close()
    with pytest.raises(SourceError, match="no slide of Sakura"):
        open_source(str(tmp_path / "x.svslide"))


def test_a_mirax_without_its_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.mrxs").write_bytes(b"\xff\xd8")
    with pytest.raises(SourceError, match="beside it; fetch its folder"):
        open_source(str(tmp_path / "m.mrxs"))
