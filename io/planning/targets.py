"""Whether a target can hold a slide's pixels: asked before any of them is moved."""

from collections.abc import Iterator, Sequence

from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, SourceImage
from pipeline.model.target import TargetProfile

_WITHOUT = {
    ImageKind.LABEL: "; --no-label leaves it out",
    ImageKind.OVERVIEW: "; --no-overview leaves it out",
    ImageKind.THUMBNAIL: "; --no-thumbnail leaves it out",
}


def check_pixels(profile: TargetProfile, images: Sequence[SourceImage]) -> None:
    """Raise SourceError, with the limit and where it comes from, for the first image that the target cannot hold."""
    for image in images:
        for limit, held, taken, unit in _limits(profile, image):
            if taken is not None and held != taken:
                name = f"level {image.level}" if image.level is not None else f"the {image.kind.lower()}"
                raise SourceError(
                    f"{name} has {held} {unit}, and {profile.store} (--profile {profile.name}) takes {taken} only "
                    f"({profile.source(limit)}){_WITHOUT.get(image.kind, '; --profile plain has no such limit')}",
                    level=image.level,
                )


def _limits(profile: TargetProfile, image: SourceImage) -> Iterator[tuple[str, int, int | None, str]]:
    """Yield field of the profile, what the image has, what the target takes, and of what."""
    yield "samples", image.samples, profile.samples, "sample a pixel" if image.samples == 1 else "samples a pixel"
    yield "bits", image.bits_stored, profile.bits, "bits a sample"
    yield "focal_planes", image.focal_planes, profile.focal_planes, "focal planes"
    yield "optical_paths", image.optical_paths, profile.optical_paths, "optical paths"
