"""Bugs 37 to 47: what the header says beside the pixels."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import tifffile
from PIL import ImageCms
from pydicom import DataElement, Dataset

from pipeline.io.sources import open_source
from pipeline.model.metadata import GivenMetadata
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.acceptance.peer_bugs.slides import EDGE, StoredLevel, jpeg, tiles_of, write_svs
from tests.acceptance.peer_bugs.written import header, headers, levels, spacing
from tests.graph.conversions import convert, published, statuses
from tests.io.sources.ome_tiffs import gray_planes, ome_image, ome_xml, write_ome_tiff
from tests.io.sources.tiffs import TiffForm, add_image, draw_image
from tests.sample import build_sample_slide, draw_tissue

COLUMNS, ROWS = 600, 500
LEVELS_AND_THUMBNAIL = {"level-0", "level-1", "level-2", "thumbnail"}
SCANNED = date(2026, 11, 2)
"""Of the sample slide."""


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_sample_slide(tmp_path_factory.mktemp("slide") / "s.svs", columns=COLUMNS, rows=ROWS, tile=EDGE)


@pytest.fixture(scope="module")
def series(slide: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pydicom.FileDataset]:
    """Return the headers of a series with label, overview and thumbnail."""
    given = GivenMetadata(patient_name="Müller^Žofia", patient_id="P1", barcode_value="S26-1 A", label_text="Näkymä 1")
    output = tmp_path_factory.mktemp("series")
    convert(slide, output, metadata=given)
    found = headers(output / "s.svs")
    assert set(found) == LEVELS_AND_THUMBNAIL | {"label", "overview"}
    return found


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> list[pydicom.FileDataset]:
    """Return headers of another kind: fluorescence with odd names and sizes, and levels of odd spacings."""
    folder = tmp_path_factory.mktemp("others")
    channels = "".join(
        f'<Channel ID="Channel:0:{n}" Name="{name}" SamplesPerPixel="1"/>'
        for n, name in enumerate(("alexa fluor 488 / cd-8 ähnlich", "a" * 90, "Cy5"))
    )
    sizes = 'PhysicalSizeX="0.3333333333333333" PhysicalSizeY="0.12345678901234567"'
    image = ome_image(counts=(3, 1, 1), attributes=sizes, inside=f"{channels}<TiffData/>")
    slide = write_ome_tiff(folder / "f.ome.tif", ome_xml(image), gray_planes(3), levels=2)
    brightfield = build_sample_slide(folder / "b.svs", columns=611, rows=477, tile=EDGE)
    convert(slide, folder / "out", add_missing_levels=True)
    convert(brightfield, folder / "out", level_spacings_um=(0.5, 1 / 0.7, 10 / 3))
    return [*headers(folder / "out/f.ome.tif").values(), *headers(folder / "out/b.svs").values()]


def elements(dataset: Dataset) -> Iterator[DataElement]:
    """Yield all elements, those of sequences too."""
    for element in dataset:
        yield element
        if element.VR == "SQ":
            for item in element.value:
                yield from elements(item)


def values(element: DataElement) -> list[Any]:
    """Return the values of an element as they are written."""
    given = element.value if element.VM > 1 else [element.value] if element.VM else []
    return [getattr(value, "original_string", value) for value in given]


def test_bug_37_the_character_set_is_told_wherever_there_is_text(
    series: dict[str, pydicom.FileDataset], others: list[pydicom.FileDataset]
) -> None:
    for instance in [*series.values(), *others]:
        assert instance.SpecificCharacterSet == "ISO_IR 192"
    for instance in series.values():
        assert str(instance.PatientName) == "Müller^Žofia"
    assert series["label"].LabelText == "Näkymä 1"
    assert any("ähnlich" in path.OpticalPathDescription for i in others for path in i.OpticalPathSequence)


def test_bug_38_the_label_has_barcode_and_text(series: dict[str, pydicom.FileDataset]) -> None:
    """Levels may repeat the barcode, with the module's other attribute; no other image has what the label says."""
    assert (series["label"].BarcodeValue, series["label"].LabelText) == ("S26-1 A", "Näkymä 1")
    for name, instance in series.items():
        assert ("BarcodeValue" in instance) == ("LabelText" in instance), name
        if name in ("overview", "thumbnail"):
            assert "BarcodeValue" not in instance
        elif name != "label" and "BarcodeValue" in instance:
            assert (instance.BarcodeValue, instance["LabelText"].VM) == ("S26-1 A", 0)


