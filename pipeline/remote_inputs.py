"""Series on servers among the inputs of a command: fetched by the launcher before the graph begins.

Each comes into a folder of its own below TMPDIR, named by the series, and takes the place of its address. All that the
job reads lies on the disk then, each byte was asked for once, and the graph is the same as for files. So the disk must
hold the series, and workers on other machines must see the launcher's TMPDIR: DICOMweb has no ranged reads of an
instance that many workers could share.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from pipeline.interruption import interruptible
from pipeline.io.dicomweb.addresses import (
    ORTHANC_URL,
    RemoteSeries,
    dicomweb_series,
    is_orthanc_id,
    is_remote,
    orthanc_series,
)
from pipeline.io.dicomweb.http_options import HttpOptions
from pipeline.io.storage.address import is_address
from pipeline.model.figures import bytes_text, count_text, duration_text


@contextmanager
def fetched_inputs(
    named: Sequence[str],
    options: HttpOptions,
    *,
    orthanc: str = "",
    tell: Callable[[str], None] | None = None,
) -> Iterator[tuple[str, ...]]:
    """Fetch the series on servers that inputs name, and yield all inputs, with folders in the place of those.

    `orthanc` is the URL of an Orthanc: with it, every input that is no file, no URL and no glob is an id there. The
    folders are gone after the block, which a signal to end the process leaves with KeyboardInterrupt. Raises
    ConfigError for addresses that are none, SourceError for series that are not there ("Unknown resource"),
    StorageError where they cannot be fetched whole.
    """
    series = [remote_series(one, orthanc) for one in named]
    with interruptible(), ExitStack() as folders:
        yield tuple(
            one if place is None else _fetched(folders, place, options, tell)
            for one, place in zip(named, series, strict=True)
        )


def remote_series(named: str, orthanc: str = "") -> RemoteSeries | None:
    """Return the series on a server that an input names; None: it names something else. Raises ConfigError."""
    if is_remote(named):
        return dicomweb_series(named)
    if is_address(named) or os.path.exists(named):
        return None
    if is_orthanc_id(named):
        return orthanc_series(named, orthanc or ORTHANC_URL)
    return orthanc_series(named, orthanc) if orthanc and not _may_be_a_path(named) else None


def _may_be_a_path(named: str) -> bool:
    return any(character in named for character in "/*?[.#")


def _fetched(folders: ExitStack, series: RemoteSeries, options: HttpOptions, tell: Callable[[str], None] | None) -> str:
    from pipeline.io.dicomweb.fetching import fetched_remote_series  # not before: it needs pydicom

    begin = time.perf_counter()
    folder = folders.enter_context(fetched_remote_series(series, options))
    if tell is not None:
        files = [path.stat().st_size for path in folder.iterdir()]
        seconds = duration_text(time.perf_counter() - begin)
        tell(f"{series} fetched: {count_text(len(files), 'instance')}, {bytes_text(sum(files))} in {seconds}")
    return str(folder)
