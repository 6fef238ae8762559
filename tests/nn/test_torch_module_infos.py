"""PyTorch's own checks of modules, as its wheel ships them, with our classes in the place of torch.nn's.

`torch.testing._internal.common_modules` has, for each class, what to construct it with and what to call it
with, reference functions, and misuse with the error that it must raise.
"""

import copy
import io
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence
from torch.testing._internal import common_modules

from recurra import nn
from tests.nn.conftest import DEVICES

pytestmark = [
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN"),
    pytest.mark.filterwarnings("ignore:RNN module weights are not part of single contiguous chunk"),
]

SLOW = pytest.mark.slow

OURS = {
    torch.nn.RNN: nn.RNN,
    torch.nn.GRU: nn.GRU,
    torch.nn.LSTM: nn.LSTM,
    torch.nn.RNNCell: nn.RNNCell,
    torch.nn.GRUCell: nn.GRUCell,
    torch.nn.LSTMCell: nn.LSTMCell,
}
INFOS = {info.module_cls: info for info in common_modules.module_db if info.module_cls in OURS}


@dataclass
class Sample:
    """One of PyTorch's module inputs."""

    ours: type[torch.nn.Module]
    theirs: type[torch.nn.Module]
    constructor: Any
    call: Any
    reference: Any

    def make(self, **options: Any) -> torch.nn.Module:
        return self.ours(*self.constructor.args, **self.constructor.kwargs, **options)

    def make_pair(self, **options: Any) -> tuple[torch.nn.Module, torch.nn.Module]:
        ours = self.make(**options)
        theirs = self.theirs(*self.constructor.args, **self.constructor.kwargs, **options)
        theirs.load_state_dict(ours.state_dict())
        return ours, theirs


@pytest.fixture(params=OURS, ids=[kind.__name__ for kind in OURS])
def info(request):
    return INFOS[request.param]


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


@pytest.fixture(params=[True, False], ids=["training", "evaluating"])
def training(request, info):
    if not (request.param or info.train_and_eval_differ):
        pytest.skip("is the same in evaluation")
    return request.param


@pytest.fixture(params=[torch.float32, torch.float64])
def dtype(request):
    return request.param


def samples(info, device="cpu", dtype=torch.float64, training=True, requires_grad=False) -> Iterator[Sample]:
    given = info.module_inputs_func(
        info,
        device=device,
        dtype=dtype,
        requires_grad=requires_grad,
        training=training,
        with_packed_sequence=info.module_cls in (torch.nn.RNN, torch.nn.GRU),
    )
    count = 0
    for count, one in enumerate(given, 1):  # noqa: B007
        yield Sample(
            OURS[info.module_cls],
            info.module_cls,
            one.constructor_input,
            one.forward_input,
            one.reference_fn,
        )
    assert count > 0


