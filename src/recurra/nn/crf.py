"""A linear-chain conditional random field in PyTorch: the loss of taggers.

Lafferty, McCallum and Pereira, "Conditional random fields: probabilistic models for segmenting and labeling
sequence data", ICML 2001. `recurra.decoding.viterbi` finds the best tags, of the tensors that `CRF` trains.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from recurra._base.errors import InputError
from recurra._base.validation import positive_int
from recurra.decoding import Allowed
from recurra.nn.attention import padding_of
from recurra.nn.checks import as_lengths

FORBIDDEN = -1e4
"""The score of what is not allowed: no emissions make up for it, yet float32 sums beside it stay finite."""


class CRF(torch.nn.Module):
    """The negative log-likelihood of tags y, −(score(y) − log Σ over all y′ of exp score(y′)), with

        score(y) = start[y_1] + Σ_t emissions[t, y_t] + Σ_t transitions[y_t-1, y_t] + end[y_T]

    ``transitions`` (K, K) from a tag to the next one, ``start`` and ``end`` (K,) are the parameters, 0 at
    first. What ``allowed`` forbids scores −10⁴, in ``state_dict`` too, so that training and decoding know the
    same rules. With ``batch_first``, emissions are (N, T, K) and tags (N, T). Raises InputError for masks of
    another shape.
    """

    def __init__(self, tags: int, allowed: Allowed | None = None, *, batch_first: bool = False) -> None:
        super().__init__()
        K = self.tags = positive_int("tags", tags)
        self.batch_first = batch_first
        shapes = {"transitions": (K, K), "start": (K,), "end": (K,)}
        for i, (name, shape) in enumerate(shapes.items()):
            self.register_parameter(name, torch.nn.Parameter(torch.zeros(shape)))
            mask = np.ones(shape, bool) if allowed is None else allowed[i]
            if mask.shape != shape:
                raise InputError(f"allowed.{name} must have shape {shape}, got {mask.shape}")
            self.register_buffer(f"forbidden_{name}", torch.from_numpy(~mask), persistent=False)
        self.register_state_dict_post_hook(_write_scores)

    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Transitions, start and end as they act."""
        transitions, start, end = (self._score(name) for name in ("transitions", "start", "end"))
        return transitions, start, end

    def _score(self, name: str) -> Tensor:
        return getattr(self, name).masked_fill(getattr(self, f"forbidden_{name}"), FORBIDDEN)

    def forward(self, emissions: Tensor, lengths: Any, tags: Tensor) -> Tensor:
        """The loss (N,) of each row, for emissions (T, N, K) and int64 tags (T, N); 0 for a row of length 0.

        ``lengths``: N whole numbers in [0, T], in any order (a CPU tensor or any sequence), None for T each.
        Past its length a row may hold anything, even NaN. Tags that are forbidden cost about 10⁴. Raises
        InputError for other shapes and lengths, and for tags out of range.
        """
        if emissions.dim() != 3 or emissions.size(2) != self.tags:
            axes = "N, T" if self.batch_first else "T, N"
            raise InputError(f"emissions must have shape ({axes}, {self.tags}), got {tuple(emissions.shape)}")
        if tags.shape != emissions.shape[:2] or tags.dtype != torch.int64:
            wanted = tuple(emissions.shape[:2])
            raise InputError(f"tags must be int64 of shape {wanted}, got {tags.dtype} {tuple(tags.shape)}")
        if self.batch_first:
            emissions, tags = emissions.transpose(0, 1), tags.T
        T, N, K = emissions.shape
        lengths = as_lengths(lengths)
        lengths = torch.full((N,), T) if lengths is None else lengths
        padding = padding_of(lengths, T, N).to(emissions.device).T
        tags = tags.masked_fill(padding, 0)
        if tags.numel() and not 0 <= int(tags.min()) <= int(tags.max()) < K:
            wrong = tags[(tags < 0) | (tags >= K)][0]
            raise InputError(f"tags must lie between 0 and {K - 1}, got {int(wrong)}")
        if not T:
            return emissions.new_zeros(N)
        emissions = emissions.masked_fill(padding[:, :, None], 0.0)
        scores = self.scores()
        emissions = emissions.to(scores[0].dtype)
        log_z, *_ = _LogPartition.apply(emissions, *scores, ~padding)
        return (log_z - _score_of(tags, emissions, *scores, ~padding)).masked_fill(padding[0], 0.0)

    def extra_repr(self) -> str:
        return f"{self.tags}"


def _write_scores(crf: CRF, state: dict[str, Any], prefix: str, _: Any) -> None:
    for name in ("transitions", "start", "end"):
        state[prefix + name] = crf._score(name).detach()


def _score_of(
    tags: Tensor, emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, live: Tensor
) -> Tensor:
    """The score (N,) of tags (T, N), up to each row's length."""
    emitted = emissions.gather(2, tags[:, :, None])[:, :, 0]
    moved = transitions[tags[:-1], tags[1:]] * live[1:]
    last = tags.gather(0, (live.sum(0) - 1).clamp(min=0)[None])[0]
    return start[tags[0]] + emitted.sum(0) + moved.sum(0) + end[last]


class _LogPartition(torch.autograd.Function):
    """log Σ over all y of exp score(y), (N,): the forward algorithm, with its gradient in closed form.

        α_0 = start + e_0,    α_t[j] = e_t[j] + log Σ_i exp(α_t-1[i] + transitions[i, j])

    One step's derivative ∂α_t[j]/∂α_t-1[i] is the softmax over i of that sum, so a backward step costs one
    exponential of (N, K, K), which are not kept.
    """

    @staticmethod
    def forward(
        emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, live: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Also α (T, N, K), frozen past each row's length, and the logarithms of the sums."""
        alpha, sums = torch.empty_like(emissions), torch.empty_like(emissions)
        alpha[0] = start + emissions[0]
        from_last = transitions.T.contiguous()
        for t in range(1, len(emissions)):
            torch.logsumexp(alpha[t - 1][:, None, :] + from_last, 2, out=sums[t])
            alpha[t] = torch.where(live[t][:, None], sums[t] + emissions[t], alpha[t - 1])
        return torch.logsumexp(alpha[-1] + end, 1), alpha, sums

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        _, transitions, _, end, live = inputs
        _, alpha, sums = output
        ctx.mark_non_differentiable(alpha, sums)
        ctx.save_for_backward(transitions, end, live, alpha, sums)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        transitions, end, live, alpha, sums = ctx.saved_tensors
        from_last = transitions.T.contiguous()
        d_alpha = gradients[0][:, None] * torch.softmax(alpha[-1] + end, 1)
        d_end = d_alpha.sum(0)
        d_emissions = torch.zeros_like(alpha)
        d_from_last = alpha.new_zeros((alpha.size(1), *transitions.shape))
        for t in range(len(alpha) - 1, 0, -1):
            own = d_alpha * live[t][:, None]
            d_emissions[t] = own
            share = (alpha[t - 1][:, None, :] + from_last).sub_(sums[t][:, :, None]).exp_()
            d_from_last.addcmul_(share, own[:, :, None])
            d_alpha = torch.where(live[t][:, None], torch.bmm(own[:, None], share)[:, 0], d_alpha)
        d_emissions[0] = d_alpha
        return d_emissions, d_from_last.sum(0).T, d_alpha.sum(0), d_end, None