def test_bug_38_without_a_barcode_the_label_alone_has_an_empty_one(slide: Path, tmp_path: Path) -> None:
    """Type 2 of the label, and of nothing else."""
    convert(slide, tmp_path, levels=(2,))
    for name, instance in headers(tmp_path / "s.svs").items():
        assert ("BarcodeValue" in instance) == ("LabelText" in instance) == (name == "label"), name
        assert name != "label" or (instance["BarcodeValue"].VM, instance["LabelText"].VM) == (0, 0)


def test_bug_39_the_thumbnail_has_a_scale(series: dict[str, pydicom.FileDataset]) -> None:
    """That of its size; all others have one too, since Volumetric Properties is VOLUME."""
    thumbnail = series["thumbnail"]
    extent = COLUMNS * 0.499 / 1000
    assert spacing(thumbnail)[1] * thumbnail.TotalPixelMatrixColumns == pytest.approx(extent, rel=0.02)
    for instance in series.values():
        assert all(value > 0 for value in spacing(instance))


@pytest.mark.parametrize(
    ("options", "methods"),
    [
        ({}, ["ISO_10918_1"]),
        ({"transfer_syntax": TransferSyntax.HTJ2K_LOSSLESS_RPCL}, ["ISO_10918_1"]),
        ({"transfer_syntax": TransferSyntax.JPEG_BASELINE, "force_transcode": True}, ["ISO_10918_1", "ISO_10918_1"]),
        ({"transfer_syntax": TransferSyntax.HTJ2K, "compression_ratio": 20.0}, ["ISO_10918_1", "ISO_15444_15"]),
    ],
)
def test_bug_40_every_lossy_step_is_in_the_history(
    slide: Path, tmp_path: Path, options: dict[str, Any], methods: list[str]
) -> None:
    """A ratio for each method, the scanner's first, also of averaged levels; nothing is lossless after JPEG."""
    convert(slide, tmp_path / "out", add_missing_levels=True, label=False, overview=False, thumbnail=False, **options)
    first = header(tmp_path / "out/s.svs/level-0.dcm")
    assert _listed(first, "LossyImageCompressionMethod") == methods
    ratios = [float(ratio) for ratio in _listed(first, "LossyImageCompressionRatio")]
    with open_source(str(slide)) as source:
        lengths = source.tile_lengths(0)
    assert lengths is not None
    assert min(ratios) > 1
    assert ratios[0] == pytest.approx(COLUMNS * ROWS * 3 / int(lengths.sum()), rel=0.25)
    for file in levels(tmp_path / "out/s.svs"):
        instance = header(file)
        assert instance.LossyImageCompression == "01"
        assert _listed(instance, "LossyImageCompressionMethod")[0] == "ISO_10918_1"
        counts = {len(_listed(instance, f"LossyImageCompression{name}")) for name in ("Method", "Ratio")}
        assert len(counts) == 1
        assert all(float(ratio) > 0 for ratio in _listed(instance, "LossyImageCompressionRatio"))


def _listed(instance: Dataset, keyword: str) -> list[Any]:
    value = instance[keyword].value
    return list(value) if instance[keyword].VM > 1 else [value]


def test_bug_40_the_history_of_a_dicom_slide_goes_on(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path / "first", levels=(0,), transfer_syntax=TransferSyntax.JPEG_BASELINE, force_transcode=True)
    options = {"transfer_syntax": TransferSyntax.JPEG_2000, "compression_ratio": 20.0}
    convert(tmp_path / "first/s.svs", tmp_path / "second", **options)
    (file,) = (tmp_path / "second").rglob("level-0.dcm")
    instance = header(file)
    assert _listed(instance, "LossyImageCompressionMethod") == ["ISO_10918_1", "ISO_10918_1", "ISO_15444_1"]
    assert len(_listed(instance, "LossyImageCompressionRatio")) == 3


