"""The table of settings against the configuration that they make."""

import dataclasses

from pipeline.configs.settings import SETTINGS
from pipeline.model.config import ConversionConfig


def test_every_field_of_the_configuration_can_be_set_once() -> None:
    fields = [setting.field for setting in SETTINGS if setting.field]
    assert len(fields) == len(set(fields))
    made_by_the_job = {"uid_salt"}
    assert set(fields) == {field.name for field in dataclasses.fields(ConversionConfig)} - made_by_the_job


def test_every_value_has_its_default_in_its_help() -> None:
    without_default = {"input", "output", "metadata", "dataset", "anatomic-site"}
    for setting in SETTINGS:
        if setting.metavar and setting.name not in without_default:
            assert "(default: " in setting.help, setting.name
