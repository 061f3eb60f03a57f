"""Target profiles: data of the package, what they set, and what they refuse."""

import itertools
import pickle
from pathlib import Path

import pytest

from pipeline.configs.loader import load_config
from pipeline.configs.profiles import profile_names, target_profile
from pipeline.configs.reproduce import reproduce_command
from pipeline.io.codecs.containers import encoding_syntax, passing_syntax
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import ConfigError
from pipeline.model.offset_table import OffsetTable
from pipeline.model.target import TargetProfile
from pipeline.model.transfer_syntaxes import TransferSyntax
from pipeline.options import config_of, parse

GB = 1_000_000_000
UNSAID = {"name", "store", "sources"}
"""Fields that are no limits."""
SYNTAX = TransferSyntax
NAMES = profile_names()


def config(**settings: object) -> ConversionConfig:
    """Return what settings make."""
    return config_of({"output": "out", **{name.replace("_", "-"): value for name, value in settings.items()}})


def typed(*arguments: str) -> ConversionConfig:
    """Return what a command line makes."""
    return parse(["--input", "a.svs", "--output", "out", *arguments]).config


def refused(*arguments: str) -> str:
    """Return the one line that says why a command line is refused."""
    with pytest.raises(ConfigError) as caught:
        typed(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_there_is_a_profile_for_each_target() -> None:
    assert NAMES == ["aws-healthimaging", "azure", "google", "openslide", "orthanc", "plain"]


def test_plain_is_what_is_done_without_a_profile() -> None:
    assert target_profile("plain") == TargetProfile()
    assert config(profile="plain") == config() == ConversionConfig(output="out")
    assert config(profile="plain").digest() == config().digest()


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_says_where_it_comes_from(name: str) -> None:
    profile, plain = target_profile(name), TargetProfile()
    limits = {field for field in TargetProfile.__slots__ if getattr(profile, field) != getattr(plain, field)} - UNSAID
    assert limits <= {field for field, _ in profile.sources}
    assert all(source and "\n" not in source for _, source in profile.sources)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_written_that_the_target_does_not_take(name: str) -> None:
    """Whatever syntax a slide gets, what passes and what is encoded in it is again one that the target takes."""
    profile = target_profile(name)
    for asked, bits, lossy in itertools.product(profile.accepted, (8, 16), (False, True)):
        passing = {passing_syntax(stored, asked) for stored in SYNTAX} - {None}
        assert passing | {encoding_syntax(asked, is_lossy_asked=lossy, bits=bits)} <= set(profile.accepted)


def test_limits_of_sizes() -> None:
    sizes = {name: target_profile(name).max_instance_bytes for name in NAMES}
    assert (sizes["plain"], sizes["openslide"]) == (None, None)
    assert all(sizes[name] is not None for name in NAMES if name not in ("plain", "openslide"))
    assert sizes["orthanc"] == 10_000_000
    assert 0.99 * GB < (sizes["aws-healthimaging"] or 0) < GB
    assert 3.99 * GB < (sizes["azure"] or 0) < 4 * GB
    for name in NAMES:
        is_small = 0 < (sizes[name] or 0) < 2**32
        assert target_profile(name).offset_table is (OffsetTable.BASIC if is_small else OffsetTable.AUTO)


def test_aws_healthimaging_keeps_what_it_stores_as_it_is() -> None:
    profile = target_profile("aws-healthimaging")
    assert set(profile.kept) == {SYNTAX.JPEG_BASELINE, SYNTAX.JPEG_2000, SYNTAX.HTJ2K, SYNTAX.HTJ2K_LOSSLESS_RPCL}
    assert profile.otherwise is SYNTAX.HTJ2K_LOSSLESS_RPCL
    assert {SYNTAX.JPEG_2000_LOSSLESS, SYNTAX.JPEG_EXTENDED} <= set(profile.accepted)


def test_openslide_is_given_what_it_reads() -> None:
    profile = target_profile("openslide")
    assert set(profile.kept) == {SYNTAX.JPEG_BASELINE, SYNTAX.JPEG_2000, SYNTAX.JPEG_2000_LOSSLESS}
    assert profile.otherwise is SYNTAX.JPEG_2000_LOSSLESS
    assert (profile.samples, profile.bits, profile.focal_planes, profile.optical_paths) == (3, 8, 1, 1)


def test_a_profile_sets_what_is_left_open(tmp_path: Path) -> None:
    aws = typed("--profile", "aws-healthimaging")
    assert aws.digest() == config(profile="aws-healthimaging").digest()
    assert (aws.max_instance_bytes, aws.offset_table) == (999_000_000, OffsetTable.BASIC)
    assert aws.transfer_syntax is None
    file = tmp_path / "mine.yaml"
    file.write_text("profile: aws-healthimaging\n", "utf-8")
    assert load_config(str(file)) == {"profile": "aws-healthimaging"}
    assert typed("--config", str(file)) == aws
    assert typed("--config", str(file), "--profile", "plain") == typed()


def test_what_is_asked_for_beats_the_profile_where_the_target_takes_it() -> None:
    asked = "--max-instance-mb 2500 --offset-table empty --transfer-syntax jpeg2000-lossless"
    given = typed("--profile", "aws-healthimaging", *asked.split())
    assert given.max_instance_bytes == 2_500_000_000
    assert given.offset_table is OffsetTable.EMPTY
    assert given.transfer_syntax is SYNTAX.JPEG_2000_LOSSLESS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            "--profile openslide --transfer-syntax htj2k",
            [
                "--transfer-syntax htj2k:",
                "OpenSlide 4 (--profile openslide) takes",
                "jpeg2000-lossless",
                "openslide-vendor-dicom.c",
            ],
        ),
        ("--profile aws-healthimaging --transfer-syntax jpeg-xl-recompression", ["htj2k-lossless-rpcl", "JPEG XL"]),
        ("--profile azure --max-instance-mb 5000", ["--max-instance-mb 5000:", "(--profile azure) takes 3999", "4 GB"]),
        ("--profile orthanc --max-instance-mb 4000", ["(--profile orthanc) takes 3999", "STOW-RS"]),
        ("--profile s3", ["--profile takes aws-healthimaging, azure, google, openslide, orthanc, plain, not 's3'"]),
    ],
)
def test_what_the_target_refuses_is_refused_with_its_reason(arguments: str, words: list[str]) -> None:
    message = refused(*arguments.split())
    assert [word for word in words if word not in message] == []


