"""What this machine can do at best: the ceilings that shares are shares of."""

import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.contest import PAUSE, Contestant, Settings
from benchmarks.timing import digits, interleaved, threads
from benchmarks.workloads import in_threads

SIZE = 1536
"""Of the square matrices whose product is the ceiling of training."""
PRODUCT_OPERATIONS = 2 * SIZE**3
BLOCKS = (48, 96, 384, 1536, 6144, 98304)
"""Sizes of memory to read, in KiB: within the first, second and third caches, and beyond them."""


def product() -> Contestant:
    """A large single-precision matrix product, by PyTorch and its current number of threads."""
    left, right = torch.randn(SIZE, SIZE), torch.randn(SIZE, SIZE)
    into = torch.empty(SIZE, SIZE)
    return Contestant(lambda: torch.mm(left, right, out=into))


def measure(settings: Settings) -> dict[str, Any]:
    """Every ceiling: GFLOP/s by threads, and GB/s of one core by KiB read; None without a C++ compiler."""
    counts = sorted({1, settings.threads})
    with threads(settings.threads):
        products = {str(count): in_threads(count, product().run) for count in counts}
        times = interleaved(products, settings, PAUSE)
    native = _native() is not None
    return {
        "product": {name: digits(PRODUCT_OPERATIONS / min(own) / 1e9) for name, own in times.items()},
        "multiply-adds": {str(n): digits(_multiply_adds(n) / 1e9) for n in counts} if native else None,
        "read": {str(kib): digits(read_bandwidth(kib * 1024) / 1e9) for kib in BLOCKS} if native else None,
    }


def read_bandwidth(size: int) -> float:
    """Bytes a second at which one core reads a block of so many bytes again and again; NaN if unmeasured."""
    library = _native()
    if library is None:
        return float("nan")
    count = -(-size // 512) * 128
    data = np.ones(count, np.float32)
    return library.read_bandwidth(data.ctypes.data, count, 0.15)


def _multiply_adds(count: int) -> float:
    """Operations a second of so many threads at once."""
    library = _native()
    assert library is not None
    with ThreadPoolExecutor(count) as pool:  # ctypes lets go of the interpreter's lock
        return sum(pool.map(library.fused_multiply_adds, [0.3] * count))


@functools.cache
def _native() -> ctypes.CDLL | None:
    """The compiled ceilings.cpp, or None without a compiler."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ceilings.so"
        source = Path(__file__).with_suffix(".cpp")
        flags = ["-O3", "-march=native", "-ffp-contract=fast", "-std=c++20", "-shared", "-fPIC"]
        subprocess.run([compiler, *flags, str(source), "-o", str(path)], check=True)
        library = ctypes.CDLL(str(path))  # stays loaded when the file is gone
    library.fused_multiply_adds.argtypes = [ctypes.c_double]
    library.fused_multiply_adds.restype = ctypes.c_double
    library.read_bandwidth.argtypes = [ctypes.c_void_p, ctypes.c_long, ctypes.c_double]
    library.read_bandwidth.restype = ctypes.c_double
    return library
