"""Measure the rates that `--plan` estimates with, and print them as the file that `--rates` takes.

    python -m bench.rates [SLIDE] > rates.yaml

SLIDE is one of the site's own, as typical as can be, with tiles that are JPEG; without it the scanner's slide of the
benchmark, or the sample. Codecs are timed on its tiles (`bench.codec_rates`); what a job, a slide and a file take
beside their codecs is taken from conversions of the sample slide, once and in copies, as whole processes.
All is processor time: take it on a machine like those that will do the work, and it need not be idle.
"""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from bench.codec_rates import average_rate, decode_rates, encode_rates, quality_sizes, recompression
from bench.measure import measure
from bench.slides import REGION, SHARED
from pipeline.io.sources import open_source
from pipeline.model.tiles import Pixels
from tests.sample import build_sample_slide

_TILES = 48
_COPIES = 12
_FILES_OF_SAMPLE = 3
"""Its levels."""
_GUESSED_DETAIL = 0.25
_SPREADS = {"spread-stored": 1.7, "spread-guessed": 15}
"""Found by comparing forecasts with conversions of slides of all formats (`tests/graph/test_plan.py`)."""
_BY_HAND = {"retile": 400, "read-back": 500, "copy": 800, "frame-seconds": 16e-6, "wave-seconds": 0.5}
"""Of no codec on tiles: bytes and frames as the benchmark's 1.22 GB that pass took them (docs/benchmarks.md), the
others from reports of conversions. All are of little weight beside a codec."""


def main(slide: Path | None) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="slidebeam-rates-") as name:
        folder = Path(name)
        sample = build_sample_slide(folder / "sample.svs")
        real = SHARED / REGION
        path = slide or (real if real.is_file() else sample)
        print("\n".join(_text(path, _codecs(path) | _fixed(folder, sample))))


def _codecs(path: Path) -> dict[str, object]:
    tiles, detail = _tiles(path)
    encode, sizes = encode_rates(tiles, detail)
    jpeg, j2k = quality_sizes(tiles)
    recompress, recompressed_size = recompression(tiles)
    return {
        "decode": decode_rates(tiles) | {"unknown": _region_rate(path)},
        "encode": encode,
        "encoded-size": sizes,
        "jpeg-quality-size": jpeg,
        "j2k-quality-size": j2k,
        "average": average_rate(tiles),
        "recompress": recompress,
        "recompressed-size": recompressed_size,
    }


def _tiles(path: Path) -> tuple[list[Pixels], float]:
    """Return tiles spread over the base level, and the detail of all of it."""
    with open_source(str(path)) as source:
        image = source.describe().levels[0]
        lengths = source.tile_lengths(image.index)
        if lengths is None or not image.lossy.is_lossy:
            raise SystemExit(f"{path}: a slide of JPEG tiles is wanted")
        numbers = np.unique(np.linspace(0, image.grid.frames - 1, _TILES).astype(int))
        read = [source.read_pixels(image.index, int(number), 1)[0] for number in numbers]
    tiles = [tile for tile in read if tile is not None]
    share = sum(int(lengths[number]) for number in numbers) / sum(tile.nbytes for tile in tiles)
    return tiles, share**0.5


def _region_rate(path: Path) -> float:
    """Return megabytes of pixels a second that OpenSlide reads: what readers give that tell nothing of their codec."""
    import openslide

    with openslide.OpenSlide(path) as slide:
        edge, (columns, rows) = 512, slide.dimensions
        places = [(x, y) for y in range(0, rows, edge) for x in range(0, columns, edge)]
        begin = time.process_time()
        for place in places:
            np.asarray(slide.read_region(place, 0, (edge, edge)).convert("RGB"))
        return len(places) * edge * edge * 3 / 1e6 / (time.process_time() - begin)


def _fixed(folder: Path, sample: Path) -> dict[str, object]:
    """Take apart what slides cost beside their frames: a job, a slide, a file."""
    copies = folder / "copies"
    copies.mkdir()
    for number in range(_COPIES):
        (copies / f"{number}.svs").write_bytes(sample.read_bytes())
    one, many = _convert(sample, folder), _convert(copies / "*.svs", folder)
    slide = (many - one) / (_COPIES - 1)
    return {
        "instance-seconds": slide / 2 / _FILES_OF_SAMPLE,
        "slide-seconds": slide / 2,
        "job-seconds": one - slide,
        "start-seconds": one - slide,
    }


def _convert(slides: Path, folder: Path) -> float:
    """Return the processor time of converting slides, their label, overview and thumbnail left out."""
    output = tempfile.mkdtemp(dir=folder)
    command = ["-m", "pipeline.run", "--input", str(slides), "--output", output, "--research-placeholder", "--quiet"]
    command += ["--no-label", "--no-overview", "--no-thumbnail"]
    return measure([sys.executable, *command], folder / "log").cpu_s


def _text(path: Path, measured: Mapping[str, object]) -> Iterator[str]:
    yield f"# Rates of one core, measured by `python -m bench.rates` on {time.strftime('%Y-%m-%d')} with tiles of"
    yield f"# {path.name}, on {_machine()}."
    yield "# What each number is: docs/corpus/plan.md. Measure your own machine and give the file to --rates."
    values = {"guessed-detail": _GUESSED_DETAIL, **measured, **_BY_HAND, **_SPREADS}
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield f"{name}:"
            yield from (f"  {key}: {float(amount):.4g}" for key, amount in value.items())
        else:
            yield f"{name}: {float(str(value)):.4g}"


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores"


if __name__ == "__main__":
    if len(sys.argv) > 2:
        raise SystemExit("usage: python -m bench.rates [SLIDE]")
    main(Path(sys.argv[1]) if len(sys.argv) == 2 else None)
