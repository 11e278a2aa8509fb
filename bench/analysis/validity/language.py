"""Whether the models know the language that the texts are in."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.statements import Finding, Verdict
from bench.analysis.validity import Evidence, check

UNREAD_SHARE = 0.01
"""Share of unread texts from which it is said: below it stand names and quotations."""


@check
class LanguageKnown:
    """A tokenizer that cannot read the texts leaves its model to guess; what that costs in time is still true."""

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Named, arm by arm; the run's numbers stay what they are."""
        for arm in evidence.run["arms"]:
            unread_share = arm.get("info", {}).get("unread_share", 0.0)
            if unread_share > UNREAD_SHARE:
                message = (
                    f"the model does not know the language of {100 * unread_share:.0f} % of the texts: "
                    "a third or more of their letters are unknown to its tokenizer"
                )
                advice = "Take a model of these languages, or read its quality as that of one that cannot read."
                yield Finding("language", Verdict.VALID, arm["label"], message, advice)
