"""Slides of a corpus differ in pixels and in what they say, and are the same whenever they are made."""

from pathlib import Path

import numpy as np
import pytest

from bench.corpus.slides import draw_number, parse_size, write_corpus
from pipeline.io.sources import open_source

SIZES = [(4, 960, 720), (2, 1200, 720)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Make a corpus of six slides of two sizes."""
    folder = tmp_path_factory.mktemp("corpora") / "corpus"
    write_corpus(folder, SIZES)
    return sorted(folder.iterdir())


def test_nothing_else_is_in_the_folder_and_sizes_are_mixed(corpus: list[Path]) -> None:
    assert [path.name for path in corpus] == [f"slide-{number:05}.svs" for number in range(6)]
    sizes = [path.stat().st_size // 100_000 for path in corpus]
    assert len(set(sizes)) == 2
    assert sizes != sorted(sizes)


def test_each_slide_is_read_as_one_of_its_own(corpus: list[Path]) -> None:
    fingerprints, serials, first_tiles = set(), set(), set()
    for number, path in enumerate(corpus):
        with open_source(str(path)) as source:
            fingerprints.add(source.fingerprint())
            serials.add(source.describe().facts.serial_number)
            grid = source.describe().levels[0].grid
            tiles = [tile for tile in source.read_pixels(0, 0, grid.frames, 0) if tile is not None]
            assert len(tiles) == grid.frames
            assert np.abs(tiles[0].astype(int) - draw_number(number)).mean() < 5
            first_tiles.add(tiles[1].tobytes())
    assert len(fingerprints) == len(serials) == len(first_tiles) == len(corpus)


def test_a_corpus_made_again_is_the_same(corpus: list[Path], tmp_path: Path) -> None:
    write_corpus(tmp_path / "again", SIZES)
    assert [path.read_bytes() for path in sorted((tmp_path / "again").iterdir())] == [p.read_bytes() for p in corpus]


def test_sizes_are_read_from_the_command_line() -> None:
    assert parse_size("150:2900x2300") == (150, 2900, 2300)
