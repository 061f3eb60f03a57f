"""A metadata file with our own keys, which are wsi-dicom's, checked whole before anything is converted.

Nothing is dropped in silence: an unknown key, a key given twice and a value that its attribute cannot hold are
findings, and all findings of a file come in one error.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.model.errors import ConfigError
from pipeline.model.metadata_codes import unknown_key
from pipeline.model.metadata_given import GivenMetadata, checked_values, elements


def keyed_metadata(given: Mapping[str, Any], origin: str, findings: Sequence[str] = ()) -> GivenMetadata:
    """Return the metadata that an object gives; keys with null or an empty value count as not given.

    Raises ConfigError with all that is wrong, `findings` first; `origin` names the file in it.
    """
    known = {element.key for element in elements()}
    unknown = [unknown_key(key, known) for key in given if key not in known]
    values, wrong = checked_values(given)
    if found := [*findings, *unknown, *wrong]:
        raise ConfigError(f"{origin}: {'; '.join(found)} (docs/metadata.md lists the keys)")
    return GivenMetadata(**values)