def test_bug_41_dates_are_those_of_the_scan(series: dict[str, pydicom.FileDataset]) -> None:
    """And no date of the data set is that of the conversion."""
    today = date.today().strftime("%Y%m%d")
    scanned = SCANNED.strftime("%Y%m%d")
    for instance in series.values():
        assert (instance.ContentDate, instance.ContentTime) == (scanned, "095915")
        assert str(instance.AcquisitionDateTime).startswith(scanned)
        dates = {str(v)[:8] for e in elements(instance) if e.VR in ("DA", "DT") for v in values(e)}
        assert dates == {scanned}
        assert today == scanned or not any(str(v).startswith(today) for e in elements(instance) for v in values(e))


def test_bug_42_code_strings_keep_to_their_repertoire(
    series: dict[str, pydicom.FileDataset], others: list[pydicom.FileDataset]
) -> None:
    """Capitals, digits, space and underscore, 16 of them at most (PS3.5 6.2); short and long strings fit as well."""
    most = {"SH": 16, "LO": 64, "ST": 1024, "UI": 64}
    seen = set()
    for instance in [*series.values(), *others]:
        for element in elements(instance):
            for value in values(element):
                if element.VR == "CS":
                    assert re.fullmatch(r"[A-Z0-9 _]{1,16}", value), element
                if element.VR in most:
                    assert len(str(value)) <= most[element.VR], element
                seen.add(element.VR)
    assert {"CS", "SH", "LO", "UI"} <= seen


def test_bug_43_profiles_are_those_of_an_input_device(slide: Path, tmp_path: Path) -> None:
    """A display profile keeps its tags and gets the class scnr (PS3.3 C.11.15.1.1); the rest is as it was."""
    display = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert display[12:16] == b"mntr"
    text = "Aperio Image Library v12.0.15 \r\n100x70 [0,0 100x70] (48x32)|MPP = 0.5"
    form = TiffForm(compression="jpeg-rgb")
    with tifffile.TiffWriter(tmp_path / "s.svs") as tiff:
        add_image(tiff, form, draw_image(form), description=text, software=False, iccprofile=display)
    convert(tmp_path / "s.svs", tmp_path / "out")
    stored = header(tmp_path / "out/s.svs/level-0.dcm").OpticalPathSequence[0].ICCProfile
    assert stored[12:16] == b"scnr"
    kept = [place for place in range(len(display)) if not 12 <= place < 16 and not 84 <= place < 100]
    assert [stored[place] for place in kept] == [display[place] for place in kept]


def test_bug_43_the_profile_of_a_slide_without_one_has_a_fixed_date(
    series: dict[str, pydicom.FileDataset], slide: Path, tmp_path: Path
) -> None:
    """So converting again gives the same bytes; the class is that of an input device."""
    profile = series["level-0"].OpticalPathSequence[0].ICCProfile
    assert profile[12:16] == b"scnr"
    made = date(*(int.from_bytes(profile[at : at + 2], "big") for at in (24, 26, 28)))
    assert made < date.today()
    for name in ("a", "b"):
        convert(slide, tmp_path / name, levels=(2,))
    assert published(tmp_path / "a") == published(tmp_path / "b")


def test_bug_44_decimal_strings_have_sixteen_characters_at_most(
    series: dict[str, pydicom.FileDataset], others: list[pydicom.FileDataset]
) -> None:
    """Of spacings that are thirds and sevenths too; and they still say the number to nine digits."""
    longest = 0
    for instance in [*series.values(), *others]:
        for element in elements(instance):
            for value in values(element) if element.VR == "DS" else []:
                assert re.fullmatch(r"[-+0-9.eE]{1,16}", str(value).strip()), element
                longest = max(longest, len(str(value)))
    assert longest > 8
    fluorescence = others[0]
    assert spacing(fluorescence) == pytest.approx([0.12345678901234567e-3, 0.3333333333333333e-3], rel=1e-9)


def test_bug_45_image_type_tells_the_scanned_from_the_derived(series: dict[str, pydicom.FileDataset]) -> None:
    """Frame Type says the same; label and overview are scanned, lower levels and thumbnail derived."""
    expected = {
        "level-0": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        "level-1": ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"],
        "level-2": ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"],
        "thumbnail": ["DERIVED", "PRIMARY", "THUMBNAIL", "RESAMPLED"],
        "label": ["ORIGINAL", "PRIMARY", "LABEL", "NONE"],
        "overview": ["ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"],
    }
    for name, instance in series.items():
        (group,) = instance.SharedFunctionalGroupsSequence[0].WholeSlideMicroscopyImageFrameTypeSequence
        assert list(instance.ImageType) == list(group.FrameType) == expected[name]


