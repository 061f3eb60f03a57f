"""What metadata is made of: codes, issuers, and the attribute behind a key."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept (PS3.3 8.8), basic coded entry attributes only."""

    value: str
    scheme_designator: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who assigned an identifier: HL7v2 hierarchic designator (PS3.3 10.14). A local name, a universal ID, or both."""

    local_namespace_entity_id: str = ""
    universal_entity_id: str = ""
    universal_entity_id_type: str = ""
    """DNS, EUI64, ISO, URI, UUID, X400 or X500."""


@dataclass(frozen=True, slots=True)
class Element:
    """The DICOM attribute behind a field of `GivenMetadata`."""

    key: str
    """Name of the field and of the JSON key."""
    keyword: str
    vr: str
    """Value representation; SQ for coded and nested values."""
    terms: tuple[str, ...]
    """Enumerated values (PS3.3 C.7.1.1, C.7.6.1, C.8.12.4); empty: free."""
    of_one_slide: bool
    """It tells one glass slide from all others, so that two may not share it."""
