"""The conversion of one slide from Python, as a builder.

    from pipeline import DicomExport

    report = (
        DicomExport.from_slide("slide.svs")
        .to_directory("out")
        .transfer_syntax("htj2k-lossless-rpcl")
        .level(0, 1)
        .with_metadata("patient.json")
        .run()
    )
    print(report["metrics"]["frames_by_route"])

A builder is frozen: every call returns a new one, so that a half-built export can serve for many slides. Names and
meanings are those of the command line's options.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import Any, Self

from pipeline.configs.settings import SETTINGS_BY_NAME
from pipeline.inputs import expand_inputs
from pipeline.model import errors
from pipeline.model.config import (
    Backend,
    Certificate,
    CodecValidation,
    Isolation,
    MissingTiles,
    OpticalPaths,
    UidPolicy,
)
from pipeline.model.deidentification import DatePolicy
from pipeline.model.errors import ConfigError, SlidebeamError
from pipeline.model.metadata import GivenMetadata
from pipeline.model.offset_table import OffsetTable
from pipeline.model.transfer_syntaxes import Subsampling, TransferSyntax


@dataclass(frozen=True, slots=True)
class DicomExport:
    """An export in the making. Begin with `from_slide`, end with `run`."""

    slide: str
    """Path of a slide, or of a folder that is one."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings by the name of the option."""
    beam_arguments: tuple[str, ...] = ()

    @classmethod
    def from_slide(cls, path: str | PathLike[str]) -> Self:
        """Begin with the slide at a path."""
        return cls(fspath(path))

    def to_directory(self, path: str | PathLike[str]) -> Self:
        """Write below this folder: `<path>/<name of the slide>/*.dcm`."""
        return self._with("output", fspath(path))

    def profile(self, name: str) -> Self:
        """Write what this target takes: `aws-healthimaging`, `openslide`, ..."""
        return self._with("profile", name)

    def transfer_syntax(self, syntax: TransferSyntax | str) -> Self:
        """Compress frames so; without this call the source decides."""
        return self._with("transfer-syntax", syntax.option if isinstance(syntax, TransferSyntax) else syntax)

    def force_transcode(self) -> Self:
        """Decode and encode even tiles that could pass."""
        return self._with("force-transcode", True)

    def tile_size(self, pixels: int) -> Self:
        """Make square frames of this edge."""
        return self._with("tile-size", pixels)

    def jpeg_quality(self, quality: int) -> Self:
        """Encode JPEG with this quality, 1 to 100."""
        return self._with("jpeg-quality", quality)

    def jpeg_subsampling(self, subsampling: Subsampling | str) -> Self:
        """Encode JPEG with this chroma sampling."""
        return self._with("jpeg-subsampling", subsampling)

    def j2k_decomposition_levels(self, levels: int) -> Self:
        """Encode JPEG 2000 and HTJ2K with this many wavelet decompositions."""
        return self._with("j2k-decomposition-levels", levels)

    def j2k_quality(self, decibels: float) -> Self:
        """Encode JPEG 2000 and HTJ2K with loss, down to this peak signal-to-noise ratio."""
        return self._with("j2k-quality", decibels)

    def compression_ratio(self, ratio: float) -> Self:
        """Encode JPEG 2000 and HTJ2K with loss, to this many bytes of pixels for one of the frame."""
        return self._with("compression-ratio", ratio)

    def jpeg_ls_near(self, error: int) -> Self:
        """Encode near-lossless JPEG-LS with this largest error of a sample."""
        return self._with("jpeg-ls-near", error)

    def level(self, *numbers: int) -> Self:
        """Convert these source levels, 0 is the base; calls add up."""
        return self._with("level", [*self.settings.get("level", ()), *numbers])

    def add_missing_levels(self) -> Self:
        """Average the levels that the slide lacks, each half of the one before."""
        return self._with("add-missing-levels", True)

    def regenerate_pyramid(self) -> Self:
        """Average all levels anew from the base."""
        return self._with("regenerate-pyramid", True)

    def levels_by_spacing(self, *micrometres: float) -> Self:
        """Write levels of these spacings, in micrometres per pixel."""
        return self._with("levels-by-spacing", list(micrometres))

    def optical_paths(self, arrangement: OpticalPaths | str) -> Self:
        """Write the channels of a level so."""
        return self._with("optical-paths", arrangement)

    def missing_tiles(self, treatment: MissingTiles | str) -> Self:
        """Treat tiles that the slide does not hold so."""
        return self._with("missing-tiles", treatment)

    def offset_table(self, kind: OffsetTable | str) -> Self:
        """Index compressed frames so."""
        return self._with("offset-table", kind)

    def max_instance_mb(self, megabytes: float) -> Self:
        """Write larger instances as concatenations."""
        return self._with("max-instance-mb", megabytes)

    def without_label(self) -> Self:
        """Leave out the label, which may show a patient's name."""
        return self._with("no-label", True)

    def without_overview(self) -> Self:
        """Leave out the overview image."""
        return self._with("no-overview", True)

    def without_thumbnail(self) -> Self:
        """Leave out the thumbnail."""
        return self._with("no-thumbnail", True)

    def source_pixel_spacing_mm(self, row: float, column: float) -> Self:
        """Take this spacing of the base level, between rows and between columns in mm."""
        return self._with("source-pixel-spacing-mm", [row, column])

    def with_metadata(self, metadata: GivenMetadata | str | PathLike[str]) -> Self:
        """Take metadata, or the path of a JSON file of it."""
        return self._with("metadata", metadata if isinstance(metadata, GivenMetadata) else fspath(metadata))

    def research_placeholder(self) -> Self:
        """Fill required attributes that nothing gives with values that say they are placeholders."""
        return self._with("research-placeholder", True)

    def with_dataset(self, path: str | PathLike[str]) -> Self:
        """Write the attributes of a JSON file over all others."""
        return self._with("dataset", fspath(path))

    def fhir_anchor(self, name: str) -> Self:
        """Take this resource of a FHIR Bundle for the slide's: `Specimen/ID`, or an identifier."""
        return self._with("fhir-anchor", name)

    def specimen_preset(self, name: str) -> Self:
        """Say that the tissue was prepared so, where the metadata does not say."""
        return self._with("specimen-preset", name)

    def anatomic_site(self, name: str) -> Self:
        """Say that the tissue was taken from there, where the metadata does not say."""
        return self._with("anatomic-site", name)

    def icc(self, policy: str) -> Self:
        """Store this ICC profile: `source-or-srgb`, `require-source`, `omit` or `file:PATH`."""
        return self._with("icc", policy)

    def background(self, colour: str | int) -> Self:
        """Fill missing tiles and what lies beyond the image: `RRGGBB`, or a gray value."""
        return self._with("background", colour)

    def deidentify(self, key: str | PathLike[str] | None = None, dates: DatePolicy | str = DatePolicy.REMOVE) -> Self:
        """Carry nothing over that tells whose slide it is; `key` is the path of a secret."""
        export = self._with("deidentify", True)._with("deidentify-dates", dates)
        return export if key is None else export._with("deidentify-key", fspath(key))

    def deidentify_crosswalk(self, path: str | PathLike[str]) -> Self:
        """Write which slide got which name."""
        return self._with("deidentify-crosswalk", fspath(path))

    def uid_policy(self, policy: UidPolicy | str) -> Self:
        """Make UIDs so."""
        return self._with("uid-policy", policy)

    def codec_validation(self, validation: CodecValidation | str) -> Self:
        """Decode encoded frames again and compare, or not."""
        return self._with("codec-validation", validation)

    def certificate(self, extent: Certificate | str) -> Self:
        """Read this much of the written files back and compare."""
        return self._with("certificate", extent)

    def validate_output(self) -> Self:
        """Publish only what breaks no rule of the validation."""
        return self._with("validate-output", True)

    def backend(self, backend: Backend | str) -> Self:
        """Encode there."""
        return self._with("backend", backend)

    def isolate(self, what: Isolation | str = Isolation.TILES) -> Self:
        """Do this in helper processes, which a decoder may crash without harm."""
        return self._with("isolate", what)

    def isolate_timeout(self, seconds: float) -> Self:
        """Take a helper that gives no answer for so long for hanging."""
        return self._with("isolate-timeout", seconds)

    def threads(self, count: int) -> Self:
        """Use this many codec threads; 0: one a core."""
        return self._with("threads", count)

    def overwrite(self) -> Self:
        """Replace another DICOM series where the slide's folder goes."""
        return self._with("overwrite", True)

    def force(self) -> Self:
        """Convert a finished slide anew."""
        return self._with("force", True)

    def with_beam_arguments(self, *arguments: str) -> Self:
        """Hand these to Beam, as `--runner=...`."""
        return dataclasses.replace(self, beam_arguments=(*self.beam_arguments, *arguments))

    def run(self) -> dict[str, Any]:
        """Convert and return the report.

        Raises ConfigError for a setting that cannot be, and for a slide that fails the error that it failed with
        (`SourceError`, `MetadataMissing`, `TileError`, ...).
        """
        from pipeline.job import run_job
        from pipeline.options import config_of, output_folder

        if "output" not in self.settings:
            raise ConfigError("to_directory(...) is missing: it names the folder to write to")
        values = {name: _parsed(name, value) for name, value in self.settings.items()}
        values["output"] = output_folder(values["output"])
        config = config_of(values)
        slides = expand_inputs([self.slide])
        report = run_job(slides, config, self.beam_arguments).report
        if report["failures"]:
            raise _error(report["failures"])
        return report

    def _with(self, name: str, value: Any) -> Self:
        return dataclasses.replace(self, settings={**self.settings, name: value})


def _parsed(name: str, value: Any) -> Any:
    if isinstance(value, GivenMetadata):
        return value
    try:
        return SETTINGS_BY_NAME[name].parse(value)
    except ValueError as error:
        raise ConfigError(f"{name} {error}") from error


def _error(failures: list[dict[str, Any]]) -> SlidebeamError:
    """Return the first failure as the error that it was."""
    first = failures[0]
    kind = getattr(errors, first["error_class"], SlidebeamError)
    more = f" (and {len(failures) - 1} more failures)" if len(failures) > 1 else ""
    error: SlidebeamError = kind(first["message"] + more, uri=first["uri"])
    error.level, error.frame = first["level"], first["frame"]
    return error
