"""The console script."""

from importlib import import_module

import pytest

import pipeline
from pipeline.cli.main import COMMANDS, main
from pipeline.model.metadata import parse_metadata


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_the_commands_and_shows_a_first_try(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name}" in shown for name in COMMANDS)
    assert "slidebeam convert --input slide.svs --output out --research-placeholder" in shown


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_there_and_helps(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(import_module(COMMANDS[name].module).main)
    assert main([name, "--help"]) == 0
    shown, complained = capsys.readouterr()
    assert shown.startswith(f"usage: slidebeam {name}")
    assert complained == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["conver"], "no command 'conver', did you mean convert?"),
        (["--input", "a.svs"], "--input needs a command before it, as in `slidebeam convert --input ...`"),
        (["metadata-sample", "--jsn"], "unrecognized arguments: --jsn"),
        (["inspect"], "required: SLIDE"),
        (["inspect", "nowhere.svs"], "--input nowhere.svs: there is no such file"),
        (["verify", "out"], "required: SLIDE"),
        (["convert", "--overwrit"], "did you mean --overwrite?"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    shown, complained = capsys.readouterr()
    assert shown == ""
    assert complained.startswith("slidebeam: error: ")
    assert complained.count("\n") == 1
    assert message in complained


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == main(["convert", "--version"]) == 0
    assert capsys.readouterr().out == f"slidebeam {pipeline.__version__}\n" * 2


def test_the_metadata_sample_can_be_given_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metadata-sample"]) == 0
    assert parse_metadata(capsys.readouterr().out, "sample").patient_id
