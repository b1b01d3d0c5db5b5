"""What an analysis comes to, in one sentence: the same in every view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.analysis.finding import OPEN_STATES, FindingState

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis


def verdict_sentence(analysis: Analysis) -> str:
    """Return the sentence. It never says that a system is safe."""
    opened = [finding for finding in analysis.findings if finding.state in OPEN_STATES]
    unknown = sum(finding.state is FindingState.UNKNOWN for finding in analysis.findings)
    missing = len(analysis.questions)
    facts = "1 fact is" if missing == 1 else f"{missing} facts are"
    if not any(result.looked_at for result in analysis.results):
        return "The description holds nothing that a rule looks at, so nothing was assessed."
    if opened:
        worst = max(finding.severity for finding in opened).word
        first = f"{len(opened)} findings are open, the worst of them {worst}"
        if len(opened) == 1:
            first = f"1 finding is open, of severity {worst}"
        return f"{first}; {unknown} more cannot be decided until {facts} stated." if unknown else f"{first}."
    if unknown:
        findings = "1 finding" if unknown == 1 else f"{unknown} findings"
        return f"Nothing is open yet, but {findings} cannot be decided until {facts} stated."
    return "No rule has an open or undecided finding. That is as good as the facts stated and the rules asked."
