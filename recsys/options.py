"""Options of a plug-in: from a plain mapping to its frozen model, with errors a user can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from recsys.errors import BadOptions, did_you_mean

M = TypeVar("M", bound="OptionsModel")


class OptionsModel(BaseModel):
    """Base of every plug-in's `Options`: frozen, strict about names, defaults checked like given values."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def parse_options(model: type[M], options: Mapping[str, object], owner: str) -> M:
    """The options as an instance of the model. owner: whose they are, for the message, as in 'data set "csv"'.

    Raises BadOptions, which names every option that is wrong, what it may be, and the known ones.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        faults = [_fault(model, fault["loc"], fault["type"], fault["msg"], fault["input"]) for fault in error.errors()]
        known = ", ".join(sorted(model.model_fields)) or "none"
        raise BadOptions(f"{owner}: {'; '.join(faults)}. Known options: {known}. Next: mend or remove it") from error


def _fault(model: type[BaseModel], loc: Sequence[int | str], kind: str, message: str, value: object) -> str:
    """One fault in words. loc: path of the option, as pydantic gives it."""
    name = ".".join(str(part) for part in loc)
    if kind == "extra_forbidden":
        known = tuple(_model_at(model, loc[:-1]).model_fields)
        inside = f" (known in {'.'.join(map(str, loc[:-1]))}: {', '.join(known)})" if loc[:-1] else ""
        return f'unknown option "{name}"{did_you_mean(str(loc[-1]), known)}{inside}'
    return f'option "{name}" = {value!r}: {message[:1].lower()}{message[1:]}'


def _model_at(model: type[BaseModel], loc: Sequence[int | str]) -> type[BaseModel]:
    """The nested model under this path; the outer one where the path leaves the models."""
    for part in loc:
        field = model.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return model
        model = field.annotation
    return model
