"""Cut the slides of a job into waves, each of which is one execution of the graph.

A GroupByKey of a batch is a barrier: no slide of an execution is published before the frames of all of them are
staged. So a wave is as much as may be lost when the job is killed, and as much as is staged at once.
"""

from collections.abc import Iterator, Sequence

from pipeline.io.storage.contract import OutputStore
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput

_SHARE_OF_FREE = 4
"""A wave's slides may take a quarter of what is free: frames grow when they are encoded, and are joined by a copy."""
_WITHOUT_LIMIT = 1 << 40
_SLIDES_AT_ONCE = 32
"""Slides of a wave on this machine: starting one takes half a second, and more of them would be lost with a stop."""


def waves_of(
    slides: Sequence[SlideInput], config: ConversionConfig, store: OutputStore, *, remote: bool
) -> list[tuple[SlideInput, ...]]:
    """Return the waves in the order of the slides; in each the largest slide comes first, so that none is left over.

    A wave ends before it takes more bytes than `config.wave_bytes`, or more slides than `config.wave_slides`; one
    slide that is larger is a wave of its own. Where nothing is set, bytes are a quarter of what the output has left.
    On an engine elsewhere (`remote`), where to start is a matter of minutes, the number of slides is not limited.
    """
    free = store.free_bytes()
    most_bytes = config.wave_bytes or (_WITHOUT_LIMIT if free is None else free // _SHARE_OF_FREE)
    most_slides = config.wave_slides or (len(slides) if remote else _SLIDES_AT_ONCE)
    return [
        tuple(sorted(wave, key=lambda slide: -slide.bytes)) for wave in _cut(slides, most_bytes, max(1, most_slides))
    ]


def _cut(slides: Sequence[SlideInput], most_bytes: int, most_slides: int) -> Iterator[list[SlideInput]]:
    wave: list[SlideInput] = []
    held = 0
    for slide in slides:
        size = slide.bytes
        if wave and (len(wave) == most_slides or held + size > most_bytes):
            yield wave
            wave, held = [], 0
        wave.append(slide)
        held += size
    if wave:
        yield wave
