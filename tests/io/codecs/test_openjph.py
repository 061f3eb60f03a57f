"""The first frames of a process are whole, also when several threads make them."""

import subprocess
import sys

PROGRAM = """
import os, threading
import numpy as np
from pipeline.io.codecs import frame_encoder
from pipeline.io.codecs.contract import EncoderSettings
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

settings = EncoderSettings(
    transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS_RPCL, photometric=Photometric.MONOCHROME2,
    columns=16, rows=16, samples=1, bits=16,
)
pixels = np.random.default_rng(0).integers(0, 60000, (16, 16, 1)).astype(np.uint16)


def first_frames_differ():
    begin, made = threading.Barrier(2), []

    def encode():
        begin.wait()
        made.append(frame_encoder(settings).encode(pixels))

    threads = [threading.Thread(target=encode) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made != [frame_encoder(settings).encode(pixels)] * 2


broken = 0
for _ in range(400):
    child = os.fork()
    if not child:
        os._exit(first_frames_differ())
    broken += os.waitpid(child, 0)[1] != 0
print(broken)
"""


def test_the_first_frames_of_a_process_are_as_all_others() -> None:
    """OpenJPH fills its tables with the first image: unguarded, two in 400 processes wrote a broken frame."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
