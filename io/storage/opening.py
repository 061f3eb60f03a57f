"""Which store a path or URI means. What a store needs is imported when the first of its kind is opened."""

from pipeline.io.storage.address import is_address, split_address
from pipeline.io.storage.bucket import Bucket
from pipeline.io.storage.byte_reader import ByteReader, LocalBytes
from pipeline.io.storage.contract import OutputStore
from pipeline.io.storage.object_bytes import ObjectBytes
from pipeline.model.errors import ConfigError


def open_store(output: str, job: str) -> OutputStore:
    """Return the store of a job's output: a folder, or a prefix of a bucket. Nothing is read or written."""
    if is_address(output):
        from pipeline.io.storage.object_store import ObjectStore

        address = split_address(output)
        return ObjectStore(open_bucket(output), address.key, job)
    from pipeline.io.storage.local import LocalStore

    return LocalStore(output, job)


def open_bucket(uri: str) -> Bucket:
    """Return the bucket of a URI. Raises ConfigError for a scheme without a store, or an extra that is missing."""
    address = split_address(uri)
    if address.scheme == "gs":
        from pipeline.io.storage.gcs import GcsBucket

        return GcsBucket(address.bucket)
    try:
        from pipeline.io.storage.s3 import S3Bucket
    except ImportError as error:
        raise ConfigError(f"{uri} needs boto3, which is not installed: pip install 'slidebeam[s3]'") from error
    return S3Bucket(address.bucket)


def open_bytes(uri: str) -> ByteReader:
    """Open a file or an object for reading by position. Raises SourceError, and StorageError for a store that fails."""
    if is_address(uri):
        return ObjectBytes(open_bucket(uri), split_address(uri).key)
    return LocalBytes(uri)
