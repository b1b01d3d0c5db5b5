"""What an analysis comes to, in one sentence: the same in every view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.finding import OPEN_STATES, FindingState

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis

_ONE: Final = frozenset({"1 attack path", "1 mishap"})


def verdict_sentence(analysis: Analysis) -> str:
    """
    Return the sentence. It never says that a system is safe.

    It names the open findings; where none is open, the ways to harm that are. What cannot be told is counted as what it
    is: findings as findings, facts as facts.
    """
    if not any(result.looked_at for result in analysis.results):
        return "The description holds nothing that a rule looks at, so nothing was assessed."
    opened = [finding for finding in analysis.findings if finding.state in OPEN_STATES]
    unknown = sum(finding.state is FindingState.UNKNOWN for finding in analysis.findings)
    missing = len(analysis.questions)
    live, doubtful = _ways(analysis, {"open", "claimed"}), _ways(analysis, {"unknown"})
    if opened:
        worst = max(finding.severity for finding in opened).word
        first = f"{len(opened)} findings are open, the worst of them {worst}"
        first = first if len(opened) > 1 else f"1 finding is open, of severity {worst}"
    elif live:
        first = f"No finding is open, but {live} {'is' if live in _ONE else 'are'}"
    elif unknown or doubtful or missing:
        first = "Nothing is known to be open"
    else:
        return "Nothing is open or undecided. That is as good as the facts stated and the rules asked."
    facts = f" {_counted(missing, 'fact')} {'is' if missing == 1 else 'are'} missing." if missing else ""
    if opened and unknown:
        return f"{first}; {unknown} more cannot be decided.{facts}"
    doubt = [_counted(unknown, "finding")] if unknown else []
    doubt += [doubtful] if doubtful and not opened else []
    return f"{first}; {' and '.join(doubt)} cannot be decided.{facts}" if doubt else f"{first}.{facts}"


def _ways(analysis: Analysis, states: set[str]) -> str:
    """Return how many attack paths and mishaps are in some states, as words; empty where none is."""
    paths = sum(count for state, count in analysis.derived.paths.by_state.items() if state in states)
    mishaps = sum(one.state in states for one in analysis.derived.mishaps)
    found = ((paths, "attack path"), (mishaps, "mishap"))
    return " and ".join(_counted(count, what) for count, what in found if count)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
