"""Mapping files: what they take, and what they refuse by line."""

import json
from pathlib import Path
from typing import Any

import pytest

import pipeline.configs
from pipeline.configs.mapping import parse_mapping
from pipeline.io.manifests.documents import RowDocuments
from pipeline.manifest_inputs import expand_manifest, join_manifest
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.model.manifest_mapping import CellText, Join, ManifestMapping, OnMissing
from pipeline.model.metadata_file import parse_metadata

EXAMPLE = Path(pipeline.configs.__file__).parent / "mapping.example.yaml"
ROWS = """file,case,block,slide_no,mrn,family,given,born,sex,received,organ,stain
a.svs,S26-1,A1,1,000123,DOE,JANE,12.4.1957,female,14.01.2026,,HE
b.svs,S26-1,A1,2,000123,DOE,JANE,12.04.1957,unknown,,colon,IHC
"""


def document(metadata: str, **cells: str) -> Any:
    """Return the document of a row under the lines below `metadata:`."""
    text = "metadata:\n" + "".join(f"  {line}\n" for line in metadata.splitlines())
    written = RowDocuments(parse_mapping(text, "m.yaml")).text(cells)
    return json.loads(written) if written else None


def test_the_example_works_on_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "cohort.csv").write_text(ROWS)
    for name in ("a.svs", "b.svs"):
        (tmp_path / name).touch()
    first, second = expand_manifest(str(tmp_path / "cohort.csv"), str(EXAMPLE))
    assert (first.uri, first.slide_id) == (str(tmp_path / "a.svs"), "S26-1/A1-1")
    one, other = (parse_metadata(slide.metadata, "row") for slide in (first, second))
    assert (one.patient_id, one.patient_name, one.patient_birth_date) == ("000123", "DOE^JANE", "19570412")
    assert (one.patient_sex, one.study_date, one.container_identifier) == ("F", "20260114", "S26-1-A1-1")
    assert one.anatomic_site
    assert one.anatomic_site.meaning == "Breast"
    assert one.specimen_preparation[1].fixative
    assert (other.patient_sex, other.study_date) == (None, None)
    assert other.specimen_preparation[-1].description.startswith("Immunohistochemistry")
    slides = [SlideInput(uri=f"/elsewhere/{name}", slide_id=name) for name in ("b.svs", "a.svs")]
    joined = join_manifest(slides, str(tmp_path / "cohort.csv"), str(EXAMPLE))
    assert [(slide.slide_id, slide.metadata) for slide in joined] == [
        ("S26-1/A1-2", second.metadata),
        ("S26-1/A1-1", first.metadata),
    ]


def test_an_empty_file_maps_nothing() -> None:
    assert parse_mapping("# nothing yet\n", "m.yaml") == ManifestMapping(origin="m.yaml")


def test_what_is_said_beside_the_metadata() -> None:
    mapping = parse_mapping("slide: '{folder}/{file}.svs'\nname: case\njoin: path\non_missing: warn\n", "m.yaml")
    assert mapping.slide == CellText(("", "/", ".svs"), ("folder", "file"))
    assert mapping.name == CellText(("", ""), ("case",))
    assert (mapping.join, mapping.on_missing) == (Join.PATH, OnMissing.WARN)
    assert mapping.lines == {"folder": 1, "file": 1, "case": 2}