def tensors_of(value: Any) -> list[torch.Tensor]:
    """Every tensor within arguments or results."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, PackedSequence):
        return [value.data]
    return [tensor for each in value for tensor in tensors_of(each)]


def with_tensors(value: Any, tensors: Iterator[torch.Tensor]) -> Any:
    """``value`` with these in the place of `tensors_of` it."""
    if isinstance(value, torch.Tensor):
        return next(tensors)
    if isinstance(value, PackedSequence):
        return value._replace(data=next(tensors))
    return tuple(with_tensors(each, tensors) for each in value)


def is_packed(sample: Sample) -> bool:
    return isinstance(sample.call.args[0], PackedSequence)


def test_every_class_is_there():
    assert set(INFOS) == set(OURS)


def test_forward(info, device, dtype, training):
    for sample in samples(info, device, dtype, training):
        ours, theirs = sample.make_pair(device=device, dtype=dtype)
        ours.train(training)
        output = ours(*sample.call.args, **sample.call.kwargs)
        torch.testing.assert_close(output, theirs(*sample.call.args, **sample.call.kwargs))
        if not is_packed(sample):  # PyTorch's reference function does not know packed sequences either
            want = sample.reference(ours, *sample.call.args, **sample.call.kwargs)
            torch.testing.assert_close(output, want)


def test_factory_arguments(info, device, dtype):
    for sample in samples(info, device, dtype):
        module = sample.make(device=device, dtype=dtype)
        assert {(p.device.type, p.dtype) for p in module.parameters()} == {(device, dtype)}


def test_made_where_the_context_says(info):
    for sample in samples(info):
        with torch.device("meta"):
            assert all(parameter.is_meta for parameter in sample.make().parameters())


def test_repr(info):
    for sample in samples(info):
        ours, theirs = sample.make_pair()
        assert repr(ours) == repr(theirs)
        assert str(ours) == str(theirs)


def saved(module):
    buffer = io.BytesIO()
    torch.save(module, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


@pytest.mark.parametrize(
    "copied",
    [saved, lambda module: pickle.loads(pickle.dumps(module)), copy.deepcopy, copy.copy],  # noqa: S301
)
def test_copies(info, copied):
    for sample in samples(info):
        module = sample.make(dtype=torch.float64)
        want = module(*sample.call.args, **sample.call.kwargs)
        other = copied(module)
        assert type(other) is type(module)
        torch.testing.assert_close(other(*sample.call.args, **sample.call.kwargs), want, rtol=0, atol=0)


def test_state_dict_is_torchs(info):
    for sample in samples(info):
        ours, theirs = sample.make_pair()
        buffer = io.BytesIO()
        torch.save(ours.state_dict(), buffer)
        buffer.seek(0)
        state = torch.load(buffer, weights_only=True)
        assert list(state) == list(theirs.state_dict())
        theirs.load_state_dict(state, strict=True)


def results(module, sample, tensors):
    """Outputs, and the gradients of the arguments and the parameters."""
    tensors = [tensor.detach().requires_grad_() for tensor in tensors]
    outputs = tensors_of(module(*with_tensors(sample.call.args, iter(tensors)), **sample.call.kwargs))
    loss = sum(output.pow(2).sum() for output in outputs)
    return [*outputs, *torch.autograd.grad(loss, [*tensors, *module.parameters()])]


def scattered(tensor):
    """The same values with gaps between them in memory."""
    return torch.stack([tensor, tensor], dim=-1)[..., 0]


def test_arguments_with_gaps_in_memory(info, dtype):
    for sample in samples(info, dtype=dtype):
        ours, theirs = sample.make_pair(dtype=dtype)
        tensors = tensors_of(sample.call.args)
        want = results(theirs, sample, tensors)
        for given in (tensors, [scattered(tensor) for tensor in tensors]):
            torch.testing.assert_close(results(ours, sample, given), want, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("second", "stride"),
    [(False, 3), (True, 13), pytest.param(False, 1, marks=SLOW), pytest.param(True, 1, marks=SLOW)],
)
def test_gradients(info, device, second, stride):
    for sample in list(samples(info, device))[::stride]:
        module = sample.make(device=device, dtype=torch.float64)
        given = tensors_of(sample.call.args)
        names = [name for name, _ in module.named_parameters()]

        def call(*tensors, module=module, given=given, names=names, sample=sample):
            arguments = with_tensors(sample.call.args, iter(tensors[: len(given)]))
            parameters = dict(zip(names, tensors[len(given) :]))
            return tuple(tensors_of(torch.func.functional_call(module, parameters, arguments)))

        check = torch.autograd.gradgradcheck if second else torch.autograd.gradcheck
        inputs = [tensor.detach().requires_grad_() for tensor in (*given, *module.parameters())]
        with torch.backends.cudnn.flags(enabled=not second):  # cuDNN has no second derivative
            assert check(call, inputs, nondet_tol=1e-12, fast_mode=True)


@pytest.mark.parametrize("swap", [False, True])
def test_conversion_keeps_the_parameters(info, swap):
    torch.__future__.set_swap_module_params_on_conversion(swap)
    try:
        for sample in samples(info):
            module = sample.make(dtype=torch.float32)
            parameters = list(module.parameters())
            assert module.to(torch.float64) is module
            assert all(p is q for p, q in zip(parameters, module.parameters()))
            assert {p.dtype for p in parameters} == {torch.float64}
            module(*sample.call.args, **sample.call.kwargs)
            module.to(memory_format=torch.contiguous_format)
            module(*sample.call.args, **sample.call.kwargs)
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)


def test_from_the_meta_device(info, device):
    for sample in samples(info, device):
        module = sample.make(device="meta", dtype=torch.float64).to_empty(device=device)
        source = sample.make(device=device, dtype=torch.float64)
        module.load_state_dict(source.state_dict())
        got, want = (m(*sample.call.args, **sample.call.kwargs) for m in (module, source))
        torch.testing.assert_close(got, want, rtol=0, atol=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cpu_and_cuda_agree(info):
    for sample in samples(info):
        module = sample.make(dtype=torch.float64)
        tensors = tensors_of(sample.call.args)
        want = results(module, sample, tensors)
        if is_packed(sample):
            continue
        got = results(module.cuda(), sample, [tensor.cuda() for tensor in tensors])
        torch.testing.assert_close([tensor.cpu() for tensor in got], want)


def test_errors(info, device, dtype):
    given = info.module_error_inputs_func(
        info, device=device, dtype=dtype, requires_grad=False, training=True
    )
    assert given
    for one in given:
        kind, sample = OURS[info.module_cls], one.module_error_input
        constructor, call = sample.constructor_input, sample.forward_input
        if one.error_on is common_modules.ModuleErrorEnum.CONSTRUCTION_ERROR:
            with pytest.raises(one.error_type, match=one.error_regex):
                kind(*constructor.args, **constructor.kwargs)
        else:
            module = kind(*constructor.args, **constructor.kwargs).to(device)
            with pytest.raises(one.error_type, match=one.error_regex):
                module(*call.args, **call.kwargs)
