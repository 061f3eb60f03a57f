"""A list of slides comes back as it was written, and says nothing to who lacks the key of a secret one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.slide_list import SlideList, read_slide_list, write_slide_list
from pipeline.io.storage.local import LocalStore
from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput

SLIDES = st.builds(
    SlideInput, uri=st.text(), slide_id=st.text(), metadata=st.text(), stamp=st.text(), bytes=st.integers(0)
)
SLIDE = SlideInput(uri="/in/SMITH.svs", slide_id="slide-1", metadata='{"patient_name": "SMITH"}', stamp="17-42")


@given(st.lists(SLIDES), st.booleans())
def test_slides_come_back(tmp_path_factory: pytest.TempPathFactory, slides: list[SlideInput], secret: bool) -> None:
    store = LocalStore(str(tmp_path_factory.mktemp("output")), "job")
    written = write_slide_list(store, slides, secret=secret, wave=3)
    assert written.name == "slides-0003.jsonl"
    assert list(read_slide_list(store, written)) == slides
    store.remove_job_file(written.name)
    assert not list(Path(store.root).rglob("*"))


def test_a_secret_list_tells_nothing_and_is_read_with_its_key_only(tmp_path: Path) -> None:
    store = LocalStore(str(tmp_path), "job")
    written = write_slide_list(store, [SLIDE], secret=True)
    data = store.read_job_file(written.name)
    assert not any(word in data for word in (b"SMITH", b"slide-1", b"17-42", b"uri", written.key))
    assert str(written.key) not in repr(written)
    for key in (write_slide_list(store, [SLIDE], secret=True).key, written.key):
        store.write_job_file(written.name, data[:-1] + b"!" if key == written.key else data)
        with pytest.raises(StorageError, match="is not the one that the job wrote"):
            list(read_slide_list(store, SlideList(written.name, key)))
