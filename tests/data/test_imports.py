import subprocess
import sys

OPTIONAL = ("mido", "narwhals", "polars", "scipy", "soundfile", "tokenizers")


def test_optional_libraries_are_imported_when_they_are_used():
    code = (
        "import sys, recurra.data as data;"
        "words = data.TextFeatures.fit(['a film'], level='word');"
        "words(['film']); data.WordFeatures.fit([['a']])([['a']]);"
        f"print([name for name in {OPTIONAL} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
