"""Encoders: texts to unit-length vectors. One file is one kind; `build_encoder` builds one.

A plug-in registers a class that is called with (options, runtime) and has three attributes: `Options`, an
OptionsModel; `DEVICES`, what it runs on ("cpu", "cuda"); `WANTS_CLOCK`, whether it waits. A fourth, `EXACT`, is for
encoders with a model: the kind that computes the same in exact fp32, and its options that decide speed alone; or a
function from options to all of these, None where there is no such encoder.
Its module imports no heavy library at its top, so that options can be checked where none is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recsys.encoders.runtime import Runtime, require_device, usable_processors
from recsys.errors import BadOptions
from recsys.options import OptionsModel, parse_options
from recsys.registry import Registry

if TYPE_CHECKING:
    from recsys.encoders.protocol import Encoder
    from recsys.serving.protocols import Clock


ENCODERS: Registry[Any] = Registry("recsys.encoders", "encoder")


def build_encoder(
    kind: str, *, device: str = "cpu", threads: int | None = None, clock: Clock | None = None, **options: object
) -> Encoder:
    """An encoder of this kind, its model loaded.

    device: "cpu", "cuda" (the first) or "cuda:N". threads: for the computation, None = the processors that this process
    may run on. clock: handed to the kinds that wait. Raises UnknownKind, MissingLibrary, BadOptions, MissingDevice, and
    ModelError for a model that cannot be found.
    """
    parsed = check_options(kind, options)
    encoder_class = ENCODERS.get(kind)
    require_device(kind, encoder_class.DEVICES, device)
    if threads is not None and threads < 1:
        raise BadOptions(
            f'encoder "{kind}": threads = {threads}, but it takes 1. Next: leave it out for all usable cores'
        )
    runtime = Runtime(device, threads or usable_processors(), clock if encoder_class.WANTS_CLOCK else None)
    encoder: Encoder = encoder_class(parsed, runtime)
    return encoder


def check_options(kind: str, options: Mapping[str, object]) -> OptionsModel:
    """The options as the kind's own model, checked; neither a model nor a heavy library is loaded.

    Raises UnknownKind, MissingLibrary, BadOptions (an unknown option, a wrong type, a value out of range).
    """
    model: type[OptionsModel] = ENCODERS.get(kind).Options
    return parse_options(model, options, f'encoder "{kind}"')


def exact_reference(kind: str, options: Mapping[str, object]) -> dict[str, object] | None:
    """Kind and options of the exact fp32 encoder of the same model, which `fidelity` compares with.

    None where there is no model. Encoders that differ in speed alone have the same reference.
    """
    exact: Any = getattr(ENCODERS.get(kind), "EXACT", None)
    if exact is None:
        return None
    if callable(exact):
        named: dict[str, object] | None = exact(options)
        return named
    known = ENCODERS.get(str(exact["kind"])).Options.model_fields
    return {name: value for name, value in options.items() if name in known} | dict(exact)
