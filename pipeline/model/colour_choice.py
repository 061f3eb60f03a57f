"""What the user decides of colour: which ICC profile is stored, and what fills what the slide does not show."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.model.errors import ConfigError


class IccPolicy(StrEnum):
    """Which ICC profile the optical path of colour images gets."""

    SOURCE_OR_SRGB = "source-or-srgb"
    """The slide's; sRGB where it has none that can be stored."""
    REQUIRE_SOURCE = "require-source"
    """The slide's; a slide without one fails."""
    OMIT = "omit"
    """None. Colour images need one (type 1C, PS3.3 C.8.12.5): what is written breaks the standard, with a warning."""
    FILE = "file"
    """One that the user gives."""


@dataclass(frozen=True, slots=True)
class IccChoice:
    """A policy, and the profile that it may need."""

    policy: IccPolicy = IccPolicy.SOURCE_OR_SRGB
    profile: bytes = b""
    """Of `FILE`, as it is stored: its content counts, not where it came from."""


@dataclass(frozen=True, slots=True)
class Background:
    """A colour of 8 bits a sample, or a gray value of the image's own range."""

    colour: tuple[int, int, int] | None = None
    gray: int | None = None

    def __str__(self) -> str:
        """Return it as the option takes it."""
        return str(self.gray) if self.colour is None else bytes(self.colour).hex().upper()

    def samples(self, samples: int, bits_stored: int) -> tuple[int, ...]:
        """Return the samples of a pixel; a colour is scaled to the range of more bits.

        Raises ConfigError for a gray value beyond the range, and for a colour that is not gray on a gray image.
        """
        largest = 2**bits_stored - 1
        if self.gray is not None:
            if self.gray > largest:
                raise ConfigError(f"--background {self.gray} is beyond the {largest} of {bits_stored} bits")
            return (self.gray,) * samples
        colour = self.colour or (255, 255, 255)
        if samples == 1 and len(set(colour)) > 1:
            raise ConfigError(
                f"--background {self} is a colour, and the image is gray: give a gray value, 0 to {largest}"
            )
        return tuple(value * largest // 255 for value in colour[:samples])
