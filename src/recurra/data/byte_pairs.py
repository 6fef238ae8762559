"""Byte-pair encoding over the bytes of UTF-8, by the tokenizers library, kept as plain data.

Sennrich et al. 2016, "Neural machine translation of rare words with subword units"; the byte alphabet and the
cuts between words are those of Radford et al. 2019 (GPT-2), so that no text holds anything unknown.
"""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from recurra._base.errors import MissingExtraError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Merge = tuple[str, str]


def byte_alphabet() -> frozenset[str]:
    """The 256 printable characters that stand for the bytes: a byte's own, or one from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return frozenset(map(chr, [*printable, *range(0x100, 0x200 - len(printable))]))


def learn_merges(texts: Iterable[str], *, size: int, min_count: int) -> tuple[list[str], list[Merge]]:
    """Learn up to ``size`` tokens, the 256 bytes among them, that come ``min_count`` times or more.

    Returns the tokens in the order of their ids from 0, and the merges in the order in which they apply.
    The same texts give the same tokens.
    """
    try:
        from tokenizers import pre_tokenizers, trainers
    except ImportError as error:
        raise MissingExtraError.of("tokenizers", "data") from error
    tokenizer = make_tokenizer({}, [])
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=min_count,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    ids = tokenizer.get_vocab()
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return sorted(ids, key=ids.__getitem__), [(left, right) for left, right in merges]


def make_tokenizer(ids: dict[str, int], merges: Sequence[Merge]) -> "Tokenizer":
    """A tokenizer from tokens with their ids and from merges; decoding gives the text back exactly."""
    try:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    except ImportError as error:
        raise MissingExtraError.of("tokenizers", "data") from error
    tokenizer = Tokenizer(models.BPE(ids, list(merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    return tokenizer
