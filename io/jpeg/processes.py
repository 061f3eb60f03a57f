"""Which transfer syntax a JPEG's process is, and whether its header keeps the rules of that (PS3.5 8.2.1, A.4.1).

    frame header  process             transfer syntax            bits     predictor
    ------------  ------------------  -------------------------  -------  ---------
    SOF0          1, baseline         JPEG Baseline              8        none
    SOF1          2 and 4, extended   JPEG Extended              8 or 12  none
    SOF3          14, lossless        JPEG Lossless, SV1         2 to 16  1
    SOF3          14, lossless        JPEG Lossless              2 to 16  2 to 7

DICOM has no transfer syntax for the others: progressive, hierarchical, arithmetic.
"""

from pipeline.io.jpeg.markers import JpegHeader, JpegTables, Marker
from pipeline.model.reasons import Reason
from pipeline.model.transfer_syntaxes import TransferSyntax

_EXTENDED_BITS = (8, 12)


def process_syntax(header: JpegHeader) -> TransferSyntax | None:
    """Return the transfer syntax of the process; None where DICOM has none."""
    if header.frame_marker == Marker.SOF0:
        return TransferSyntax.JPEG_BASELINE
    if header.frame_marker == Marker.SOF1:
        return TransferSyntax.JPEG_EXTENDED
    if header.frame_marker == Marker.SOF3:
        return TransferSyntax.JPEG_LOSSLESS_SV1 if header.predictor == 1 else TransferSyntax.JPEG_LOSSLESS
    return None


def is_lossless(header: JpegHeader) -> bool:
    """Whether the process is lossless, and leaves out no bits."""
    return header.frame_marker == Marker.SOF3 and header.point_transform == 0


def broken_rule(header: JpegHeader, shared: JpegTables) -> Reason | None:
    """Return what the process, its sample depth or its tables lack; None when they are as the syntax has them.

    `shared` are tables that stand before the codestream's own, which replace them.
    """
    syntax = process_syntax(header)
    if syntax is None or (syntax is TransferSyntax.JPEG_BASELINE and not _has_baseline_tables(header, shared)):
        return Reason.JPEG_NOT_BASELINE
    if syntax is TransferSyntax.JPEG_BASELINE and header.precision != 8:
        return Reason.JPEG_NOT_8_BIT
    if syntax is TransferSyntax.JPEG_EXTENDED and header.precision not in _EXTENDED_BITS:
        return Reason.SAMPLE_DEPTH_DIFFERS
    return None if _has_all_tables(header, shared) else Reason.JPEG_TABLES_MISSING


def _has_baseline_tables(header: JpegHeader, shared: JpegTables) -> bool:
    """Two Huffman tables a class at most, and 8-bit quantisation (T.81, table B.2 and B.4)."""
    own = header.tables
    wide = own.wide_quantization | (shared.wide_quantization - own.quantization)
    return not any(c.quantization_table in wide for c in header.components) and all(
        c.dc_table <= 1 and c.ac_table <= 1 for c in header.scan
    )


def _has_all_tables(header: JpegHeader, shared: JpegTables) -> bool:
    huffman = header.tables.huffman | shared.huffman
    if header.frame_marker == Marker.SOF3:
        return all((0, c.dc_table) in huffman for c in header.scan)
    quantization = header.tables.quantization | shared.quantization
    return all(c.quantization_table in quantization for c in header.components) and all(
        (0, c.dc_table) in huffman and (1, c.ac_table) in huffman for c in header.scan
    )
