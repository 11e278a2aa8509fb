"""The scenario of a stored run, as this version of the program understands it."""

from __future__ import annotations

from pydantic import ValidationError

from bench.errors import ConfigError
from bench.scenario import Scenario
from bench.store import StoredRun


def stored_scenario(stored: StoredRun) -> Scenario:
    """The resolved scenario of a run. Raises ConfigError for one that this version has no words for."""
    try:
        return Scenario.model_validate(stored.run["scenario"])
    except ValidationError as error:
        raise ConfigError(
            f"{stored.folder}: its scenario is not one of this version of the program: {error}. "
            "Next: use the version that wrote it"
        ) from error
