"""`--isolate`, with and without a value, from the command line and from a file."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.model.config import ConversionConfig, Isolation
from pipeline.model.errors import ConfigError
from pipeline.options import parse

NEEDED = ("--input", "a.svs", "--output", "out")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ((), Isolation.AUTO),
        (("--isolate",), Isolation.TILES),
        (("--isolate", "--quiet"), Isolation.TILES),
        (("--isolate", "headers"), Isolation.HEADERS),
        (("--isolate=none",), Isolation.NONE),
    ],
)
def test_alone_it_means_tiles(written: tuple[str, ...], meant: Isolation) -> None:
    assert parse([*NEEDED, *written]).config.isolate is meant


def test_a_file_names_what_is_meant(tmp_path: Path) -> None:
    """`none` is a word in YAML, which `off` is not."""
    file = tmp_path / "c.yaml"
    file.write_text("isolate: none\nisolate-timeout: 30\n")
    config = parse([*NEEDED, "--config", str(file)]).config
    assert (config.isolate, config.isolate_seconds) == (Isolation.NONE, 30.0)
    assert parse([*NEEDED, "--config", str(file), "--isolate"]).config.isolate is Isolation.TILES


@pytest.mark.parametrize("written", [("--isolate", "all"), ("--isolate-timeout", "0"), ("--isolate-timeout",)])
def test_what_makes_no_sense_is_refused(written: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="isolate"):
        parse([*NEEDED, *written])


def test_it_changes_no_byte_that_is_written() -> None:
    """So that a job that died goes on with it."""
    config = ConversionConfig(output="out")
    assert replace(config, isolate=Isolation.TILES, isolate_seconds=1.0).digest() == config.digest()
