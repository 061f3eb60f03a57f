"""Presets of tissue: their codes are those of the context groups of PS3.16."""

import pytest
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

from pipeline.configs.tissue_presets import anatomic_sites, specimen_preset, specimen_preset_names
from pipeline.model.metadata import Code
from pipeline.model.metadata_preparation import PreparationAction, PreparationStep

CID_OF_METHOD = {PreparationAction.COLLECTION: 8109, PreparationAction.PROCESSING: 8113}


def is_in(code: Code, context_group: int) -> bool:
    """Whether a code is in a context group, with its meaning."""
    scheme = code.scheme_designator
    groups: dict[int, dict[str, list[str]]] = cid_concepts
    terms = (concepts[scheme][keyword] for keyword in groups[context_group][scheme])
    return any(code.value in values and values[code.value][0].lower() == code.meaning.lower() for values in terms)


def steps() -> list[PreparationStep]:
    """Return the steps of all presets."""
    return [step for name in specimen_preset_names() for step in specimen_preset(name)]


def test_there_are_presets_for_what_laboratories_do_daily() -> None:
    assert specimen_preset_names() == ["he-ffpe", "he-frozen", "if", "ihc"]


@pytest.mark.parametrize("name", specimen_preset_names())
def test_a_preset_begins_with_the_collection_and_ends_with_the_staining(name: str) -> None:
    actions = [step.action for step in specimen_preset(name)]
    assert (actions[0], actions[-1]) == (PreparationAction.COLLECTION, PreparationAction.STAINING)


def test_the_codes_of_steps_are_in_their_context_groups() -> None:
    for step in steps():
        if step.method:
            assert is_in(step.method, CID_OF_METHOD[step.action]), step
        if step.fixative:
            assert is_in(step.fixative, 8114), step
        if step.medium:
            assert is_in(step.medium, 8115), step
        assert all(is_in(substance, 8112) for substance in step.substances), step


def test_hematoxylin_and_eosin_are_told_apart_by_fixation() -> None:
    ffpe, frozen = specimen_preset("he-ffpe"), specimen_preset("he-frozen")
    assert ffpe[-1].substances == frozen[-1].substances
    assert [step.action for step in ffpe if step.fixative] == [PreparationAction.FIXATION]
    assert not any(step.fixative for step in frozen)


@pytest.mark.parametrize("name", anatomic_sites())
def test_a_site_is_an_anatomic_structure(name: str) -> None:
    assert is_in(anatomic_sites()[name], 8134)
