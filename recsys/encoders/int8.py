"""A transformer in 8 bits on a CPU: the fastest of several forms here, by measurement."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from recsys.data.embedded import read_catalogue
from recsys.encoders import ENCODERS, build_encoder, exact_reference
from recsys.encoders.pretrained import PretrainedEncoder, PretrainedOptions
from recsys.encoders.protocol import Encoder, EncoderInfo
from recsys.encoders.runtime import Runtime
from recsys.errors import BadOptions, MissingDevice, MissingLibrary
from recsys.models.artefacts import Recipe
from recsys.models.cpu_features import cpu_features
from recsys.models.forms import Favour, Speed, best_form, measured_forms
from recsys.models.locate import locate
from recsys.options import OptionsModel
from recsys.types import Prepared, Vectors

LOG = logging.getLogger(__name__)
REQUIRES = ("onnxruntime", "onnx", "onnxscript", "torch", "transformers", "tokenizers", "filelock")

RECIPE_VERSION = 4
"""Raise when a change here or in a candidate changes its speed, so that it is measured again."""

CANDIDATES: dict[str, tuple[str, dict[str, Any]]] = {
    "onnx_fused": ("onnx", {"precision": "int8"}),
    "onnx_unfused": ("onnx", {"precision": "int8", "form": "unfused"}),
    "openvino": ("openvino", {"precision": "int8"}),
    "native": ("native", {}),
    "native_wide": ("native", {"wide": "all"}),
}
"""Kind and options of each form. They differ in fidelity too: ONNX Runtime has a scale for all activations of a batch,
OpenVINO a fixed one beside some bf16; the project's own kernels have one a token, and 16 bits for some or all."""


class Int8Options(PretrainedOptions):
    """candidate: a form by name, or "auto": the fastest, measured once on this machine and kept in the artefact cache.

    favour: what "fastest" means: a text alone, many at once, or the geometric mean of both. least_fidelity: forms below
    this fidelity@10 on the shipped catalogue are not chosen while another reaches it.
    """

    candidate: Literal["auto", "onnx_fused", "onnx_unfused", "openvino", "native", "native_wide"] = "auto"
    favour: Favour = "both"
    least_fidelity: float = Field(0.0, ge=0, le=1)


@ENCODERS.register("int8")
class Int8Encoder:
    """One of CANDIDATES; `info.form` says which, `info.measured` what all of them were measured at."""

    Options: ClassVar[type[OptionsModel]] = Int8Options
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu",)
    WANTS_CLOCK: ClassVar[bool] = True
    EXACT: ClassVar[Mapping[str, object]] = PretrainedEncoder.EXACT

    def __init__(self, options: Int8Options, runtime: Runtime) -> None:
        """Choose and build. Raises MissingLibrary, BadOptions where nothing was measured and there is no clock."""
        self._speeds = _speeds(options, runtime) if options.candidate == "auto" else {}
        self._form = (
            best_form(self._speeds, options.favour, options.least_fidelity) if self._speeds else options.candidate
        )
        self._encoder = _build(self._form, options, runtime)

    @property
    def info(self) -> EncoderInfo:
        """The chosen form's, with its name and what it was measured beside."""
        measured = {name: asdict(speed) for name, speed in self._speeds.items()}
        return replace(self._encoder.info, form=self._form, measured=measured)

    def fit(self, texts: Sequence[str]) -> None:
        """As the chosen form does."""
        self._encoder.fit(texts)

    def prepare(self, texts: Sequence[str]) -> Prepared:
        """Token ids."""
        return self._encoder.prepare(texts)

    def forward(self, prepared: Any) -> Vectors:
        """float32 [n, dim] of the batch, padded as the chosen form does."""
        return self._encoder.forward(prepared)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, dim] in the order given."""
        return self._encoder.encode(texts)

    def close(self) -> None:
        """Release the chosen form."""
        self._encoder.close()


def _shared(options: Int8Options) -> dict[str, Any]:
    """The options that say which model it is, as far as they were given: each form has its own default batch."""
    own = {"candidate", "favour", "least_fidelity"}
    return {name: getattr(options, name) for name in options.model_fields_set - own}


def _build(form: str, options: Int8Options, runtime: Runtime) -> Encoder:
    kind, settings = CANDIDATES[form]
    return build_encoder(kind, device=runtime.device, threads=runtime.threads, **(_shared(options) | settings))


def _build_exact(options: Int8Options, runtime: Runtime) -> Encoder:
    reference: dict[str, Any] = exact_reference("int8", _shared(options)) or {}
    kind = str(reference.pop("kind"))
    return build_encoder(kind, device=runtime.device, threads=runtime.threads, **reference)


def _speeds(options: Int8Options, runtime: Runtime) -> dict[str, Speed]:
    """Of every form that can be built here. Raises BadOptions where they would have to be measured without a clock."""
    missing = {kind for kind, _ in CANDIDATES.values() if ENCODERS.entry(kind).missing}
    native_key = "" if "native" in missing else _native_key(options)
    if not native_key:
        missing.add("native")
    here = sorted(name for name, (kind, _) in CANDIDATES.items() if kind not in missing)
    speeds = measured_forms(
        _recipe(options, runtime, here, native_key),
        {name: partial(_build, name, options, runtime) for name in here},
        partial(_build_exact, options, runtime),
        [item.title for item in read_catalogue()],
        runtime.clock,
    )
    if speeds is None:
        raise BadOptions(
            'encoder "int8": candidate = "auto" measures, and so needs a clock. Next: build_encoder(…, clock=…), or '
            f"candidate = {' | '.join(here)}"
        )
    return speeds


def _native_key(options: Int8Options) -> str:
    """What the project's own kernels are here, "" where the CPU, a compiler or the form of the model stands against."""
    from recsys.models.native_bert import require_native

    try:
        return require_native(locate(options.model, options.weights, options.seed)).key
    except (BadOptions, MissingDevice):
        return ""
    except MissingLibrary as error:
        LOG.warning("int8 does without the forms of its own kernels: %s", error)
        return ""


def _recipe(options: Int8Options, runtime: Runtime, here: Sequence[str], native_key: str) -> Recipe:
    """Everything that the speeds depend on, as far as it is known here."""
    import onnxruntime

    files = locate(options.model, options.weights, options.seed)
    names = {"torch", "transformers"} | ({"openvino", "nncf"} if "openvino" in here else set())
    inputs: dict[str, object] = {
        "recipe_version": RECIPE_VERSION,
        "weights": files.weights_sha256 or files.revision,
        "options": {name: value for name, value in sorted(_shared(options).items()) if name != "model"},
        "candidates": {name: list(CANDIDATES[name]) for name in here},
        "native": native_key,
        "threads": runtime.threads,
        "libraries": {"onnxruntime": onnxruntime.__version__} | {name: version(name) for name in sorted(names)},
        "cpu": list(cpu_features()),
    }
    return Recipe(f"{Path(files.name).name}-int8-speeds", "speeds.json", inputs)
