"""A series is validated where it stands staged, and not published when it breaks a rule."""

from pathlib import Path

import pytest

from pipeline.io.publishing.series import publish_series
from pipeline.io.storage.local import LocalStore
from pipeline.model.errors import StorageError
from tests.io.publishing.series import stage_slide
from tests.sample import build_sample_slide


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small slide."""
    return build_sample_slide(tmp_path_factory.mktemp("slide") / "slide.svs", columns=500, rows=400)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("validate", [False, True])
def test_only_what_validates_is_published(slide: Path, tmp_path: Path, broken: bool, validate: bool) -> None:
    plan, written = stage_slide(slide, tmp_path, job="job")
    store = LocalStore(str(tmp_path), "job")
    if broken:
        staged = next(Path(file.uri) for one in written for file in one.files if file.name == "level-0.dcm")
        staged.write_bytes(staged.read_bytes().replace(b"CS\x02\x00SM", b"CS\x02\x00GM"))
    if broken and validate:
        with pytest.raises(StorageError, match=r"level-0\.dcm: Modality is GM, not SM \(identity\.modality, PS3\.3"):
            publish_series(store, plan, written, job="job", overwrite=False, validate=True)
        assert not store.exists(plan.slide_id)
        assert store.read_record(plan.slide_id) is None
    else:
        publish_series(store, plan, written, job="job", overwrite=False, validate=validate)
        assert store.exists(plan.slide_id)