@pytest.mark.parametrize(
    ("metadata", "cells", "expected"),
    [
        ("patient_id: mrn", {"mrn": " 007 "}, {"patient_id": "007"}),
        ("patient_id: mrn", {"mrn": "  "}, None),
        ("patient_id: {column: '{odd} name'}", {"{odd} name": "7"}, {"patient_id": "7"}),
        ("patient_id: '{a}-{b}'", {"a": "1", "b": ""}, None),
        ("patient_id: '{{{a}}}'", {"a": "1"}, {"patient_id": "{1}"}),
        ("patient_id: {constant: 007}", {}, {"patient_id": "007"}),
        ("patient_id: {constant: '{a}'}", {}, {"patient_id": "{a}"}),
        ("patient_id: {column: a, default: no}", {"a": ""}, {"patient_id": "no"}),
        ("patient_id: {column: a, map: {1: 2, no: yes}}", {"a": "no"}, {"patient_id": "yes"}),
        ("patient_sex: {column: a, map: {u: , w: F}}", {"a": "u"}, None),
        ("patient_sex: {column: a, map: {u: ~, w: F}}", {"a": "w"}, {"patient_sex": "F"}),
        ("patient_sex: {template: '{a}{b}', map: {xy: M}}", {"a": "x", "b": "y"}, {"patient_sex": "M"}),
        ("study_date: {column: a, format: '%d.%m.%y'}", {"a": "1.2.26"}, {"study_date": "20260201"}),
        ("study_date: {column: a, format: '%d.%m.%Y', map: {none: ''}}", {"a": "none"}, None),
        ("study_time: {column: a, format: '%H:%M'}", {"a": "9:05"}, {"study_time": "0905"}),
        ("study_time: {column: a, format: '%I:%M:%S %p'}", {"a": "9:05:01 PM"}, {"study_time": "210501"}),
        ("acquisition_date_time: {column: a, format: '%Y-%m-%d'}", {"a": "2026-01-02"}, "20260102"),
        ("acquisition_date_time: {column: a, format: '%Y-%m-%dT%H:%M'}", {"a": "2026-01-02T03:04"}, "202601020304"),
        (
            "acquisition_date_time: {column: a, format: '%Y-%m-%dT%H:%M:%S.%f%z'}",
            {"a": "2026-01-02T03:04:05.25+01:00"},
            "20260102030405.250000+0100",
        ),
        ("imaged_volume_depth_mm: a", {"a": "0.0015"}, {"imaged_volume_depth_mm": 0.0015}),
        ("imaged_volume_depth_mm: {constant: 0.0015}", {}, {"imaged_volume_depth_mm": 0.0015}),
        ("software_versions: {constant: [1.10, 2]}", {}, {"software_versions": ["1.10", "2"]}),
        (
            "anatomic_site: {template: {value: '{code}', scheme_designator: SCT, meaning: '{organ}'}}",
            {"code": "1", "organ": "Lung"},
            {"anatomic_site": {"value": "1", "scheme_designator": "SCT", "meaning": "Lung"}},
        ),
        (
            "anatomic_site: {template: {value: '{code}', scheme_designator: SCT, meaning: '{organ}'}}",
            {"code": " ", "organ": ""},
            None,
        ),
    ],
)
def test_values(metadata: str, cells: dict[str, str], expected: Any) -> None:
    assert document(metadata, **cells) == (
        {"acquisition_date_time": expected} if isinstance(expected, str) else expected
    )


