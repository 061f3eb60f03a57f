"""Where the DICOM goes: what a store or a reader keeps, takes and refuses.

A profile decides what the user leaves open. What passes stays as it is where the target keeps it; everything else
becomes the one syntax that the target is best at. What the user asks for is done where the target takes it, and refused
with the target's own limit where it does not: before a pixel is moved, not after the upload. Each limit has the
sentence that says where it comes from, because stores change.
"""

from dataclasses import dataclass

from pipeline.model.errors import ConfigError
from pipeline.model.offset_table import OffsetTable
from pipeline.model.tiff_target import TiffTarget
from pipeline.model.transfer_syntaxes import TransferSyntax


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetProfile:
    """A store or a reader; the default is `plain`, which has no limits but the standard's."""

    name: str = "plain"
    store: str = "what reads all of DICOM"
    """As people call it, in errors."""
    kept: tuple[TransferSyntax, ...] = tuple(TransferSyntax)
    """Syntaxes of stored tiles that pass as they are."""
    otherwise: TransferSyntax = TransferSyntax.HTJ2K_LOSSLESS_RPCL
    """What everything else is encoded to."""
    accepted: tuple[TransferSyntax, ...] = tuple(TransferSyntax)
    """What the user may ask for."""
    max_instance_bytes: int | None = None
    """Size of files unless the user asks for another; None: no limit."""
    largest_instance_bytes: int | None = None
    """What the target refuses beyond; None: no limit is known."""
    offset_table: OffsetTable = OffsetTable.AUTO
    samples: int | None = None
    """Samples per pixel of every image; None, here and below: any number."""
    bits: int | None = None
    """Bits stored of every sample."""
    focal_planes: int | None = None
    optical_paths: int | None = None
    sources: tuple[tuple[str, str], ...] = ()
    """Field and where it comes from, of every limit."""
    tiff: TiffTarget | None = None
    """TIFF is written, whose samples of more than 8 bits are planned as native ones; None: DICOM."""

    def __post_init__(self) -> None:
        if self.otherwise not in self.kept or not set(self.kept) <= set(self.accepted):
            raise ConfigError(f"profile {self.name}: what is kept is accepted, and `otherwise` is kept")
        if self.largest_instance_bytes is not None and not 0 < self.size_limit <= self.largest_instance_bytes:
            raise ConfigError(f"profile {self.name}: files of the default size are refused")

    @property
    def size_limit(self) -> int:
        """Bytes of a file unless the user asks for another size; 0: no limit."""
        return self.max_instance_bytes or 0

    @property
    def rules(self) -> tuple[object, ...]:
        """What shapes the DICOM: all but the words for people."""
        return tuple(getattr(self, name) for name in self.__slots__ if name not in ("store", "sources", "tiff")) + (
            () if self.tiff is None else (self.tiff,)
        )

    def source(self, limit: str) -> str:
        """Return where a limit comes from; the field's name is the limit's."""
        return dict(self.sources).get(limit, "")

    def check(self, transfer_syntax: TransferSyntax | None, max_instance_bytes: int | None) -> None:
        """Raise ConfigError, with the profile and what it takes, for a choice that the target refuses."""
        if transfer_syntax is not None and transfer_syntax not in self.accepted:
            names = ", ".join(syntax.option for syntax in self.accepted if not syntax.is_only_passed)
            raise ConfigError(
                f"--transfer-syntax {transfer_syntax.option}: {self.store} (--profile {self.name}) takes {names} "
                f"({self.source('accepted')})"
            )
        largest = self.largest_instance_bytes
        if largest is not None and (max_instance_bytes is None or max_instance_bytes > largest):
            given = "no limit" if max_instance_bytes is None else f"{max_instance_bytes / 1e6:g}"
            raise ConfigError(
                f"--max-instance-mb {given}: {self.store} (--profile {self.name}) takes {largest / 1e6:g} at most "
                f"({self.source('largest_instance_bytes')})"
            )
