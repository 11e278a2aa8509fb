"""Options, devices and threads of build_encoder: what is refused, and how."""

from __future__ import annotations

import pytest
from fresh_interpreter import imported_by

from recsys.encoders import ENCODERS, build_encoder, check_options, exact_reference
from recsys.errors import BadOptions, MissingDevice, UnknownKind


def test_a_misspelt_option_is_refused_with_a_suggestion_and_the_known_ones() -> None:
    with pytest.raises(
        BadOptions, match='unknown option "precison".*did you mean "precision".*Known options: .*max_tokens'
    ):
        check_options("onnx", {"precison": "int8"})


@pytest.mark.parametrize("options", [{"precision": "int4"}, {"max_tokens": "many"}, {"max_tokens": 2}, {"model": 7}])
def test_wrong_values_are_refused_by_name(options: dict[str, object]) -> None:
    with pytest.raises(BadOptions, match=next(iter(options))):
        check_options("transformer", options)


def test_an_unknown_kind_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownKind, match='did you mean "tfidf"'):
        build_encoder("tf-idf")


def test_an_absent_gpu_is_a_missing_device() -> None:
    with pytest.raises(MissingDevice, match="cuda:99"):
        build_encoder("transformer", device="cuda:99")


@pytest.mark.parametrize("device", ["tpu", "cpu:1", "cuda:", "CUDA"])
def test_an_unknown_device_is_refused_with_the_known_ones(device: str) -> None:
    with pytest.raises(BadOptions, match="Known: cpu, cuda"):
        build_encoder("transformer", device=device)


def test_a_kind_that_cannot_use_a_gpu_says_so() -> None:
    with pytest.raises(BadOptions, match="Known: cpu"):
        build_encoder("tfidf", device="cuda")


def test_no_threads_are_refused() -> None:
    with pytest.raises(BadOptions, match="threads"):
        build_encoder("fake", threads=0)


@pytest.mark.parametrize(("threads", "taken"), [(None, 3), (2, 2)])
def test_threads_are_the_processors_that_the_process_may_run_on(
    monkeypatch: pytest.MonkeyPatch, threads: int | None, taken: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: {0, 4, 7}, raising=False)
    assert build_encoder("word_table", threads=threads).info.threads == taken


def test_more_tokens_than_the_model_has_positions_are_refused() -> None:
    with pytest.raises(BadOptions, match="512 positions"):
        build_encoder("transformer", model="bert-tiny-uncased", weights="random", max_tokens=513)


def test_options_of_every_kind_can_be_checked_without_a_heavy_library() -> None:
    code = (
        "from recsys.encoders import ENCODERS, check_options\n"
        "for entry in ENCODERS.entries(): entry.missing or check_options(entry.kind, {})"
    )
    assert imported_by(code, {"torch", "transformers", "onnxruntime", "onnx", "pandas", "sklearn"}) == set()


def test_every_kind_says_what_it_is_and_needs() -> None:
    for entry in ENCODERS.entries():
        assert entry.summary.endswith("."), entry


@pytest.mark.parametrize(
    ("kind", "options", "reference"),
    [
        ("onnx", {"precision": "int8", "pooling": "cls", "allow_spinning": False}, {"pooling": "cls"}),
        ("onnx", {"batch_tokens": 64, "model": "minilm"}, {"model": "minilm"}),
        ("transformer", {"precision": "bf16", "prompt": "query: "}, {"prompt": "query: "}),
    ],
)
def test_the_exact_reference_keeps_what_a_vector_depends_on_and_no_more(
    kind: str, options: dict[str, object], reference: dict[str, object]
) -> None:
    exact = {"kind": "transformer", "precision": "fp32", "compiled": False, "graphs": False}
    assert exact_reference(kind, options) == reference | exact | {"unpadded": False, "batch_tokens": 512}


def test_a_decoder_a_word_table_and_a_bilstm_are_no_approximations_of_a_transformer() -> None:
    decoder = exact_reference("causal_lm", {"model": "folder", "precision": "bf16", "pooling": "mean"})
    assert decoder == {
        "kind": "causal_lm", "model": "folder", "pooling": "mean", "precision": "fp32", "batch_tokens": 1024,
    }  # fmt: skip
    assert exact_reference("word_table", {"smoothing": 0.01}) == {"kind": "word_table", "smoothing": 0.01}
    assert exact_reference("bilstm", {"seed": 3}) == {"kind": "bilstm", "seed": 3, "batch_tokens": 1024}


def test_what_has_no_model_has_no_reference() -> None:
    assert exact_reference("tfidf", {}) is None
    assert exact_reference("hashing", {"dim": 64}) is None


def test_every_reference_can_be_built_from() -> None:
    """Its options are those of its kind, none is lost on the way, and it is a reference of itself."""
    references = {kind: exact_reference(kind, {}) for kind in ENCODERS.kinds()}
    assert {kind for kind, reference in references.items() if reference} >= {"transformer", "word_table", "causal_lm"}
    for reference in filter(None, references.values()):
        options = dict(reference)
        kind = str(options.pop("kind"))
        parsed = check_options(kind, options).model_dump()
        assert {name: parsed[name] for name in options} == options
        assert exact_reference(kind, options) == reference
