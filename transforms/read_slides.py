"""ReadSlides: name of a wave's list -> its slides, spread over the workers."""

from collections.abc import Iterator

import apache_beam as beam

from pipeline.io.slide_list import SlideList, read_slide_list
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput


class ReadSlides(beam.PTransform):
    """Read the list that the launcher wrote beside the output."""

    def __init__(self, key: bytes, config: ConversionConfig, job: str) -> None:
        """Take the `key` of the list (`SlideList.key`)."""
        super().__init__()
        self._key = key
        self._config = config
        self._job = job

    def expand(self, names: beam.PCollection[str]) -> beam.PCollection[SlideInput]:
        """Map names of lists to slides."""
        return (
            names
            | "ReadList" >> beam.FlatMap(_slides, self._key, self._config.output, self._job)
            | "SpreadSlides" >> beam.Reshuffle()
        )


def _slides(name: str, key: bytes, output: str, job: str) -> Iterator[SlideInput]:
    yield from read_slide_list(open_store(output, job), SlideList(name, key))
