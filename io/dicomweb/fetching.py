"""A series on a server as a folder of files, for as long as it is needed.

Files are fetched one after the other, under names of our own. They are complete and looked at before the folder is
handed out, and they are gone when the block ends, however it ends.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pipeline.io.dicomweb.addresses import RemoteSeries
from pipeline.io.dicomweb.client import DELAYS, HttpClient
from pipeline.io.dicomweb.http_options import HttpOptions
from pipeline.io.dicomweb.listing import listed_images
from pipeline.io.dicomweb.receiving import SPARED, receive
from pipeline.model.errors import StorageError


@contextmanager
def fetched_remote_series(
    series: RemoteSeries, options: HttpOptions, *, delays: Sequence[float] = DELAYS, spared: int = SPARED
) -> Iterator[Path]:
    """Fetch the whole-slide images of a series and yield their folder, which is named by the series.

    It lies below TMPDIR and goes with the block. `delays` are the seconds before each further attempt, `spared` the
    bytes that stay free on the disk. Raises SourceError where there is no such series, or no slide; StorageError where
    it cannot be fetched whole.
    """
    with closing(HttpClient(options, delays)) as client:
        images = listed_images(client, series)
        try:
            folder = tempfile.TemporaryDirectory(prefix="slidebeam-")
        except OSError as error:
            raise StorageError(f"there is no folder for temporary files: {error.strerror}; TMPDIR names one") from error
        with folder:
            place = Path(folder.name, series.series)
            place.mkdir()
            for number, image in enumerate(images, 1):
                receive(client, image, place / f"instance-{number:04}.dcm", spared)
            client.close()  # the work begins, and may take hours
            yield place
