"""The suites, by the name that the command line knows them by."""

from benchmarks.contest import Suite
from benchmarks.suites import layers, options, ragged, scaling, step, streaming

SUITES: dict[str, Suite] = {
    "layers": layers.contests,
    "ragged": ragged.contests,
    "options": options.contests,
    "streaming": streaming.contests,
    "step": step.contests,
    "scaling": scaling.contests,
}