def test_only_what_can_be_asked_for_is_offered() -> None:
    message = refused("--profile", "google", "--transfer-syntax", "rle-lossless")
    assert "jpeg-lossless-sv1" not in message
    assert "jpeg2000-lossless" in message


def test_a_profile_changes_the_digest_by_its_rules_alone() -> None:
    assert len({config(profile=name).digest() for name in NAMES}) == len(NAMES)
    told, retold = (ConversionConfig(output="o", profile=TargetProfile(store=store)) for store in ("one", "other"))
    assert told.digest() == retold.digest()


def test_a_configuration_with_a_profile_survives_a_pickle() -> None:
    aws = config(profile="aws-healthimaging")
    copy = pickle.loads(pickle.dumps(aws))  # noqa: S301
    assert (copy, copy.digest()) == (aws, aws.digest())


def test_a_failure_is_shown_again_with_its_profile() -> None:
    command = reproduce_command(config(profile="openslide"), "a.svs", None, placeholders=True)
    assert "--profile openslide" in command
    assert "--profile" not in reproduce_command(config(), "a.svs", None, placeholders=True)


def test_a_profile_that_contradicts_itself_cannot_be() -> None:
    with pytest.raises(ConfigError, match="`otherwise` is kept"):
        TargetProfile(kept=(SYNTAX.JPEG_BASELINE,))
    with pytest.raises(ConfigError, match="default size are refused"):
        TargetProfile(max_instance_bytes=2 * GB, largest_instance_bytes=GB)
    with pytest.raises(ConfigError, match="default size are refused"):
        TargetProfile(largest_instance_bytes=GB)
