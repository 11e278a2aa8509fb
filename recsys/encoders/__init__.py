"""Encoders: texts to unit-length vectors. One file is one kind; `build_encoder` builds one.

A plug-in registers a class that is called with (options, runtime) and has three attributes: `Options`, a frozen
pydantic model that forbids unknown keys; `DEVICES`, what it runs on ("cpu", "cuda"); `WANTS_CLOCK`, whether it waits.
Its module imports no heavy library at its top, so that options can be checked where none is installed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recsys.encoders.runtime import Runtime, require_device
from recsys.errors import BadOptions, did_you_mean
from recsys.registry import Registry

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from recsys.encoders.protocol import Encoder
    from recsys.serving.protocols import Clock


ENCODERS: Registry[Any] = Registry("recsys.encoders", "encoder")


def build_encoder(
    kind: str, *, device: str = "cpu", threads: int | None = None, clock: Clock | None = None, **options: object
) -> Encoder:
    """An encoder of this kind, its model loaded.

    device: "cpu", "cuda" (the first) or "cuda:N". threads: for the computation, None = all cores. clock: handed to the
    kinds that wait. Raises UnknownKind, MissingLibrary, BadOptions, MissingDevice, and ModelError for a model that
    cannot be found.
    """
    parsed = check_options(kind, options)
    encoder_class = ENCODERS.get(kind)
    require_device(kind, encoder_class.DEVICES, device)
    if threads is not None and threads < 1:
        raise BadOptions(f'encoder "{kind}": threads = {threads}, but it takes 1. Next: leave it out for all cores')
    runtime = Runtime(device, threads or os.cpu_count() or 1, clock if encoder_class.WANTS_CLOCK else None)
    encoder: Encoder = encoder_class(parsed, runtime)
    return encoder


def check_options(kind: str, options: Mapping[str, object]) -> BaseModel:
    """The options as the kind's own model, checked; neither a model nor a heavy library is loaded.

    Raises UnknownKind, MissingLibrary, BadOptions (an unknown option, a wrong type, a value out of range).
    """
    from pydantic import ValidationError

    model: type[BaseModel] = ENCODERS.get(kind).Options
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
