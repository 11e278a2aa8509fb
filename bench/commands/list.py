"""What there is: scenarios and every kind of plug-in, with what each needs and whether it can be built here."""

from __future__ import annotations

from bench.commands import COMMANDS


@COMMANDS.register("list")
def list_() -> int:
    """What there is, and what of it can be built here."""
    from bench.commands.terminal import Terminal
    from bench.inventory import inventory

    Terminal().print(inventory())
    return 0
