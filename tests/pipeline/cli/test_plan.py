"""`--plan` on the command line: what is said where, and the exit code."""

import json
from pathlib import Path

import pytest

from pipeline import run
from tests.sample import build_sample_slide


def plan(*arguments: str | Path) -> int:
    """Run the command in this process and return its exit code."""
    return run.main(["--plan", *map(str, arguments)])


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of a slide, and of a file that is none."""
    folder = tmp_path_factory.mktemp("slides")
    build_sample_slide(folder / "good.svs", columns=400, rows=300)
    (folder / "bad.svs").write_bytes(b"no slide at all")
    return folder


def test_problems_come_first_and_fail(slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--input", slides / "*.svs", "--output", tmp_path / "out", "--research-placeholder") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("problem: ")
    assert "bad.svs" in lines[0]
    assert "2 slides: 1 would be converted, 1 would fail" in lines
    assert any("good.svs" in line and "convert (aperio)" in line and "passthrough" in line for line in lines)
    assert lines[-1].startswith(f"Plan: {tmp_path}/out/_reports/")


def test_a_plan_without_problems_is_0_and_goes_before_the_conversion(
    slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--input", slides / "good.svs", "--output", tmp_path / "out", "--research-placeholder")
    assert plan(*arguments) == 0
    assert run.main([*map(str, arguments), "--quiet"]) == 0
    capsys.readouterr()
    assert plan(*arguments) == 0
    assert "1 slide: 1 would be skipped" in capsys.readouterr().out.splitlines()


def test_json_is_the_plan(slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--input", slides / "*.svs", "--output", tmp_path / "out", "--json") == 1
    said, complained = capsys.readouterr()
    report = json.loads(said)
    assert report["schema"] == "slidebeam-plan-1"
    assert {problem["error_class"] for problem in report["problems"]} == {"MetadataMissing", "SourceError"}
    assert complained.count("slidebeam: error: ") == 2


def test_quiet_says_the_problems_alone(slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--input", slides / "*.svs", "--output", tmp_path / "out", "--research-placeholder", "--quiet")
    assert plan(*arguments) == 1
    said, complained = capsys.readouterr()
    assert said == ""
    assert complained.startswith("slidebeam: error: ")
    assert len(complained.splitlines()) == 1


def test_many_slides_are_shown_in_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = build_sample_slide(tmp_path / "s0.svs", columns=300, rows=300, associated=False)
    for number in range(1, 45):
        (tmp_path / f"s{number}.svs").hardlink_to(first)
    assert plan("--input", tmp_path / "*.svs", "--output", tmp_path / "out", "--research-placeholder") == 0
    said = capsys.readouterr().out
    assert "s17.svs" not in said
    assert any(line.split()[:3] == ["45", "convert", "aperio"] for line in said.splitlines())
    assert "45 slides: 45 would be converted" in said


def test_time_and_cost_rest_on_the_files_that_are_given(
    slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rates, prices = tmp_path / "rates.yaml", tmp_path / "prices.yaml"
    rates.write_text("start-seconds: 3600\n")
    prices.write_text(
        "{currency: CHF, vcpu-hour: 1, storage-gb-month: 0, writes-10000: 0, reads-10000: 0, read-gb: 0}\n"
    )
    files = ("--rates", rates, "--prices", prices, "--plan-cores", "2")
    out = ("--output", tmp_path / "out")
    assert plan("--input", slides / "good.svs", *out, "--research-placeholder", *files) == 0
    said = capsys.readouterr().out
    assert "Time: about 1 h 00 min on 2 cores" in said
    assert f"rates of {rates}" in said
    assert "Cost: about 2.00 CHF" in said
    assert f"prices of {prices}" in said


@pytest.mark.parametrize("option", [("--rates", "none.yaml"), ("--prices", "none.yaml"), ("--plan-cores", "0")])
def test_what_is_wrong_with_options_is_one_line(
    option: tuple[str, str], slides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan("--input", slides / "good.svs", "--output", tmp_path / "out", *option) == 1
    said, complained = capsys.readouterr()
    assert said == ""
    assert len(complained.splitlines()) == 1
    assert option[0] in complained
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written_is_one_line(slides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--input", slides / "good.svs", "--output", "/proc/slidebeam", "--quiet") == 1
    assert capsys.readouterr().err.startswith("slidebeam: error: /proc/slidebeam cannot be written")
