"""The command line: what it takes, what it refuses, and what it hands to Beam."""

import json
from pathlib import Path

import pytest

from pipeline.configs.settings import SETTINGS
from pipeline.model.config import Backend, Certificate, CodecValidation, ConversionConfig, UidPolicy
from pipeline.model.errors import ConfigError
from pipeline.model.transfer_syntaxes import Subsampling, TransferSyntax
from pipeline.options import conversion_parser, parse


@pytest.fixture
def needed(tmp_path: Path) -> list[str]:
    """Return what no command line goes without."""
    return ["--input", "a.svs", "--output", str(tmp_path)]


def refused(argv: list[str]) -> str:
    """Return the one line that says why a command line is refused."""
    with pytest.raises(ConfigError) as caught:
        parse(argv)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_defaults_are_those_of_the_configuration(needed: list[str], tmp_path: Path) -> None:
    request = parse(needed)
    assert request.config == ConversionConfig(output=str(tmp_path))
    assert (request.inputs, request.beam_arguments) == (("a.svs",), ())
    assert (request.json, request.verbose, request.quiet) == (False, False, False)


def test_every_option_is_heard(tmp_path: Path) -> None:
    metadata = tmp_path / "metadata.json"
    metadata.write_text('{"patient_id": "P1"}', "utf-8")
    request = parse(
        "--input a.svs b.svs --input c/*.svs --tile-size 256 --jpeg-quality 80 "
        "--jpeg-subsampling 444 --j2k-decomposition-levels 3 --level 0-1 --level 3,4 --codec-validation round-trip "
        "--research-placeholder --backend cpu --overwrite --json --no-label --no-overview --no-thumbnail "
        "--source-pixel-spacing-mm 0.0005,0.0004 --uid-policy fresh --certificate full --force-transcode --threads 3 "
        "--run-frames 32 --run-bytes 1048576 --verbose --quiet --force "
        f"--metadata {metadata} --output {tmp_path}/new/out".split()
    )
    assert request.inputs == ("a.svs", "b.svs", "c/*.svs")
    assert (request.json, request.verbose, request.quiet) == (True, True, True)
    config = request.config
    assert config == ConversionConfig(
        output=str(tmp_path / "new" / "out"),
        force_transcode=True,
        tile_size=256,
        jpeg_quality=80,
        jpeg_subsampling=Subsampling.YBR_444,
        j2k_decomposition_levels=3,
        levels=(0, 1, 3, 4),
        label=False,
        overview=False,
        thumbnail=False,
        source_pixel_spacing_mm=(0.0005, 0.0004),
        metadata=config.metadata,
        research_placeholder=True,
        codec_validation=CodecValidation.ROUND_TRIP,
        certificate=Certificate.FULL,
        backend=Backend.CPU,
        uid_policy=UidPolicy.FRESH,
        overwrite=True,
        force=True,
        threads=3,
        run_frames=32,
        run_bytes=1 << 20,
    )
    assert config.metadata.patient_id == "P1"


