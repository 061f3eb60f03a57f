"""What the suites of stores have in common: a store under a root of the test's own, and a series in it."""

from pathlib import Path

import pytest

from pipeline.io.storage.contract import OutputStore

SLIDE = "cohort/a slide.svs"
HEADER, TRAILER = b"DICM" * 25, b"\xfe\xff\xdd\xe0\0\0\0\0"


class StoreContract:
    """How a suite gets at a store."""

    turns = 40
    """How often readers and writers race; fewer where each turn is many requests."""

    def make_store(self, root: Path, job: str) -> OutputStore:
        """Return the store of a job under a root of the test's own."""
        raise NotImplementedError

    def read_published(self, root: Path, slide_id: str, file_name: str) -> bytes:
        """Return the bytes of a published file, as any reader sees them."""
        raise NotImplementedError

    def top_level(self, root: Path) -> set[str]:
        """Return the names right under the root."""
        raise NotImplementedError

    def leftovers(self, root: Path) -> list[str]:
        """Return what is left of staging under the root."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> OutputStore:
        """Return a store that nothing was written to."""
        return self.make_store(tmp_path, "job")

    def stage_series(self, store: OutputStore, content: bytes = b"pixels", slide_id: str = SLIDE) -> dict[str, int]:
        """Assemble a series of two files and return their sizes."""
        sizes = {}
        for name in ("level-0", "label"):
            part = store.stage_run(slide_id, name, 0, [content, name.encode()], None)
            store.assemble(slide_id, f"{name}.dcm", HEADER, [part], TRAILER)
            sizes[f"{name}.dcm"] = len(HEADER) + len(content) + len(name) + len(TRAILER)
        return sizes
