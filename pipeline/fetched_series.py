"""A published series as files on the disk, wherever it was published: what `slidebeam verify` reads.

From an object store the series comes into a temporary folder, with its state record where an output has it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pipeline.io.storage.address import split_address
from pipeline.io.storage.bucket import Bucket
from pipeline.io.storage.object_bytes import fetch_object
from pipeline.io.storage.opening import open_bucket
from pipeline.model.errors import ConfigError, StorageError

_RECORDS = "_state"


@contextmanager
def fetched_series(address: str, slide_id: str) -> Iterator[Path]:
    """Fetch the series of a slide from an output, or a series by its own address, and yield its folder.

    Raises ConfigError when there is none, or more than one, and StorageError for keys that would lead out of the
    folder, which a store may hold.
    """
    bucket, root = open_bucket(address), split_address(address).key
    output, found = _place(bucket, root, slide_id, address)
    with TemporaryDirectory(prefix="slidebeam-") as folder:
        for key in [*_files(bucket, _joined(output, found)), _joined(output, _RECORDS, f"{found}.json")]:
            path = _inside(Path(folder), key.removeprefix(f"{output}/" if output else ""), f"{bucket.uri}/{key}")
            if bucket.facts(key) is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                fetch_object(bucket, key, path)
        yield Path(folder, found)


def _place(bucket: Bucket, root: str, slide_id: str, address: str) -> tuple[str, str]:
    """Return the output's key and the id of the slide's series in it."""
    if any(key.endswith(".dcm") for key in _files(bucket, root)):
        parents = [str(parent) for parent in PurePosixPath(root).parents]
        outputs = ["" if parent == "." else parent for parent in parents]
        ids = [str(PurePosixPath(root).relative_to(output)) for output in outputs]
        recorded = (
            (output, one)
            for output, one in zip(outputs, ids, strict=True)
            if bucket.facts(_joined(output, _RECORDS, f"{one}.json")) is not None
        )
        return next(recorded, (outputs[0], ids[0]))
    records = _joined(root, _RECORDS) + "/"
    ids = [facts.key.removeprefix(records).removesuffix(".json") for facts in bucket.listed(records)]
    found = [one for one in ids if one == slide_id or one.endswith(f"/{slide_id}")]
    if not found:
        raise ConfigError(f"{address} holds no series of {slide_id}; give the output of a conversion")
    if len(found) > 1:
        raise ConfigError(f"{address} holds several slides called {slide_id}; give one of {', '.join(found)}")
    return root, found[0]


def _inside(folder: Path, name: str, uri: str) -> Path:
    """Return the path of an object in a folder."""
    path = folder / name
    is_plain = not any(part in ("", ".", "..") for part in name.split("/"))
    if not is_plain or not path.resolve().is_relative_to(folder.resolve()):
        raise StorageError(f"{uri} is no file of a conversion: its key leads elsewhere; remove or rename it", uri=uri)
    return path


def _files(bucket: Bucket, series: str) -> list[str]:
    """Return the keys right below a series' place."""
    prefix = f"{series}/" if series else ""
    keys = (facts.key for facts in bucket.listed(prefix)) if prefix else ()
    return [key for key in keys if "/" not in key.removeprefix(prefix) and not key.endswith("/")]


def _joined(*parts: str) -> str:
    return "/".join(part for part in parts if part)
