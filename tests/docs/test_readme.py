"""The Python that the README shows works as it is written, and its links lead somewhere."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    return [block for of, block in found if of == language]


def test_the_python_examples_run(folder):
    first, labels, second = blocks("python")
    exec(first.replace("horizon=24)", "horizon=24, epochs=1)"), {})  # noqa: S102 - the README's own code
    assert (folder / "load.safetensors").exists()
    names = {}
    exec(labels, names)  # noqa: S102 - the README's own code
    assert names["classifier"].predict(["a fine day"]).tolist() == ["good"]
    setting = "import torch\nbatch = torch.randn(4, 42, 64)\n"
    names = {}
    exec(setting + second, names)  # noqa: S102 - the README's own code
    assert names["output"].shape == (4, 42, 128)
    assert not names["output"][2].any()


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
