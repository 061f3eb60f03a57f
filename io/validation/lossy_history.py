"""Whether pixels ever lost something, how, and how much (PS3.3 C.7.6.1.1.5)."""

from collections.abc import Iterator

from pipeline.io.validation.attributes import numbers, text, texts
from pipeline.io.validation.findings import Fault, Severity
from pipeline.io.validation.instance import Instance
from pipeline.io.validation.rule import Rule
from pipeline.io.validation.series import Series
from pipeline.io.validation.syntax_facts import SYNTAXES


def told(instance: Instance) -> Iterator[Fault]:
    """Find images that do not tell."""
    if (value := text(instance.header, "LossyImageCompression")) not in ("00", "01"):
        yield Fault(f"Lossy Image Compression is {value or 'absent'}, neither 00 nor 01")


def of_syntax(instance: Instance) -> Iterator[Fault]:
    """Find lossy frames in an image that is said to be lossless."""
    if text(instance.header, "LossyImageCompression") == "00" and is_lossy(instance):
        yield Fault(f"Lossy Image Compression is 00, and frames in {instance.transfer_syntax} have lost something")


def method(instance: Instance) -> Iterator[Fault]:
    """Find a last compression that is not listed."""
    facts, methods = SYNTAXES.get(instance.transfer_syntax), texts(instance.header, "LossyImageCompressionMethod")
    if facts is None or text(instance.header, "LossyImageCompression") != "01" or not is_lossy(instance):
        return
    if not methods:
        yield Fault(f"there is no Lossy Image Compression Method, frames are compressed by {facts.method}")
    elif methods[-1] != facts.method:
        yield Fault(
            f"the last Lossy Image Compression Method is {methods[-1]}, frames are compressed by {facts.method}"
        )


def ratios(instance: Instance) -> Iterator[Fault]:
    """Compare ratios with methods."""
    found, methods = (
        numbers(instance.header, "LossyImageCompressionRatio"),
        texts(instance.header, "LossyImageCompressionMethod"),
    )
    if text(instance.header, "LossyImageCompression") == "00":
        if found or methods:
            yield Fault("there are ratios or methods of lossy compression, and Lossy Image Compression is 00")
        return
    if len(found) != len(methods):
        yield Fault(f"there are {len(found)} lossy compression ratios and {len(methods)} methods")
    elif found and min(found) <= 0:
        yield Fault(f"a lossy compression ratio is {min(found):g}")


def unknown_history(instance: Instance) -> Iterator[Fault]:
    """Find lossy images of which nobody knows how."""
    header = instance.header
    nothing = not texts(header, "LossyImageCompressionRatio") and not texts(header, "LossyImageCompressionMethod")
    if text(header, "LossyImageCompression") == "01" and nothing and not is_lossy(instance):
        yield Fault("Lossy Image Compression is 01, and neither ratio nor method is told")


def inherited(series: Series) -> Iterator[Fault]:
    """Find levels that forgot the loss of the level that they were made of."""
    levels = series.pyramid
    if not levels or text(levels[0].header, "LossyImageCompression") != "01":
        return
    for level in levels[1:]:
        resampled = (*texts(level.header, "ImageType"), "", "", "", "")[3] == "RESAMPLED"
        if resampled and text(level.header, "LossyImageCompression") == "00":
            yield Fault(
                "Lossy Image Compression is 00, and 01 in the base level that it was resampled from", file=level.file
            )


def is_lossy(instance: Instance) -> bool:
    """Whether the frames, as they are compressed now, have lost something for certain."""
    facts = SYNTAXES.get(instance.transfer_syntax)
    if facts is None or facts.lossy is not None:
        return bool(facts and facts.lossy)
    return any(one.reversible is False for one in instance.codestreams)


INSTANCE_RULES = (
    Rule(
        "lossy.told",
        Severity.ERROR,
        "PS3.3 C.8.12.4",
        "Lossy Image Compression is 00 or 01.",
        told,
    ),
    Rule(
        "lossy.syntax",
        Severity.ERROR,
        "PS3.3 C.7.6.1.1.5",
        "Lossy Image Compression is 01 where frames are compressed lossily.",
        of_syntax,
    ),
    Rule(
        "lossy.method",
        Severity.ERROR,
        "PS3.3 C.7.6.1.1.5.1",
        "The last Lossy Image Compression Method is that of the frames, where they are compressed lossily.",
        method,
    ),
    Rule(
        "lossy.ratios",
        Severity.ERROR,
        "PS3.3 C.7.6.1.1.5.2",
        "There is a Lossy Image Compression Ratio above 0 for each method, and none of either where nothing was lost.",
        ratios,
    ),
    Rule(
        "lossy.history",
        Severity.WARNING,
        "PS3.3 C.8.12.4",
        "Where pixels lost something earlier, ratio and method of it are told.",
        unknown_history,
    ),
)
SERIES_RULES = (
    Rule(
        "lossy.inherited",
        Severity.WARNING,
        "PS3.3 C.7.6.1.1.5",
        "Levels that were resampled from a lossy base level are lossy.",
        inherited,
    ),
)
