"""Flags, environment and defaults, and what is refused before anything is made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.batch.settings import BatchSettings, batch_settings
from pipeline.batch_converter import main
from pipeline.cli import main as command
from tests.pipeline.batch.places import Places


def settings(*arguments: str, **environment: str) -> BatchSettings:
    return batch_settings(arguments, environment, "slidebeam batch")


def refusal(call: Callable[[], Any], capsys: pytest.CaptureFixture[str]) -> str:
    """Return what is told by a call that ends with exit code 2."""
    with pytest.raises(SystemExit) as leaving:
        call()
    assert leaving.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(("name", "letter"), [("inbox", "-i"), ("serving", "-s"), ("archive", "-a")])
def test_bc1_folders_have_flags_variables_and_defaults(
    name: str, letter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert getattr(settings(), name) == tmp_path.resolve() / name
    given = {f"CONVERTER_{name.upper()}": str(tmp_path / "variable")}
    assert getattr(settings(**given), name) == tmp_path / "variable"
    for flag in (f"--{name}", letter):
        assert getattr(settings(flag, "flag/../there", **given), name) == tmp_path.resolve() / "there"


def test_bc1_folders_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONVERTER_ARCHIVE", "deep/kept")
    assert main([]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "inbox", "serving"]
    assert (tmp_path / "deep" / "kept").is_dir()


def test_bc1_what_is_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").write_text("")
    assert "is a file" in refusal(lambda: settings("--inbox", str(tmp_path / "a")), capsys)


def test_bc1_a_bucket_is_no_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert "gs://slides/inbox is no folder" in refusal(lambda: settings("-i", "gs://slides/inbox"), capsys)
    assert "CONVERTER_SERVING: s3://b/x is no folder" in refusal(lambda: settings(CONVERTER_SERVING="s3://b/x"), capsys)


@pytest.mark.parametrize("quality", ["0", "101", "-1"])
def test_bc2_quality_is_1_to_100(quality: str, capsys: pytest.CaptureFixture[str]) -> None:
    for call in (lambda: settings(f"--quality={quality}"), lambda: settings(CONVERTER_QUALITY=quality)):
        assert "Quality must be between 1 and 100" in refusal(call, capsys)
    assert main([f"--quality={quality}"]) == 2


def test_bc2_quality_is_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert "CONVERTER_QUALITY: 'best' is no whole number" in refusal(lambda: settings(CONVERTER_QUALITY="best"), capsys)


@pytest.mark.parametrize(
    ("name", "flags", "variable", "default"),
    [
        ("quality", ("--quality", "-q"), "CONVERTER_QUALITY", 85),
        ("tile_size", ("--tile-size", "-t"), "CONVERTER_TILE_SIZE", 256),
        ("max_concurrent", ("--max-concurrent", "-c"), "CONVERTER_MAX_CONCURRENT", 2),
        ("watch_interval", ("--watch-interval",), "CONVERTER_WATCH_INTERVAL", 10),
    ],
)
def test_bc3_flag_beats_variable_beats_default(name: str, flags: tuple[str, ...], variable: str, default: int) -> None:
    assert getattr(settings(), name) == default
    assert getattr(settings(**{variable: ""}), name) == default
    assert getattr(settings(**{variable: "32"}), name) == 32
    for flag in flags:
        assert getattr(settings(flag, "48", **{variable: "32"}), name) == 48


def test_bc3_switches() -> None:
    names = ("watch", "dry_run", "verbose", "keep_icc", "reencode")
    assert [getattr(settings(), name) for name in names] == [False] * 5
    for words in (("--watch", "--dry-run", "--verbose"), ("-w", "-n", "-v")):
        one = settings(*words, "--keep-icc", "--reencode")
        assert [getattr(one, name) for name in names] == [True] * 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-t", "100"), "multiple of 16"),
        (("-t", "0"), "multiple of 16"),
        (("-c", "0"), "at least 1"),
        (("--watch-interval", "0"), "above 0"),
        (("--watch-interval", "nan"), "above 0"),
        (("--inboks", "x"), "did you mean --inbox?"),
        (("slide.dcm",), "belongs to no option"),
    ],
)
def test_bc3_other_values_are_refused(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in refusal(lambda: settings(*arguments), capsys)


def test_bc3_options_of_beam_are_passed_on() -> None:
    one = settings("-c", "3", "--direct_running_mode=multi_processing")
    assert one.beam_arguments == ("--direct_running_mode=multi_processing",)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("serving", "inbox"),
        ("archive", "inbox"),
        ("serving", "inbox/served"),
        ("archive", "inbox/x/kept"),
        ("archive", "serving"),
        ("archive", "serving/kept"),
        ("inbox", "serving/new"),
        ("serving", "link"),
    ],
)
def test_bc17_folders_within_each_other_are_refused(
    name: str, folder: str, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    """A link to the inbox is the inbox; nothing is made, moved or looked at."""
    (places.inbox.parent / "link").symlink_to(places.inbox)
    slide = places.put("a.svs", b"slide")
    assert places.run(f"--{name}", str(places.inbox.parent / folder)) == 2
    assert f"--{name}" in capsys.readouterr().err
    assert slide.read_bytes() == b"slide"
    assert not places.serving.exists()
    assert not places.archive.exists()


def test_both_commands_are_one(places: Places) -> None:
    places.put("a.svs", b"slide")
    assert command.main(["batch", *places.arguments]) == 0
    assert (places.serving / "a.svs").is_file()
