"""The machine, and the versions of all that is compared."""

import os
import platform
import subprocess
from pathlib import Path

import torch

from benchmarks import peers
from benchmarks.contest import Settings
from recurra import kernels

ROOT = Path(__file__).parents[1]


def describe(settings: Settings) -> dict[str, str]:
    """What to print with every figure."""
    versions = peers.versions() | {"python": platform.python_version()}
    return {
        "processor": _processor(),
        "caches": ", ".join(f"{name} {size}" for name, size in _caches().items()) or "unknown",
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "threads": str(settings.threads),
        "load before": f"{os.getloadavg()[0]:.2f} (processes at work, mean of one minute)",
        "kernels": kernels.in_use(),
        "products of PyTorch": "MKL" if torch.backends.mkl.is_available() else "its own BLAS",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "revision": revision(),
    }


def revision() -> str:
    """The checkout's commit, and whether the package or its core differ from it."""
    git = ["git", "-C", str(ROOT)]
    done = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    if done.returncode:
        return "unknown"
    changes = subprocess.run([*git, "status", "--porcelain", "src", "native"], capture_output=True, text=True)
    return done.stdout.strip() + (" with changes" if changes.stdout.strip() else "")


def _processor() -> str:
    """The name that the processor gives itself, where the system tells it."""
    path = Path("/proc/cpuinfo")
    text = path.read_text() if path.exists() else ""
    found = dict(line.split(":", 1) for line in text.split("\n\n")[0].splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in found.items()}
    name = fields.get("model name") or platform.processor() or platform.machine()
    flags = set(fields.get("flags", "").split())
    widths = [label for flag, label in (("avx2", "AVX2"), ("avx512f", "AVX-512")) if flag in flags]
    family = fields.get("cpu family")
    return ", ".join(filter(None, [name, family and f"family {family}", *widths]))


def _caches() -> dict[str, str]:
    """Sizes of the first core's data caches."""
    sizes = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if (folder / "type").read_text().strip() != "Instruction":
            sizes["L" + (folder / "level").read_text().strip()] = (folder / "size").read_text().strip()
    return sizes
