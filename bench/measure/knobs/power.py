"""Whether the machine saves power: its profile, and whether it lives on a battery."""

from __future__ import annotations

from pathlib import Path

from bench.measure.knobs import KNOBS, Knob, KnobReport, KnobVerdict, Unreadable, combined, turn
from bench.measure.knobs.kernel_files import read, read_each

PROFILE = "sys/firmware/acpi/platform_profile"
SUPPLIES = "sys/class/power_supply"
PROFILES = {
    "performance": KnobVerdict.GOOD,
    "balanced-performance": KnobVerdict.IMPROVABLE,
    "balanced": KnobVerdict.IMPROVABLE,
    "cool": KnobVerdict.BAD,
    "quiet": KnobVerdict.BAD,
    "low-power": KnobVerdict.BAD,
}
"""The kernel's names; a profile that is not among them is the maker's own."""


@KNOBS.register("power")
class Power(Knob):
    """A machine that saves power lowers its speed for reasons that no arm has."""

    @staticmethod
    def look(root: Path) -> KnobReport:
        """GOOD for the profile performance on mains."""
        found = [*_profile(root), *_battery(root)]
        if not found:
            raise Unreadable(f"/{PROFILE} and /{SUPPLIES} cannot be read")
        return combined(found)


def _profile(root: Path) -> list[KnobReport]:
    try:
        profile = read(root, PROFILE)
    except Unreadable:
        return []
    verdict = PROFILES.get(profile, KnobVerdict.UNKNOWN)
    command = f"echo {{}} | sudo tee /{PROFILE}"
    advice = "" if verdict is KnobVerdict.GOOD else turn(command.format("performance"), command.format(profile))
    return [KnobReport(f"profile {profile}", verdict, advice)]


def _battery(root: Path) -> list[KnobReport]:
    """The machine's own batteries; those of a mouse have the scope Device."""
    if not (root / SUPPLIES).is_dir():
        return []
    scopes = dict(read_each(root, f"{SUPPLIES}/*/scope"))
    own = [
        name
        for name, kind in read_each(root, f"{SUPPLIES}/*/type")
        if kind == "Battery" and scopes.get(name) != "Device"
    ]
    statuses = dict(read_each(root, f"{SUPPLIES}/*/status"))
    if any(statuses.get(name) == "Discharging" for name in own):
        return [KnobReport("on battery", KnobVerdict.BAD, turn("plug it in", "unplug it"))]
    return [KnobReport("on mains" if own else "no battery", KnobVerdict.GOOD)]
