"""Each rule finds the one file that breaks it, and no other rule does; what is right breaks none."""

import shutil
from pathlib import Path

import pydicom
import pytest

from pipeline.io.validation import FAMILIES, RULES, Severity, validate_path
from tests.io.validation.breaks import BREAKS, NATIVE
from tests.io.validation.files import (
    edit,
    frames_of,
    make_gray,
    make_sparse,
    positions,
    set_extended_table,
    set_items,
    split_in_two,
)


def found(folder: Path) -> list[str]:
    """Return the ids of the rules that are broken below a folder, each once."""
    report = validate_path(folder, tools=False)
    return sorted({finding.rule for finding in report.findings})


def copied(converted: dict[str, Path], series: str, folder: Path, alone: str = "") -> Path:
    """Copy a converted series, or one file of it."""
    if alone:
        folder.mkdir(exist_ok=True)
        shutil.copy(converted[series] / f"{alone}.dcm", folder)
        return folder
    return Path(shutil.copytree(converted[series], folder))


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_file_breaks_exactly_its_rule(rule: str, converted: dict[str, Path], tmp_path: Path) -> None:
    broken = BREAKS[rule]
    folder = copied(converted, broken.series, tmp_path / "series", broken.alone)
    assert found(folder) == []
    broken.act(folder)
    assert found(folder) == [rule]


def test_every_rule_has_a_broken_file() -> None:
    assert set(BREAKS) == {rule.id for rule in RULES}


def test_rules_are_of_families_and_named_once() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert {rule.family for rule in RULES} == set(FAMILIES)


def test_rules_say_what_is_right_and_where_it_stands() -> None:
    for rule in RULES:
        assert rule.says.endswith("."), rule.id
        assert rule.citation.startswith("PS3."), rule.id
        assert rule.severity in Severity


def test_what_we_write_breaks_no_rule(converted: dict[str, Path]) -> None:
    assert {name: found(folder) for name, folder in converted.items()} == {name: [] for name in converted}


def test_a_sparse_level_breaks_no_rule(converted: dict[str, Path], tmp_path: Path) -> None:
    folder = copied(converted, "jpeg", tmp_path / "series")

    def change(dataset: pydicom.Dataset) -> None:
        make_sparse(dataset)
        kept = [0, 1, 5, 7]
        frames = frames_of(dataset)
        set_items(dataset, [frames[number] for number in kept])
        groups = dataset.PerFrameFunctionalGroupsSequence
        dataset.PerFrameFunctionalGroupsSequence = [groups[number] for number in kept]

    edit(folder / "level-0.dcm", change)
    assert found(folder) == []


def test_a_concatenation_breaks_no_rule(converted: dict[str, Path], tmp_path: Path) -> None:
    folder = copied(converted, "jpeg", tmp_path / "series")
    split_in_two(folder / "level-0.dcm")
    assert found(folder) == []


def test_parts_that_tell_their_positions_go_on_where_the_first_ends(converted: dict[str, Path], tmp_path: Path) -> None:
    folder = copied(converted, "jpeg", tmp_path / "series", "level-0")

    def tell(dataset: pydicom.Dataset) -> None:
        dataset.PerFrameFunctionalGroupsSequence = positions(dataset)

    edit(folder / "level-0.dcm", tell)
    first, second = split_in_two(folder / "level-0.dcm")
    groups = pydicom.dcmread(first).PerFrameFunctionalGroupsSequence
    edit(first, lambda dataset: setattr(dataset, "PerFrameFunctionalGroupsSequence", groups[: dataset.NumberOfFrames]))
    edit(
        second, lambda dataset: setattr(dataset, "PerFrameFunctionalGroupsSequence", groups[-dataset.NumberOfFrames :])
    )
    assert found(folder) == []


def test_an_extended_offset_table_breaks_no_rule(converted: dict[str, Path], tmp_path: Path) -> None:
    folder = copied(converted, "jpeg", tmp_path / "series")

    def change(dataset: pydicom.Dataset) -> None:
        set_items(dataset, frames_of(dataset), table=[])
        set_extended_table(dataset)

    edit(folder / "level-0.dcm", change)
    assert found(folder) == []


def test_several_optical_paths_and_focal_planes_break_no_rule(converted: dict[str, Path], tmp_path: Path) -> None:
    folder = copied(converted, NATIVE, tmp_path / "series", "level-0")

    def change(dataset: pydicom.Dataset) -> None:
        make_gray(dataset)
        dataset.PixelData = dataset.PixelData * 6
        dataset.NumberOfFrames = dataset.NumberOfFrames * 6
        dataset.NumberOfOpticalPaths, dataset.TotalPixelMatrixFocalPlanes = 3, 2
        paths = [pydicom.Dataset.from_json(dataset.OpticalPathSequence[0].to_json()) for _ in range(3)]
        for number, path in enumerate(paths):
            path.OpticalPathIdentifier = str(number)
            del path.ICCProfile
        dataset.OpticalPathSequence = paths
        shared = dataset.SharedFunctionalGroupsSequence[0]
        del shared.OpticalPathIdentificationSequence
        shared.PixelMeasuresSequence[0].SpacingBetweenSlices = "0.002"

    edit(folder / "level-0.dcm", change)
    assert found(folder) == []


def test_a_finding_names_file_and_frame(converted: dict[str, Path], tmp_path: Path) -> None:
    folder = copied(converted, "jpeg", tmp_path / "series", "level-0")
    BREAKS["offsets.basic"].act(folder)
    (finding,) = validate_path(folder, tools=False).findings
    assert (finding.file, finding.frame, finding.severity) == ("level-0.dcm", 2, Severity.ERROR)
    assert finding.citation == "PS3.5 A.4"
