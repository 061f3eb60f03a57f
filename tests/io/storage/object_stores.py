"""What the contract suite asks of a store of objects: roots become prefixes of one bucket."""

from pathlib import Path

from pipeline.io.storage.bucket import Bucket
from pipeline.io.storage.object_store import ObjectStore
from tests.contracts.storage import OutputStoreContract


class ObjectStoreContract(OutputStoreContract):
    """Derive from it and give `bucket`."""

    turns = 4

    def bucket(self) -> Bucket:
        """Return the emulator's bucket."""
        raise NotImplementedError

    def make_store(self, root: Path, job: str) -> ObjectStore:
        """Return the store of a job under a prefix."""
        return ObjectStore(self.bucket(), prefix(root), job)

    def read_published(self, root: Path, slide_id: str, file_name: str) -> bytes:
        """Read the object in one request."""
        data = self.bucket().load(f"{prefix(root)}/{slide_id}/{file_name}")
        assert data is not None
        return data

    def top_level(self, root: Path) -> set[str]:
        """List the first components of the keys."""
        return {key.partition("/")[0] for key in self.keys(root)}

    def leftovers(self, root: Path) -> list[str]:
        """List the keys of staging."""
        return [key for key in self.keys(root) if key.startswith("_staging")]

    def keys(self, root: Path) -> list[str]:
        """Return all keys below the root."""
        return [facts.key.removeprefix(f"{prefix(root)}/") for facts in self.bucket().listed(f"{prefix(root)}/")]


def prefix(root: Path) -> str:
    """Return the prefix that stands for a folder."""
    return str(root).strip("/")
