"""What has to be there before a job begins, checked in seconds: an hour of work must not end at the first write.

Errors of one slide are none of a job; here is only what would fail all of them. What is written to find out is gone
at once.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from pipeline.io.storage.address import is_address, split_address
from pipeline.io.storage.local_cache import cache_folder
from pipeline.io.storage.opening import open_bucket, open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput
from pipeline.model.transfer_syntaxes import TransferSyntax


def check_ready(slides: Iterable[SlideInput], config: ConversionConfig, job: str) -> None:
    """Check output, stores of the slides, codecs and folders for temporary files.

    Raises StorageError for what cannot be reached or written, CodecError for a codec that is not installed.
    """
    check_codecs(config)
    check_output(config.output, job)
    remote = [slide.uri for slide in slides if is_address(slide.uri)]
    check_sources(remote)
    if remote:
        _check_folder(cache_folder(), "SLIDEBEAM_CACHE names another folder")
    if is_address(config.output):
        _check_folder(_temporary_folder(), "TMPDIR names another folder")


def check_output(output: str, job: str) -> None:
    """Write something where the output is to be, and take it away again; no folder is made."""
    if is_address(output):
        open_store(output, job).prepare()
    else:
        _check_folder(Path(output), "name another output, or change its permissions")


def check_sources(uris: Iterable[str]) -> None:
    """Ask each bucket that slides lie in for an answer."""
    for bucket in dict.fromkeys((split_address(uri).scheme, split_address(uri).bucket) for uri in uris):
        open_bucket(f"{bucket[0]}://{bucket[1]}").check()


def check_codecs(config: ConversionConfig) -> None:
    """Look for the encoder of frames that cannot pass; decoders are a matter of each slide."""
    from pipeline.io.codecs.containers import encoding_syntax
    from pipeline.io.codecs.installed import check_encoder

    wanted = config.transfer_syntax or config.profile.otherwise
    check_encoder(encoding_syntax(wanted, is_lossy_asked=config.asks_for_loss, bits=8))
    if wanted is TransferSyntax.JPEG_XL_RECOMPRESSION:
        check_encoder(wanted)


def _temporary_folder() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise StorageError("there is no folder for temporary files: TMPDIR names one") from error


def _check_folder(folder: Path, way_out: str) -> None:
    """Write a file into a folder, or where it would be made."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest) as probe:
            probe.write(b"slidebeam")
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written ({nearest}: {error.strerror}); {way_out}", uri=str(folder)
        ) from error
