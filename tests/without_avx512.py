"""Run Python as a processor without AVX-512 would: `python tests/without_avx512.py -m pytest ...`.

numpy and OpenBLAS choose loops for the processor they meet, and last bits differ. No test may rest on them.
On a processor that has no AVX-512 nothing is changed.
"""

import os
import subprocess
import sys

import numpy as np


def environment() -> dict[str, str]:
    """What tells both libraries to take their AVX2 loops; numpy refuses names that it does not know."""
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    wide = [name for name in found if name.startswith("AVX512") or name == "X86_V4"]
    return {"NPY_DISABLE_CPU_FEATURES": " ".join(wide), "OPENBLAS_CORETYPE": "Haswell"} if wide else {}


if __name__ == "__main__":
    asked = environment()
    print("without AVX-512:", asked or "as this processor is", flush=True)
    sys.exit(subprocess.call([sys.executable, *sys.argv[1:]], env={**os.environ, **asked}))
