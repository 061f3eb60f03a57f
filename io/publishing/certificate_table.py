"""The digests of an instance as a Parquet table, for whoever wants to check them with other tools."""

import io as byte_streams

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.io.runs.digests import ALGORITHM, REASONS, ROUTES


def certificate_table(rows: NDArray[np.void]) -> bytes:
    """Return Parquet with a row a frame: frame, route, reason, bytes, digest.

    The digest's column is named after its algorithm.
    """
    table = pa.table(
        {
            "frame": np.arange(len(rows), dtype=np.uint32),
            "route": pa.DictionaryArray.from_arrays(rows["route"].astype(np.int8), [r.value for r in ROUTES]),
            "reason": pa.DictionaryArray.from_arrays(rows["reason"].astype(np.int8), ["", *(r.value for r in REASONS)]),
            "bytes": np.ascontiguousarray(rows["length"]),
            ALGORITHM: np.ascontiguousarray(rows["digest"]),
        }
    )
    stream = byte_streams.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()
