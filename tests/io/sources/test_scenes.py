"""Names of scenes and of their series are taken apart as they were made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.sources.scenes import scene_id, split_scene_id


@given(st.text(min_size=1), st.integers(1, 10**6))
def test_the_name_of_a_scene_leads_back_to_its_file(name: str, scene: int) -> None:
    assert split_scene_id(scene_id(name, scene)) == (name, scene)


@pytest.mark.parametrize("name", ["a.czi", "scene-1", "a/scene-", "a/scene-0", "a/scene-01", "a/scene-1/b"])
def test_other_names_are_of_no_scene(name: str) -> None:
    assert split_scene_id(name) == (name, None)
