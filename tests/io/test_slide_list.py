"""A list of slides comes back as it was written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.slide_list import read_slide_list, slide_list_name, write_slide_list
from pipeline.io.storage.local import LocalStore
from pipeline.model.keys import SlideInput

SLIDES = st.builds(
    SlideInput, uri=st.text(), slide_id=st.text(), metadata=st.text(), stamp=st.text(), bytes=st.integers(0)
)


@given(st.lists(SLIDES))
def test_slides_come_back(tmp_path_factory: pytest.TempPathFactory, slides: list[SlideInput]) -> None:
    store = LocalStore(str(tmp_path_factory.mktemp("output")), "job")
    name = slide_list_name(3)
    write_slide_list(store, name, slides)
    assert list(read_slide_list(store, name)) == slides
    store.remove_job_file(name)
    assert not list(Path(store.root).rglob("*"))
