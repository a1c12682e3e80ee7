"""What stays of a compiled model when nobody uses it any more."""

import os
import subprocess
import sys
from pathlib import Path

_SIGNALLED = """
import gc, os, signal
import numpy as np
import openvino as ov
from openvino import opset13 as op
from rag.models.runner import Runner

def model():
    given, ones = op.parameter([1, 8], ov.Type.f32), op.constant(np.ones((8, 8), np.float32))
    return ov.Model([op.matmul(given, ones, False, False)], [given])

heard = []
signal.signal(signal.SIGTERM, lambda *_: heard.append(1))
first, second = Runner(model(), 1), Runner(model(), 1)
list(first.run([[np.ones((1, 8), np.float32)]]))
del first
gc.collect()
del second
gc.collect()
os.kill(os.getpid(), signal.SIGTERM)
assert heard == [1]
"""


def test_a_signal_after_a_model_was_let_go_reaches_its_handler():
    done = subprocess.run(
        [sys.executable, "-c", _SIGNALLED],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
