"""Decoders: the last token's state, whichever side is padded; the ending, the instruction, the configurations."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import Qwen3Config, Qwen3Model

from recsys.encoders import build_encoder
from recsys.encoders.causal_lm import BATCH_TOLERANCE, CausalLmEncoder
from recsys.models.load import load_module
from recsys.models.locate import locate

TINY = {"model": "qwen3-tiny", "weights": "random", "threads": 1}
TEXTS = ["fox", "the quick brown fox jumps over the lazy dog", "", "seven wizards brew", "fox " * 50]
WORDS = {"[UNK]": 0, "<pad>": 1, "<eos>": 2, "<end>": 3, "red": 4, "blue": 5, "kettle": 6}


def left_padded(encoder: CausalLmEncoder, texts: list[str]) -> np.ndarray:
    """What serving with left padding, a mask and positions computes, through transformers alone."""
    prepared = encoder.prepare(texts)
    longest = int(prepared.n_tokens.max())
    ids, mask = torch.zeros(len(texts), longest, dtype=torch.long), torch.zeros(len(texts), longest, dtype=torch.long)
    for row, (low, high) in enumerate(zip(prepared.offsets[:-1], prepared.offsets[1:], strict=True)):
        ids[row, longest - (high - low) :] = torch.from_numpy(prepared.ids[low:high])
        mask[row, longest - (high - low) :] = 1
    module = load_module(locate("qwen3-tiny", "random"))
    with torch.inference_mode():
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        hidden = module(input_ids=ids, attention_mask=mask, position_ids=positions).last_hidden_state
    return torch.nn.functional.normalize(hidden[:, -1], dim=1).numpy()


def test_right_padding_without_a_mask_equals_left_padding_with_one() -> None:
    encoder = build_encoder("causal_lm", **TINY)
    assert isinstance(encoder, CausalLmEncoder)
    expected = left_padded(encoder, TEXTS)
    assert encoder.forward(encoder.prepare(TEXTS)) == pytest.approx(expected, abs=1e-5)
    for row, text in enumerate(TEXTS):
        assert encoder.forward(encoder.prepare([text]))[0] == pytest.approx(expected[row], abs=1e-5)


def test_mean_pooling_is_over_real_tokens() -> None:
    encoder = build_encoder("causal_lm", pooling="mean", **TINY)
    module = load_module(locate("qwen3-tiny", "random"))
    for text, vector in zip(TEXTS, encoder.encode(TEXTS), strict=True):
        with torch.inference_mode():
            hidden = module(input_ids=torch.from_numpy(encoder.prepare([text]).ids)[None]).last_hidden_state
        assert vector == pytest.approx(torch.nn.functional.normalize(hidden.mean(1), dim=1).numpy()[0], abs=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_precisions_stay_near_fp32_and_within_their_batch_tolerance(precision: str) -> None:
    exact, encoder = build_encoder("causal_lm", **TINY), build_encoder("causal_lm", precision=precision, **TINY)
    together = encoder.forward(encoder.prepare(TEXTS))
    alone = np.concatenate([encoder.forward(encoder.prepare([text])) for text in TEXTS])
    assert (1 - (together.astype(np.float64) * alone).sum(1)).max() <= BATCH_TOLERANCE[precision]
    assert (together * exact.encode(TEXTS)).sum(1).min() > 0.99
    assert encoder.info.precision == precision


def test_a_prompt_is_an_instruction_in_front_of_every_text() -> None:
    instruction = "Instruct: find what this user reads next\nQuery:"
    plain, prompted = build_encoder("causal_lm", **TINY), build_encoder("causal_lm", prompt=instruction, **TINY)
    assert np.array_equal(prompted.encode(["red kettle"]), plain.encode([f"{instruction}red kettle"]))
    assert prompted.info.prompt == instruction


@pytest.fixture
def decoder(tmp_path: Path) -> Path:
    """A decoder saved with real files, whose configuration ends texts in <eos>; its tokenizer puts nothing there."""
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = Qwen3Config(vocab_size=len(WORDS), num_key_value_heads=1, head_dim=8, eos_token_id=2, **sizes)
    Qwen3Model(config).save_pretrained(tmp_path)
    tokenizer = Tokenizer(WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_the_end_of_text_is_appended_where_the_tokenizer_does_not(decoder: Path) -> None:
    encoder = build_encoder("causal_lm", model=str(decoder), max_tokens=4)
    assert encoder.prepare(["red kettle"]).ids.tolist() == [4, 6, 2]
    assert encoder.prepare(["red blue " * 9]).ids.tolist() == [4, 5, 4, 2], "a cut text ends in it too"
    assert encoder.prepare([""]).ids.tolist() == [2]
    assert encoder.info.real_weights
    assert encoder.info.weights_bytes == (decoder / "model.safetensors").stat().st_size


def test_the_tokenizers_own_ending_comes_before_the_configurations(decoder: Path) -> None:
    """Qwen3-Embedding ends texts in <|endoftext|>, while its tokenizer's end of sentence is another."""
    tokenizer = Tokenizer.from_file(str(decoder / "tokenizer.json"))
    tokenizer.post_processor = TemplateProcessing(single="$A <end>", special_tokens=[("<end>", 3)])
    tokenizer.save(str(decoder / "tokenizer.json"))
    assert build_encoder("causal_lm", model=str(decoder)).prepare(["red kettle"]).ids.tolist() == [4, 6, 3]


def test_of_several_ends_of_text_the_first_is_taken(decoder: Path) -> None:
    config = json.loads((decoder / "config.json").read_text(encoding="utf-8"))
    (decoder / "config.json").write_text(json.dumps(config | {"eos_token_id": [1, 2]}), encoding="utf-8")
    assert build_encoder("causal_lm", model=str(decoder)).prepare(["red"]).ids.tolist() == [4, 1]


@pytest.mark.parametrize(
    ("name", "millions"),
    [("qwen3-0.6b", 595.8), ("qwen3-4b", 4021.8), ("qwen3-8b", 7567.3), ("smollm2-135m", 134.5)],
    ids=["Qwen3-0.6B", "Qwen3-4B", "Qwen3-8B", "SmolLM2-135M"],
)
def test_shipped_decoders_have_the_published_number_of_parameters(name: str, millions: float) -> None:
    """Without a language head, which most of them share with the token table."""
    from transformers import AutoConfig, AutoModel

    settings = json.loads(locate(name, "random").config.read_text(encoding="utf-8"))
    with torch.device("meta"):
        model = AutoModel.from_config(AutoConfig.for_model(settings.pop("model_type"), **settings))
    assert sum(weight.numel() for weight in model.parameters()) / 1e6 == pytest.approx(millions, rel=0.005)
