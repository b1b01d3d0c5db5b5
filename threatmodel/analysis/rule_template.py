"""The beginning of a rule of one's own: a file that fires as it is, and the cases beside it."""

from __future__ import annotations

import re
from typing import Final

from threatmodel import resources
from threatmodel.load.document import SECTIONS

ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST: Final = 60


def is_id(name: str) -> bool:
    """Return whether a name may be the id of a rule or a topic."""
    return len(name) <= LONGEST and ID.fullmatch(name) is not None


def beginning(name: str, about: str) -> tuple[str, dict[str, str]]:
    """
    Return the text of a new rule, and its cases by name.

    Args:
        name: The id of the rule.
        about: The kind of element it looks at, or `path`.
    """
    template = "path" if about == "path" else "element"
    text = (resources.folder("templates") / "rules" / f"{template}.yaml").read_text(encoding="utf-8")
    section = next((key for key, kind in SECTIONS.items() if kind == about), "tools")
    title = name.replace("-", " ").capitalize()
    rule = text.format(id=name, title=f"{title} (say it as a heading)", kind=about, section=section)
    return rule, {case: body.format(id=name, section=section) for case, body in _CASES[template].items()}


_CASES: Final = {
    "element": {
        "bad": "threatmodel: 1\n{section}:\n  loose:\n    owner: none  # expect: {id}\n",
        "good": "threatmodel: 1\n{section}:\n  owned: {{owner: my-team}}\n",
        "unknown": "threatmodel: 1\n{section}:\n  silent: {{description: Nobody says}}  # expect-unknown: {id}\n",
    },
    "path": {
        "bad": (
            "threatmodel: 1\npeople: {{visitor: {{trust: untrusted}}}}\nagents: {{desk: {{tools: [till]}}}}\n"
            "tools:\n  till:\n    provider: first_party\n    actions:\n"
            "      refund: {{effect: pay}}  # expect: {id}\n"
            "      gated: {{effect: pay}}  # expect-mitigated: {id}\n"
            "flows: [{{from: visitor, to: desk}}]\n"
            "controls: {{ceiling: {{type: deterministic-policy, on: [till.gated], status: configured}}}}\n"
        ),
        "good": (
            "threatmodel: 1\npeople: {{clerk: {{trust: internal}}}}\nagents: {{desk: {{tools: [till]}}}}\n"
            "tools: {{till: {{provider: first_party, actions: {{refund: {{effect: pay}}}}}}}}\n"
            "flows: [{{from: clerk, to: desk}}]\n"
        ),
        "unknown": (
            "threatmodel: 1\npeople: {{somebody: {{}}}}\nagents: {{desk: {{tools: [till]}}}}\n"
            "tools:\n  till:\n    provider: first_party\n    actions:\n"
            "      refund: {{effect: pay}}  # expect-unknown: {id}\n"
            "flows: [{{from: somebody, to: desk}}]\n"
        ),
    },
}
