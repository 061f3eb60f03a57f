"""Which resources of a FHIR R4 file belong to the slide.

The slide is found from one resource, the anchor: the one that the user names, else the only DiagnosticReport, else
the only Specimen that no other one was taken from. From there references are followed, each of which must lead to
one resource of the file. Where nothing is referenced, the only resource of a type is taken. What is then left over
is somebody else's, or a mistake: without a named anchor it is refused, so that no slide gets another one's patient.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.model.errors import ConfigError

Resource = Mapping[str, Any]
KINDS = ("Patient", "Specimen", "ServiceRequest", "DiagnosticReport")
_DEEPEST = 16
"""Specimens between the slide and the part that was taken from the patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The resources of one slide."""

    patient: Resource | None = None
    specimen: Resource | None = None
    """On the slide."""
    parents: tuple[Resource, ...] = ()
    """What it was taken from, the nearest first."""
    request: Resource | None = None
    report: Resource | None = None


def find_case(root: Resource, origin: str, anchor: str) -> Case:
    """Return the resources that belong to the slide; an empty `anchor` names none.

    Raises ConfigError where they cannot be told; `origin` names the file.
    """
    try:
        return _Bundle(root).case(anchor)
    except ValueError as error:
        raise ConfigError(f"{origin}: {error}") from None


def identifiers(resource: Resource) -> Iterator[Resource]:
    """Yield the identifiers of a resource, the accession's first."""
    places = [resource.get("accessionIdentifier"), resource.get("identifier"), resource.get("requisition")]
    places += [container.get("identifier") for container in objects(resource.get("container"))]
    for place in places:
        yield from (one for one in objects(place) if isinstance(one.get("value"), str) and one["value"])