def test_a_flag_beats_the_file(needed: list[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("jpeg-quality: 70\ntile-size: 128\nlevel: 0-3\nquiet: true\n", "utf-8")
    request = parse([*needed, "--config", str(file), "--jpeg-quality", "95", "--level", "1"])
    assert (request.config.jpeg_quality, request.config.tile_size, request.config.levels) == (95, 128, (1,))
    assert request.quiet


def test_a_file_may_name_slides_and_output(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"input: [a.svs, b.svs]\noutput: {tmp_path}\n", "utf-8")
    request = parse(["--config", str(file)])
    assert (request.inputs, request.config.output) == (("a.svs", "b.svs"), str(tmp_path))


def test_the_output_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse(["--input", "a.svs", "--output", "out"]).config.output == str(tmp_path / "out")


def test_options_of_beam_are_passed_on_as_they_were_typed(needed: list[str]) -> None:
    beam = ["--runner=DirectRunner", "--direct_num_workers", "2", "--experiments=a", "--job_name", "night"]
    assert parse([*beam[:3], *needed, *beam[3:]]).beam_arguments == tuple(beam)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["--trasnfer-syntax", "jpeg2000"], "did you mean --transfer-syntax?"),
        (["--trasnfer-syntax=jpeg2000"], "did you mean --transfer-syntax?"),
        (["--transfer_syntax", "jpeg2000"], "did you mean --transfer-syntax?"),
        (["--runer=DirectRunner"], "did you mean --runner?"),
        (["--tile"], "did you mean --tile-size?"),
        (["--frobnicate"], "an option --frobnicate; --help lists the options"),
        (["--runner=NoSuchRunner"], "--runner NoSuchRunner is not to be had"),
        (["--runner=no.such.Runner"], "--runner no.such.Runner is not to be had"),
        (["--direct_num_workers", "many"], "--direct_num_workers: invalid int value"),
        (["--runner=DirectRunner", "b.svs"], "slides are given with --input b.svs"),
        (["--jpeg-quality", "0"], "--jpeg-quality takes a number from 1 to 100, not 0"),
        (["--jpeg-quality", "best"], "--jpeg-quality takes a whole number, not 'best'"),
        (["--tile-size", "255"], "is odd"),
        (["--tile-size"], "--tile-size: expected one argument"),
        (["--level", "2-0"], "--level takes ranges that ascend"),
        (["--transfer-syntax", "jpeg"], "--transfer-syntax takes jpeg-baseline8-bit, jpeg-ls-lossless"),
        (["--source-pixel-spacing-mm", "0.5"], "--source-pixel-spacing-mm takes ROW,COL in mm"),
        (["--source-pixel-spacing-mm", "0,0"], "each above 0"),
        (["--metadata", "nowhere.json"], "--metadata nowhere.json cannot be read: No such file"),
        (["--config", "nowhere.yaml"], "--config nowhere.yaml: there is no such file"),
        (["--backend", "require-device"], "encodes on the CPU only; take auto, cpu or prefer-device"),
        (["--backend", "gpu"], "--backend takes auto, cpu, prefer-device, require-device, not 'gpu'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(needed: list[str], typed: list[str], message: str) -> None:
    assert message in refused([*needed, *typed])


def test_a_slide_without_its_option(needed: list[str]) -> None:
    assert "slides are given with --input c.svs" in refused(["c.svs", *needed])


def test_input_and_output_are_missed_by_name(tmp_path: Path) -> None:
    assert "--input is missing" in refused(["--output", str(tmp_path)])
    assert "--output is missing" in refused(["--input", "a.svs"])


def test_an_output_that_can_hold_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "is a file; name a folder" in refused(["--input", "a.svs", "--output", str(file)])
    assert "there is no store for ftp://" in refused(["--input", "a.svs", "--output", "ftp://host/out"])
    assert "names no bucket" in refused(["--input", "a.svs", "--output", "gs://"])


def test_the_transfer_syntax_is_heard(needed: list[str]) -> None:
    config = parse([*needed, "--transfer-syntax", "jpeg2000-lossless"]).config
    assert config.transfer_syntax is TransferSyntax.JPEG_2000_LOSSLESS


@pytest.mark.parametrize("backend", ["auto", "cpu", "prefer-device"])
def test_other_backends_encode_on_the_cpu(needed: list[str], backend: str) -> None:
    assert parse([*needed, "--backend", backend]).config.backend == backend


def test_help_explains_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"--{setting.name} " in shown or f"--{setting.name}\n" in shown for setting in SETTINGS)


def test_the_sample_metadata_is_json_that_is_taken(
    needed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["--sample-metadata"])
    assert caught.value.code == 0
    sample = tmp_path / "sample.json"
    sample.write_text(capsys.readouterr().out, "utf-8")
    given = json.loads(sample.read_text("utf-8"))
    assert parse([*needed, "--metadata", str(sample)]).config.metadata.patient_id == given["patient_id"]


def test_flags_are_not_abbreviated() -> None:
    parser = conversion_parser("slidebeam convert")
    assert parser.parse_known_args(["--over"])[1] == ["--over"]
