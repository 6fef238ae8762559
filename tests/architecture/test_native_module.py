"""The native module's stub is true, and no variant needs a newer processor than its name promises."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import recurra.kernels._native as native

ROOT = Path(__file__).parents[2]


def test_the_stub_is_the_one_that_the_module_generates(tmp_path):
    fresh = tmp_path / "_native.pyi"
    command = [
        sys.executable,
        "-m",
        "nanobind.stubgen",
        "-q",
        "-m",
        "recurra.kernels._native",
        "-o",
        str(fresh),
    ]
    subprocess.run(command, check=True, capture_output=True)
    committed = ROOT / "src/recurra/kernels/_native.pyi"
    assert committed.read_text() == fresh.read_text(), "run `make stubs`"


@pytest.mark.skipif(shutil.which("nm") is None, reason="needs nm")
@pytest.mark.parametrize("variant", ["avx2", "avx512"])
def test_wide_variants_emit_no_shared_symbols(variant):
    # A weak symbol outside its namespace could replace the baseline's copy when the linker merges them.
    objects = sorted(ROOT.glob(f"build/native/CMakeFiles/recurra_{variant}.dir/native/core/*.cpp.o"))
    if not objects:
        pytest.skip("the build folder has no object of the wide variant")
    symbols = subprocess.run(["nm", "-C", *objects], check=True, capture_output=True, text=True).stdout
    weak = [line for line in symbols.splitlines() if re.search(r" [WuV] ", line)]
    assert [s for s in weak if f"recurra::{variant}::" not in s and "__gxx_personality" not in s] == []


def test_the_variant_in_use_is_the_best_available():
    assert native.variant() == native.variants()[0]


def test_a_variant_can_be_chosen_by_name():
    for name in native.variants():
        code = "import recurra.kernels as k; print(k.in_use())"
        result = subprocess.run(
            [sys.executable, "-c", code],
            env={"RECURRA_KERNELS": name},
            capture_output=True,
            text=True,
            check=True,
        )
        assert result.stdout.strip() == name