def test_bug_45_averaged_levels_are_derived(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, regenerate_pyramid=True, label=False, overview=False, thumbnail=False)
    types = [list(header(file).ImageType) for file in levels(tmp_path / "s.svs")]
    assert types == [["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]] + [["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]] * 3


def aperio(path: Path, *, mpp: str = "0.5", text: str = "") -> Path:
    tiles = [jpeg(tile) for tile in tiles_of(draw_tissue(EDGE, 2 * EDGE))]
    return write_svs(path, StoredLevel(columns=2 * EDGE, rows=EDGE, tiles=tiles, text=text), mpp=mpp)


def test_bug_46_scale_and_date_as_some_scanners_write_them(tmp_path: Path) -> None:
    """A decimal comma, MM/DD/YY, and time zones."""
    dates = {
        "|Date = 12/29/09|Time = 09:59:15": "20091229095915",
        "|Date = 02/03/2024|Time = 23:59:59|Time Zone = GMT-0500": "20240203235959-0500",
        "|Date = 02/03/2024|Time = 23:59:59|Time Zone = GMT+05:30": "20240203235959+0530",
    }
    slides = [aperio(tmp_path / f"{n}.svs", mpp="0,2520", text=text) for n, text in enumerate(dates)]
    convert(slides, tmp_path / "out")
    for slide, date_time in zip(slides, dates.values(), strict=True):
        instance = header(tmp_path / "out" / slide.name / "level-0.dcm")
        assert spacing(instance) == pytest.approx([0.000252] * 2)
        assert str(instance["AcquisitionDateTime"].value) == date_time
        assert instance.ContentDate == date_time[:8]


def test_bug_46_a_slide_without_a_scale_needs_one(tmp_path: Path) -> None:
    """It is asked for by name, and taken."""
    slide = aperio(tmp_path / "s.svs", mpp="")
    report = convert(slide, tmp_path / "out")
    assert statuses(report) == {"s.svs": "failed"}
    (failures,) = (tmp_path / "out/_reports").glob("*/failures.jsonl")
    assert "--source-pixel-spacing-mm" in failures.read_text("utf-8")
    convert(slide, tmp_path / "given", source_pixel_spacing_mm=(0.00025, 0.00025))
    assert spacing(header(tmp_path / "given/s.svs/level-0.dcm")) == pytest.approx([0.00025] * 2)


def test_bug_46_directories_without_a_description_keep_their_role(tmp_path: Path) -> None:
    """A GT450 describes the base level alone."""
    head = "Aperio Leica Biosystems GT450 v1.0.1 \r\n400x300|AppMag = 40|MPP = 0.2637|Date = 03/09/2020|Time = 10:11:12"
    base = draw_tissue(300, 400)
    options: dict[str, Any] = {"metadata": None, "software": False, "photometric": "rgb", "compression": "jpeg"}
    with tifffile.TiffWriter(tmp_path / "s.svs") as tiff:
        tiff.write(base, tile=(128, 128), description=head, **options)
        tiff.write(base[::4, ::4], rowsperstrip=75, **options)
        tiff.write(np.ascontiguousarray(base[::2, ::2]), tile=(128, 128), **options)
        tiff.write(base[:60, :50], rowsperstrip=60, subfiletype=1, **options)
        tiff.write(base[:70, :200], rowsperstrip=70, subfiletype=9, **options)
    convert(tmp_path / "s.svs", tmp_path / "out")
    found = headers(tmp_path / "out/s.svs")
    assert set(found) == {"level-0", "level-1", "thumbnail", "label", "overview"}
    assert found["level-0"].ManufacturerModelName == "GT450"
    assert spacing(found["level-1"]) == pytest.approx([2 * 0.0002637] * 2)
    assert (found["label"].Columns, found["overview"].Columns) == (50, 200)


def test_bug_47_levels_and_thumbnail_share_a_pyramid(series: dict[str, pydicom.FileDataset]) -> None:
    """And label and overview are in none (PS3.3 A.32.8.3)."""
    assert {name for name, instance in series.items() if "PyramidUID" in instance} == LEVELS_AND_THUMBNAIL
    assert len({series[name].PyramidUID for name in LEVELS_AND_THUMBNAIL}) == 1
