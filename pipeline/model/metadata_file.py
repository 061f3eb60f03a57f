"""The user's metadata file: JSON in one of three forms, told apart by what is in it.

* our own keys, which are wsi-dicom's (`metadata_json`);
* FHIR R4, a Bundle or a single resource: an object with `resourceType` (`fhir`);
* wsidicom's model, as wsidicomizer takes it: an object of sections, `patient`, `study`, `slide` (`metadata_wsidicom`).
"""

from pipeline.model.errors import ConfigError
from pipeline.model.fhir import fhir_metadata
from pipeline.model.json_object import json_object
from pipeline.model.metadata_given import GivenMetadata
from pipeline.model.metadata_json import keyed_metadata
from pipeline.model.metadata_wsidicom import is_wsidicom, wsidicom_metadata

_HINT = "slidebeam convert --sample-metadata prints an example"


def parse_metadata(text: str, origin: str, *, fhir_anchor: str = "") -> GivenMetadata:
    """Return what a metadata file gives; `fhir_anchor` names the resource of a Bundle that is the slide's.

    Raises ConfigError with all that is wrong; `origin` names the file in it.
    """
    given, findings = json_object(text, origin, _HINT)
    if "resourceType" in given or is_wsidicom(given):
        if findings:
            raise ConfigError(f"{origin}: {'; '.join(findings)}")
        return (
            fhir_metadata(given, origin, fhir_anchor) if "resourceType" in given else wsidicom_metadata(given, origin)
        )
    return keyed_metadata(given, origin, findings)