@pytest.mark.parametrize(
    ("metadata", "cells", "message"),
    [
        ("patient_id: mrn", {"mrn": "x" * 65}, r"column 'mrn': patient_id has 65 characters; LO allows 64"),
        ("patient_id: '{a}-{b}'", {"a": "\\", "b": "1"}, r"columns 'a', 'b': patient_id holds a backslash"),
        ("patient_id: {column: a, required: true}", {"a": " "}, r"column 'a': patient_id is empty, and .* required"),
        ("patient_sex: {column: s, map: {f: F, m: M}}", {"s": "w"}, r"column 's': .*'w', which `map` does not have"),
        ("patient_sex: s", {"s": "w"}, r"column 's': patient_sex is 'w'; it is one of M, F, O"),
        (
            "study_date: {column: a, format: '%d.%m.%Y'}",
            {"a": "31.02.2026"},
            r"'31\.02\.2026', which is not written as",
        ),
        ("study_date: a", {"a": "14.01.2026"}, r"column 'a': study_date '14\.01\.2026' is no date; DA is YYYYMMDD"),
        ("imaged_volume_depth_mm: a", {"a": "0,0015"}, r"'0,0015', which is no number"),
        ("imaged_volume_depth_mm: a", {"a": "nan"}, r"'nan', which is no number"),
        ("anatomic_site: a", {"a": "brest"}, r"'brest', which is no preset; did you mean 'breast'\?"),
        (
            "specimen_preparation: a",
            {"a": "he"},
            r"'he', which is no preset; there are 'he-ffpe', 'he-frozen', 'if', 'ihc'",
        ),
        ("staining_substances: a", {"a": "HE"}, r"column 'a': staining_substances must be an object with value"),
        ("anatomic_site: {template: {value: '{a}', meaning: X}}", {"a": "1"}, r"anatomic_site lacks scheme_designator"),
    ],
)
def test_what_a_row_cannot_say_is_told_with_its_column(metadata: str, cells: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        document(metadata, **cells)


def test_what_holds_between_keys_is_checked_for_every_kind_of_row() -> None:
    lines = (
        "staining_substances: {column: a, map: {y: {value: 1, scheme_designator: SCT, meaning: X}}}\n"
        "specimen_preparation: b"
    )
    assert document(lines, a="y", b="")
    assert document(lines, a="", b="he-ffpe")
    with pytest.raises(ValueError, match="say the same twice"):
        document(lines, a="y", b="he-ffpe")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slid: a\n", r"m\.yaml:1: a mapping file has no key 'slid'; did you mean 'slide'\?"),
        ("slide: a\nslide: b\n", r"m\.yaml:2: slide is given twice"),
        ("slide:\n", r"m\.yaml:1: slide is a text"),
        ("slide: [a]\n", r"m\.yaml:1: slide is a text"),
        ("slide: '{}'\n", r"m\.yaml:1: '{}': braces stand around a column's name"),
        ("slide: 'a}b'\n", r"m\.yaml:1: 'a}b': braces stand around"),
        ("slide: 'a{{b'\n", r"m\.yaml:1: slide names no column"),
        ("join: steam\n", r"m\.yaml:1: join takes stem, name, path, not 'steam'"),
        ("on_missing: no\n", r"m\.yaml:1: on_missing takes strict, warn, not 'no'"),
        ("metadata: mrn\n", r"m\.yaml:1: metadata has lines of `key: value`"),
        ("metadata:\n  patientid: mrn\n", r"m\.yaml:2: metadata has no key 'patientid'; did you mean 'patient_id'\?"),
        ("metadata:\n  patient_id: {colum: a}\n", r"m\.yaml:2: patient_id has no key 'colum'; did you mean 'column'\?"),
        ("metadata:\n  patient_id: {}\n", r"m\.yaml:2: patient_id takes one of column, template, constant, not 0"),
        ("metadata:\n  patient_id: {column: a, constant: b}\n", r"m\.yaml:2: patient_id takes one of .*, not 2"),
        ("metadata:\n  patient_id: {template: a}\n", r"m\.yaml:2: .*names no column in braces"),
        ("metadata:\n  patient_id: {column: a, map: {}}\n", r"m\.yaml:2: map of patient_id is empty"),
        ("metadata:\n  patient_id: {column: a, required: yes}\n", r"m\.yaml:2: required takes true or false"),
        ("metadata:\n  patient_id: {column: a, required: true, default: b}\n", r"m\.yaml:2: .*need not be required"),
        ("metadata:\n  patient_id: {constant: a, default: b}\n", r"m\.yaml:2: .*a constant is there for every row"),
        ("metadata:\n  patient_id: {column: a, format: '%d'}\n", r"m\.yaml:2: patient_id is no date and no time"),
        ("metadata:\n  study_date: {column: a, format: '%m.%Y'}\n", r"m\.yaml:2: .*does not tell day, month and year"),
        ("metadata:\n  study_date: {column: a, format: '%Q'}\n", r"m\.yaml:2: .*is no format of dates"),
        ("metadata:\n  study_date: {column: a, format: '%d%d'}\n", r"m\.yaml:2: .*is no format of dates"),
        ("metadata:\n  study_time: {column: a, format: '%I:%M'}\n", r"m\.yaml:2: .*does not tell hour and minute"),
        (
            "metadata:\n  patient_birth_date: {column: a, format: '%d.%m.%y'}\n",
            r"m\.yaml:2: .*all digits of a birth's year",
        ),
        ("metadata:\n  patient_sex: {constant: female}\n", r"m\.yaml:2: patient_sex is 'female'; it is one of"),
        ("metadata:\n  patient_sex:\n    column: a\n    map:\n      w: W\n", r"m\.yaml:5: patient_sex is 'W'"),
        ("metadata:\n  anatomic_site: {constant: brest}\n", r"m\.yaml:2: .*did you mean 'breast'\?"),
        (
            "metadata:\n  anatomic_site: {template: {value: '{a}'}, map: {a: lung}}\n",
            r"m\.yaml:2: .*map goes with a column",
        ),
        (
            "metadata:\n  software_versions: {constant: !!python/name:os.getcwd ''}\n",
            r"m\.yaml:2: .*has no meaning here",
        ),
        ("metadata:\n  software_versions: {constant: &a [*a]}\n", r"m\.yaml:2: the value holds itself"),
        ("slide: [a\n", r"m\.yaml:\d: no YAML"),
        ("slide: \x07\n", r"m\.yaml is no YAML"),
        ("[" * 10_000, r"m\.yaml is no YAML"),
        ("- slide\n", r"m\.yaml:1: a mapping file has lines"),
        ("? [a]\n: b\n", r"m\.yaml:1: a key of a mapping file is a text"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_mapping(text, "m.yaml")
    assert "\n" not in str(caught.value)


def test_aliases_of_aliases_do_not_fill_the_memory() -> None:
    lines = [
        "a: &x0 [lol, lol, lol, lol]",
        *(f"b: &x{n} [*x{n - 1}, *x{n - 1}, *x{n - 1}, *x{n - 1}]" for n in range(1, 20)),
    ]
    nested = "\n".join(f"      {line.partition(': ')[2]}" for line in lines).replace("      &", "      - &")
    with pytest.raises(ConfigError, match="more than 100000 values"):
        parse_mapping(f"metadata:\n  software_versions:\n    constant:\n{nested}\n", "m.yaml")
