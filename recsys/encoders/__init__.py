"""Encoders: texts to unit-length vectors. One file is one kind; `build_encoder` builds one by its kind and options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol

from recsys.encoders.runtime import Runtime, require_device
from recsys.errors import BadOptions, did_you_mean
from recsys.registry import Registry

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from recsys.encoders.protocol import Encoder
    from recsys.serving.protocols import Clock


class EncoderClass(Protocol):
    """What a plug-in registers: a class that makes an Encoder of its options and the runtime it is given."""

    Options: ClassVar[type[BaseModel]]
    """The options it knows: a frozen model that forbids others."""
    DEVICES: ClassVar[tuple[str, ...]]
    """The families of devices it runs on: "cpu", "cuda"."""
    WANTS_CLOCK: ClassVar[bool]
    """Whether it waits, and so needs a clock."""

    def __call__(self, options: BaseModel, runtime: Runtime) -> Encoder:
        """An encoder that is ready to run."""


ENCODERS: Registry[EncoderClass] = Registry("recsys.encoders", "encoder")


def build_encoder(
    kind: str, *, device: str = "cpu", threads: int | None = None, clock: Clock | None = None, **options: object
) -> Encoder:
    """An encoder of this kind, its model loaded.

    device: "cpu", "cuda" (the first) or "cuda:N". threads: for the computation, None = all cores. clock: handed to the
    kinds that wait. Raises UnknownKind, MissingLibrary, BadOptions, MissingDevice, and ModelError when a model cannot be
    found.
    """
    parsed = check_options(kind, options)
    encoder_class = ENCODERS.get(kind)
    require_device(kind, encoder_class.DEVICES, device)
    if threads is not None and threads < 1:
        raise BadOptions(f'encoder "{kind}": threads = {threads}, but at least 1 is needed. Next: leave it out for all cores')
    runtime = Runtime(device, threads or os.cpu_count() or 1, clock if encoder_class.WANTS_CLOCK else None)
    return encoder_class(parsed, runtime)


def check_options(kind: str, options: Mapping[str, object]) -> BaseModel:
    """The options as the kind's own model, checked; neither a model nor a heavy library is loaded.

    Raises UnknownKind, MissingLibrary, BadOptions (an unknown option, a wrong type, a value out of range).
    """
    from pydantic import ValidationError

    model = ENCODERS.get(kind).Options
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        raise BadOptions(_explain(kind, model, error)) from error


def _explain(kind: str, model: type[BaseModel], error: ValidationError) -> str:
    """What is wrong with each option, and which ones exist."""
    known = tuple(model.model_fields)
    wrong = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            wrong.append(f'unknown option "{name}"{did_you_mean(name, known)}')
        else:
            wrong.append(f"{name or 'options'} = {problem['input']!r}: {problem['msg']}")
    listed = ", ".join(f"{name} = {field.default!r}" for name, field in model.model_fields.items())
    return f'encoder "{kind}": {"; ".join(wrong)}. Known options and their defaults: {listed or "none"}'
