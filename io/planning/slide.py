"""Plan a slide: a pure function of its content and the configuration."""

from dataclasses import replace

from pipeline.io.dicom.icc import chosen_profile
from pipeline.io.planning.instances import plan_instances
from pipeline.io.planning.levels import pyramid_chains, wanted_images
from pipeline.io.planning.probe import probe_image
from pipeline.io.planning.routes import slide_syntax
from pipeline.io.planning.targets import check_pixels
from pipeline.io.sources.contract import SlideSource
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SlidebeamError, SourceError
from pipeline.model.keys import SlideInput
from pipeline.model.metadata import resolve_metadata
from pipeline.model.metadata_merge import merged_metadata
from pipeline.model.own_metadata import with_own_metadata
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.printable import printable
from pipeline.model.source import ScannerFacts, SlideDescription
from pipeline.model.transfer_syntaxes import TransferSyntax
from pipeline.model.uids import derived_uid, lasting_uid

_HTJ2K = (TransferSyntax.HTJ2K, TransferSyntax.HTJ2K_LOSSLESS, TransferSyntax.HTJ2K_LOSSLESS_RPCL)


def plan_slide(source: SlideSource, slide: SlideInput, config: ConversionConfig) -> SlidePlan:
    """Decide what will be written for a slide; its action is CONVERT.

    Raises
    ------
    SourceError
        The slide has no usable scale, no level that was asked for, or pixels that the syntax or the target cannot hold.
    MetadataMissing
        Type 1 attributes have no value.

    """
    try:
        return _plan(source, slide, config)
    except SlidebeamError as error:
        error.uri = error.uri or slide.uri
        raise


def _plan(source: SlideSource, slide: SlideInput, of_all: ConversionConfig) -> SlidePlan:
    config = with_own_metadata(of_all, slide)
    description = source.describe()
    facts, doubts = _facts(description, slide, config)
    pseudonyms = description.deidentified is not None
    given = merged_metadata(config.metadata, description.metadata, pseudonyms=pseudonyms)
    metadata = resolve_metadata(
        given, facts, research_placeholder=config.research_placeholder, slide_name=slide.slide_id
    )
    wanted = wanted_images(description, facts, config, slide.uri)
    check_pixels(config.profile, [member.image for member in wanted])
    probes = {image.index: probe_image(source, image) for image in (member.source for member in wanted)}
    base = wanted[0].source
    syntax = slide_syntax(config, base, probes[base.index])
    fingerprint, digest = source.fingerprint(), config.digest()
    # The same slide twice in a job: deterministic UIDs are the content's, fresh ones are each copy's own.
    place = (fingerprint, digest, f"{config.uid_salt}/{slide.slide_id}" if config.uid_salt else "")
    # Scenes of one file are series of one study, and of one frame of reference where the file places them in one.
    own = (*place, f"scene {description.scene}") if description.scenes else place
    icc, icc_source = b"", ""
    icc_doubts: tuple[str, ...] = ()
    if base.samples == 3 and config.profile.tiff is None:  # a TIFF takes the slide's as it is, or none
        icc, icc_source, icc_doubts = chosen_profile(config.icc, description.icc_profile)
    by_image = plan_instances(source, wanted, probes, syntax, facts, config, own)
    instances = tuple(instance for of_image in by_image for instance in of_image)
    warnings = [*description.warnings, *doubts, *metadata.warnings, *icc_doubts]
    if wanted[0].is_averaged:
        warnings.append("the slide's own base level is not among the levels asked for: nothing has its resolution")
    if config.profile.name == "plain" and any(instance.transfer_syntax in _HTJ2K for instance in instances):
        warnings.append("HTJ2K is written, which OpenSlide and QuPath do not read; --profile openslide is for them")
    shared_study = given.shares_study()
    return SlidePlan(
        slide=slide,
        format=description.format,
        action=Action.CONVERT,
        fingerprint=fingerprint,
        config_digest=digest,
        study_instance_uid=given.study_instance_uid
        or (lasting_uid(("study", config.uid_salt, shared_study)) if shared_study else derived_uid(("study", *place))),
        series_instance_uid=derived_uid(("series", *own)),
        frame_of_reference_uid=derived_uid(("frame of reference", *(place if description.shared_coordinates else own))),
        pyramid_uid=derived_uid(("pyramid", *own)),
        instances=instances,
        chains=pyramid_chains(wanted, by_image),
        facts=facts,
        metadata=metadata,
        icc_profile=icc,
        optical_paths=description.optical_paths,
        focal_plane_offsets_um=description.focal_plane_offsets_um,
        icc_source=icc_source,
        warnings=tuple(map(printable, warnings)),
        deidentified=description.deidentified,
    )


def _facts(
    description: SlideDescription, slide: SlideInput, config: ConversionConfig
) -> tuple[ScannerFacts, tuple[str, ...]]:
    """Settle the base level's pixel spacing: the option beats the slide, with a warning where they differ."""
    facts, given = description.facts, config.source_pixel_spacing_mm
    if given is None:
        if facts.pixel_spacing_mm is None:
            raise SourceError(
                f"{slide.uri} does not say how large its pixels are; give --source-pixel-spacing-mm ROW,COL "
                "(0.0005,0.0005 is half a micrometre)",
                uri=slide.uri,
            )
        return facts, ()
    own = facts.pixel_spacing_mm
    differs = own is not None and any(abs(a / b - 1) > 1e-3 for a, b in zip(own, given, strict=True))
    doubt = (
        (f"the given pixel spacing {given[0]:g},{given[1]:g} mm is used, not the slide's {own[0]:g},{own[1]:g} mm",)
        if own is not None and differs
        else ()
    )
    return replace(facts, pixel_spacing_mm=given), doubt