def objects(value: Any) -> list[Resource]:
    """Return the objects of a list, or the one that stands alone; nothing for anything else."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def name_of(resource: Resource) -> str:
    """Return what a message calls a resource."""
    return f"{resource.get('resourceType')}/{resource.get('id', '(without id)')}"


class _Bundle:
    def __init__(self, root: Resource) -> None:
        self._resources: list[Resource] = []
        self._places: dict[str, Resource] = {}
        if root.get("resourceType") == "Bundle":
            for entry in objects(root.get("entry")):
                self._add(entry.get("resource"), entry.get("fullUrl"))
        else:
            self._add(root, None)
        if not self._resources:
            raise ValueError(f"FHIR without a {', '.join(KINDS[:-1])} or {KINDS[-1]}")

    def _add(self, resource: Any, url: Any) -> None:
        if not isinstance(resource, dict):
            return
        for contained in objects(resource.get("contained")):
            self._add(contained, f"#{contained.get('id')}")
        if resource.get("resourceType") not in KINDS:
            return
        self._resources.append(resource)
        for place in (url, name_of(resource) if resource.get("id") else None):
            if isinstance(place, str) and self._places.setdefault(place, resource) is not resource:
                raise ValueError(f"{place} is in the file twice")

    def case(self, anchor: str) -> Case:
        start = self._named(anchor) if anchor else self._anchor()
        report = start if _is(start, "DiagnosticReport") else None
        request = start if _is(start, "ServiceRequest") else None
        specimen = start if _is(start, "Specimen") else None
        patient = start if _is(start, "Patient") else None
        if patient is None:
            if report is not None:
                specimen = self._one(report, "specimen", "Specimen")
            elif request is not None:
                specimen = self._one(request, "specimen", "Specimen")
            report = report or self._referring("DiagnosticReport", ("specimen", specimen), ("basedOn", request))
            request = request or self._request(report, specimen)
            patient = self._patient(report, specimen, request)
            alone = not anchor
            specimen = specimen or (self._only("Specimen") if alone else None)
            request = request or (self._only("ServiceRequest") if alone else None)
            patient = patient or (self._only("Patient") if alone else None)
        case = Case(patient=patient, specimen=specimen, parents=self._parents(specimen), request=request, report=report)
        if not anchor:
            self._check_nothing_is_left(case)
        return case

    def _named(self, anchor: str) -> Resource:
        if anchor in self._places:
            return self._places[anchor]
        found = [one for one in self._resources if any(i["value"] == anchor for i in identifiers(one))]
        # The same number may be the report's and the request's: the report leads to all the others.
        for kind in ("Specimen", "DiagnosticReport", "ServiceRequest", "Patient"):
            of_kind = [one for one in found if _is(one, kind)]
            if len(of_kind) == 1:
                return of_kind[0]
            if of_kind:
                raise ValueError(f"--fhir-anchor {anchor} is {_names(of_kind)}; name one of them")
        raise ValueError(f"--fhir-anchor {anchor} is no resource and no identifier of: {_names(self._resources)}")

    def _anchor(self) -> Resource:
        parents = [self._resolved(ref) for one in self._of("Specimen") for ref in objects(one.get("parent"))]
        for kind in ("DiagnosticReport", "Specimen", "ServiceRequest", "Patient"):
            found = [one for one in self._of(kind) if not any(one is parent for parent in parents)]
            if len(found) == 1:
                return found[0]
            if found:
                raise ValueError(f"it holds {_names(found)}; --fhir-anchor names the one that is this slide's")
        raise ValueError("each of its specimens is taken from another")

    def _one(self, resource: Resource, element: str, kind: str) -> Resource | None:
        """Follow an element to the one resource of a kind; None where there is no such reference."""
        found = [
            self._resolved(reference) for reference in objects(resource.get(element)) if _leads_to(reference, kind)
        ]
        of_kind = [one for one in found if _is(one, kind)]
        if len(of_kind) > 1:
            raise ValueError(
                f"{name_of(resource)} names several in {element}: {_names(of_kind)}; --fhir-anchor names the one that "
                "is this slide's"
            )
        return of_kind[0] if of_kind else None

    def _resolved(self, reference: Resource) -> Resource:
        """Return what a reference leads to; an identifier stands for the resource that has it."""
        target = reference.get("reference")
        if isinstance(target, str):
            target = target.partition("/_history/")[0]
            found = self._places.get(target) or self._places.get("/".join(target.split("/")[-2:]))
            if found is not None:
                return found
        logical = reference.get("identifier")
        value = logical.get("value") if isinstance(logical, dict) else None
        matching = [one for one in self._resources if value and any(i["value"] == value for i in identifiers(one))]
        if len(matching) == 1:
            return matching[0]
        raise ValueError(f"{target or value or 'a reference without target'} is referred to and is not in the file")

    def _request(self, report: Resource | None, specimen: Resource | None) -> Resource | None:
        for resource, element in ((report, "basedOn"), (specimen, "request")):
            found = self._one(resource, element, "ServiceRequest") if resource is not None else None
            if found is not None:
                return found
        return self._referring("ServiceRequest", ("specimen", specimen))

    def _patient(self, *resources: Resource | None) -> Resource | None:
        patients = [self._one(one, "subject", "Patient") for one in resources if one is not None]
        found = [patient for patient in patients if patient is not None]
        others = [one for one in found if one is not found[0]]
        if others:
            raise ValueError(f"report, specimen and request are of several patients: {_names([found[0], *others])}")
        return found[0] if found else None

    def _referring(self, kind: str, *links: tuple[str, Resource | None]) -> Resource | None:
        """Return the only resource of a kind that refers to one of these; None where there is none, or several."""
        found = [
            one
            for one in self._of(kind)
            if any(
                target is not None and self._one(one, element, str(target["resourceType"])) is target
                for element, target in links
            )
        ]
        return found[0] if len(found) == 1 else None

    def _parents(self, specimen: Resource | None) -> tuple[Resource, ...]:
        chain: list[Resource] = []
        while specimen is not None and len(chain) < _DEEPEST:
            specimen = self._one(specimen, "parent", "Specimen")
            if specimen is not None:
                chain.append(specimen)
        if specimen is not None:
            raise ValueError(f"{name_of(specimen)} has {_DEEPEST} parents and more, or is taken from itself")
        return tuple(chain)

    def _of(self, kind: str) -> list[Resource]:
        return [one for one in self._resources if _is(one, kind)]

    def _only(self, kind: str) -> Resource | None:
        found = self._of(kind)
        return found[0] if len(found) == 1 else None

    def _check_nothing_is_left(self, case: Case) -> None:
        used = [case.patient, case.specimen, *case.parents, case.request, case.report]
        rest = [one for one in self._resources if not any(one is other for other in used)]
        if rest:
            raise ValueError(
                f"{_names(rest)} is not connected with this slide; take it out, or name what is the slide's with "
                "--fhir-anchor"
            )


def _is(resource: Resource, kind: str) -> bool:
    return resource.get("resourceType") == kind


def _leads_to(reference: Resource, kind: str) -> bool:
    """Whether a reference may lead to a kind; to a Group or a CarePlan, say, it leads elsewhere."""
    target = reference.get("reference")
    named = reference.get("type") or (target.split("/")[-2] if isinstance(target, str) and "/" in target else kind)
    return named == kind or named not in (*KINDS, *_OTHERS)


_OTHERS = (
    "Group",
    "Device",
    "Location",
    "CarePlan",
    "ImmunizationRecommendation",
    "MedicationRequest",
    "NutritionOrder",
)
"""What subject and basedOn may lead to beside our kinds (FHIR R4)."""


def _names(resources: list[Resource]) -> str:
    return ", ".join(name_of(one) for one in resources)
