"""The slides that a command line asks for, and what goes together in it."""

from dataclasses import dataclass

from pipeline.inputs import expand_inputs, listed
from pipeline.model.errors import ConfigError
from pipeline.model.keys import SlideInput
from pipeline.model.manifest_mapping import OnMissing
from pipeline.options import Request
from pipeline.slide_names import check_names
from pipeline.submission import is_handed_over


def check_request(request: Request) -> None:
    """Raise ConfigError for options that exclude each other."""
    ways = {"--plan": request.plan, "--watch": request.watch, "--subscription": bool(request.subscription)}
    if is_handed_over(request.beam_arguments):
        ways["--template_location"] = not request.subscription
    asked = [name for name, is_asked in ways.items() if is_asked]
    if len(asked) > 1:
        raise ConfigError(f"{' and '.join(asked)} exclude each other: give one of them")
    from pipeline.io.manifests.reading import is_manifest

    is_input = any(map(is_manifest, request.inputs))
    has_manifest = bool(request.manifest) or is_input
    if is_input and (request.watch or request.subscription):
        raise ConfigError(f"{asked[0]} is of slides that come, a manifest as --input of those that are there")
    if request.manifest and request.subscription:
        raise ConfigError("--subscription takes no --manifest yet; --watch does")
    if request.manifest and is_input:
        raise ConfigError("--manifest is for slides that --input finds; one of the inputs is a manifest itself")
    if request.mapping and not has_manifest:
        raise ConfigError("--mapping says what the columns of a manifest are; --manifest or --input names one")


def requested_slides(request: Request) -> tuple[SlideInput, ...]:
    """Return the slides to convert, with the metadata of their rows. Raises ConfigError, StorageError."""
    return expand_inputs(request.inputs, request.config.output, manifest=request.manifest, mapping=request.mapping)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The slides of a plan, and what is left over of them and of a manifest."""

    slides: tuple[SlideInput, ...]
    lines: tuple[str, ...] = ()
    """Tell what is left over."""
    is_refused: bool = False
    """A conversion would not begin: the mapping is strict and something is left over."""


def previewed_slides(request: Request) -> Preview:
    """Return the slides that a plan is of. What is left over raises nothing here; what is wrong with rows does."""
    from pipeline.io.manifests.reading import is_manifest

    manifests = [request.manifest] if request.manifest else [uri for uri in request.inputs if is_manifest(uri)]
    if not manifests:
        return Preview(slides=requested_slides(request))
    from pipeline.manifest_inputs import join_preview, read_mapping

    others = tuple(listed([uri for uri in request.inputs if not is_manifest(uri)], request.config.output))
    joined = others if request.manifest else None
    joins = [(uri, join_preview(uri, request.mapping, joined)) for uri in manifests]
    matched = [slide for _, join in joins for slide in join.matched]
    alone = joins[0][1].slides_without_row if request.manifest else others
    check_names([*alone, *matched])
    lines = tuple(line for uri, join in joins for line in join.left_over(uri))
    strict = read_mapping(request.mapping).on_missing is OnMissing.STRICT
    return Preview(slides=(*alone, *matched), lines=lines, is_refused=strict and bool(lines))
