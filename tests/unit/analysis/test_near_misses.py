"""Where two readings of the semantics came apart: each case is a description, and the one change that decides."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import pytest

from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.derived import Derived

    Described = Callable[[str], Model]

PEOPLE = "people: {p: {trust: untrusted}, q: {trust: internal}, r: {trust: partner}}\n"
DATA = "data: {secret: {classification: confidential}, menu: {classification: public}}\n"
OURS = "provider: first_party"
PAY = f"  bank: {{{OURS}, actions: {{pay: {{effect: pay}}}}}}\n"
SEND = f"  post: {{{OURS}, actions: {{mail: {{effect: send, to: external}}}}}}\n"
READ = f"  files: {{{OURS}, actions: {{look: {{effect: read, data: [secret]}}}}}}\n"
SAVE = f"  desk: {{{OURS}, actions: {{save: {{effect: write, store: notes, reversible: 'yes'}}}}}}\n"
GATE = "{type: deterministic-policy, status: tested, on: "
ISOLATION = "{type: input-isolation, status: tested, on: "
TYPED = "{type: typed-channel, status: tested, on: "
FLOWS = "flows: [{from: p, to: a, carries: [secret]}"


class Case(NamedTuple):
    """A description that answers a question one way, and with one change another way."""

    rule: str
    text: str
    ask: str
    """`path ID`, `can AGENT ACTION`, `influence AGENT` or `never AGENT ITEM`."""
    hit: str
    old: str
    new: str
    miss: str


CASES = {
    "an execute that is set off gives raw reach": Case(
        "5.2",
        "agents: {a: {tools: [one.go], credentials: [key]}}\ncredentials: {key: {stored_in: env}}\ntools:\n"
        f"  one: {{{OURS}, credential: key, actions: {{go: {{effect: read, triggers: [two.run]}}, "
        "pay: {effect: pay}}}\n"
        f"  two: {{{OURS}, actions: {{run: {{effect: execute}}}}}}\n",
        "can a one.pay", "yes", "run: {effect: execute}", "run: {effect: read}", "no",
    ),
    "a store that outsiders read is a way out without an action": Case(
        "7.2, 7.6",
        f"{PEOPLE}{DATA}agents: {{a: {{tools: []}}}}\nstores: {{wall: {{readers: [public]}}}}\n"
        f"{FLOWS}, {{from: a, to: wall}}]\n",
        "path p>a>wall:disclosure", "open", "to: wall}", "to: wall, carries: [menu]}", "none",
    ),
    "isolation on a flow does not stop instructions": Case(
        "3.7, 4.5",
        f"{PEOPLE}agents: {{a: {{tools: [bank], instructions: {{writable_by: [p]}}}}}}\ntools:\n{PAY}"
        f"flows: [{{from: p, to: a}}]\ncontrols: {{k: {ISOLATION}[p>a]}}}}\n",
        "path p>a>bank.pay:payment", "open", "[p>a]", "[a]", "broken",
    ),
    "a fact of free text wins over a typed channel": Case(
        "1.3",
        f"{PEOPLE}agents: {{a: {{tools: [bank]}}}}\ntools:\n{PAY}flows: [{{from: p, to: a, content: free}}]\n"
        f"controls: {{k: {TYPED}[p>a]}}}}\n",
        "path p>a>bank.pay:payment", "open", ", content: free", "", "broken",
    ),
    "a typed channel that is a claim is worse than a fact of typed text": Case(
        "1.3",
        f"{PEOPLE}agents: {{a: {{tools: [bank]}}}}\ntools:\n{PAY}flows: [{{from: p, to: a, content: typed}}]\n"
        "controls: {k: {type: typed-channel, status: declared, on: [p>a]}}\n",
        "path p>a>bank.pay:payment", "claimed", "declared", "configured", "none",
    ),
    "what comes along with a question is unknown where nobody says": Case(
        "7.1, 4.3 d",
        f"{PEOPLE}{DATA}agents:\n  boss: {{tools: [files], delegates_to: [{{to: a, identity: none, "
        "returns: typed}]}\n"
        f"  a: {{tools: [post]}}\ntools:\n{SEND}{READ}flows: [{{from: p, to: a, carries: []}}]\n",
        "path p>a>post.mail:disclosure", "unknown", "returns: typed}", "returns: typed, context: typed}", "none",
    ),
    "a tool of unknown actions may write the store it names": Case(
        "7.7",
        f"{PEOPLE}agents: {{a: {{tools: [box]}}, b: {{tools: [bank], memory: [notes]}}}}\ntools:\n{PAY}"
        "  box: {provider: first_party, store: notes}\nstores: {notes: {persistence: session, writers: []}}\n"
        "flows: [{from: p, to: a}]\n",
        "path p>b>bank.pay:payment", "unknown", ", store: notes}", "}", "none",
    ),
    "each way to what is set off is kept": Case(
        "5.5, 5.4",
        "agents:\n  a: {tools: [zip.go, act.go]}\n  b: {delegates_to: [{to: a, identity: none}]}\n"
        "  c: {delegates_to: [{to: b, identity: none, actions: [zip]}]}\ntools:\n"
        f"{PAY}  zip: {{{OURS}, actions: {{go: {{effect: read, triggers: [bank.pay]}}}}}}\n"
        f"  act: {{{OURS}, actions: {{go: {{effect: read, triggers: [bank.pay]}}}}}}\n",
        "can c bank.pay", "yes", "[zip]", "[bank]", "no",
    ),
    "what nobody names may be the secret that a flow carries": Case(
        "7.1, 7.2",
        f"{PEOPLE}{DATA}agents: {{a: {{tools: []}}}}\n"
        "flows: [{from: q, to: a}, {from: p, to: a, carries: []}, {from: a, to: r, carries: [secret]}]\n",
        "path p>a>a>r:disclosure", "unknown", "carries: [secret]", "carries: [menu]", "none",
    ),
    "data that flows in opens credentials": Case(
        "5.3",
        f"{PEOPLE}data: {{mail: {{opens: [key]}}}}\nagents: {{a: {{tools: [], runtime: {{shell: true}}}}}}\n"
        f"tools: {{bank: {{{OURS}, credential: key, actions: {{pay: {{effect: pay}}}}}}}}\ncredentials: {{key: {{}}}}\n"
        "flows: [{from: q, to: a, carries: [mail]}]\n",
        "can a bank.pay", "yes", "carries: [mail]", "carries: []", "no",
    ),
    "a denied tool has none of its unlisted actions": Case(
        "3.6",
        "agents: {a: {tools: [box]}}\ntools: {box: {}}\n"
        "controls: {k: {type: policy-as-code, on: [a], settings: {denies: [box]}, status: configured}}\n",
        "can a box.*", "no", "on: [a]", "on: [a], enforced: in_prompt", "unknown",
    ),
    "memory is written without the action that is gated": Case(
        "7.6",
        f"{PEOPLE}agents: {{a: {{tools: [desk], memory: [notes]}}, b: {{tools: [bank], memory: [notes]}}}}\n"
        f"stores: {{notes: {{persistence: session, writers: [a]}}}}\ntools:\n{PAY}{SAVE}flows: [{{from: p, to: a}}]\n"
        f"controls: {{k: {GATE}[desk.save]}}}}\n",
        "path p>b>bank.pay:payment", "open", "tools: [desk], memory: [notes]", "tools: [desk]", "broken",
    ),
    "isolation on an agent stops a store that nobody knows the writers of": Case(
        "4.5",
        f"agents: {{a: {{tools: [bank]}}}}\nstores: {{notes: {{}}}}\ntools:\n{PAY}flows: [{{from: notes, to: a}}]\n"
        f"controls: {{k: {ISOLATION}[a]}}}}\n",
        "path notes>a>bank.pay:payment", "broken", "tested", "absent", "unknown",
    ),
    "an owner's word on authorization stands before a write, too": Case(
        "3.6, 4.5",
        f"{PEOPLE}agents: {{a: {{tools: [desk], authorization: {{decided: per_request, considers: [task]}}}}, "
        "b: {tools: [bank], memory: [notes]}}\nstores: {notes: {persistence: session, writers: []}}\n"
        f"tools:\n{PAY}{SAVE}flows: [{{from: p, to: a}}]\n",
        "path p>b>bank.pay:payment", "claimed", "considers: [task]", "considers: [role]", "open",
    ),
    "an own agent that reads a store is no outsider": Case(
        "7.2",
        f"{PEOPLE}{DATA}agents: {{a: {{tools: [desk]}}, b: {{tools: []}}}}\n"
        f"stores: {{notes: {{readers: [b], data: [], persistence: session}}}}\ntools:\n{SAVE}{FLOWS}]\n",
        "path p>a>desk.save:disclosure", "none", "b: {tools: []}", "b: {operated_by: third_party}", "unknown",
    ),
    "a claimed list of recipients does not say to whom": Case(
        "9.2",
        f"{PEOPLE}{DATA}agents: {{a: {{tools: [post]}}}}\n"
        f"tools: {{post: {{{OURS}, actions: {{mail: {{effect: send}}}}}}}}\n{FLOWS}]\n"
        "controls: {k: {type: recipient-allowlist, on: [post], status: declared}}\n",
        "path p>a>post.mail:disclosure", "unknown", "declared", "configured", "broken",
    ),
    "a claimed sandbox does not say what sandbox there is": Case(
        "9.2",
        f"{PEOPLE}agents: {{a: {{tools: [lab]}}}}\n"
        f"tools: {{lab: {{{OURS}, actions: {{run: {{effect: execute}}}}}}}}\n{FLOWS}]\n{DATA}"
        "controls: {k: {type: sandbox, on: [a], status: declared}}\n",
        "path p>a>lab.run:execution", "unknown", "declared", "configured", "broken",
    ),
    "every flow on the way limits what it carries": Case(
        "7.2",
        f"{PEOPLE}{DATA}services: {{relay: {{renders: text}}}}\nagents: {{a: {{tools: []}}}}\n"
        f"{FLOWS}, {{from: a, to: relay, carries: [menu]}}, {{from: relay, to: r}}]\n",
        "path p>a>a>r:disclosure", "none", "carries: [menu]", "carries: [secret]", "open",
    ),
    "what is denied at the target is not set off by a message": Case(
        "3.6",
        f"agents: {{a: {{tools: []}}}}\nservices: {{s: {{}}}}\ntools:\n{PAY}"
        "flows: [{from: a, to: s, triggers: [bank.pay]}]\ncontrols: {k: {type: policy-enforcement, on: [a], "
        "settings: {denies: [bank.pay]}, at: target, status: tested}}\n",
        "can a bank.pay", "no", "at: target", "at: tool", "yes",
    ),
    "a store relays what leaves": Case(
        "4.2, 7.2",
        f"{PEOPLE}{DATA}stores: {{notes: {{data: []}}}}\nagents: {{a: {{tools: []}}}}\n"
        f"{FLOWS}, {{from: a, to: notes}}, {{from: notes, to: r}}]\n",
        "path p>a>a>r:disclosure", "open", "data: []", "data: [], validated: true", "none",
    ),
    "a store relays messages": Case(
        "4.2, 5.5",
        f"agents: {{a: {{tools: []}}}}\nservices: {{s: {{}}}}\nstores: {{queue: {{}}}}\ntools:\n{PAY}"
        "flows: [{from: a, to: queue}, {from: queue, to: s, triggers: [bank.pay]}]\n",
        "can a bank.pay", "yes", "{from: a, to: queue}, ", "", "no",
    ),
    "a reading comes back over delegations that list actions": Case(
        "7.1, 5.4",
        f"{PEOPLE}{DATA}agents:\n  a: {{tools: [post], delegates_to: [{{to: b, identity: none, context: typed, "
        "actions: [files]}]}\n  b: {tools: [], delegates_to: [{to: c, identity: none, context: typed}]}\n"
        f"  c: {{tools: [files]}}\ntools:\n{SEND}{READ}flows: [{{from: p, to: a, carries: []}}]\n",
        "path p>a>post.mail:disclosure", "open", "actions: [files]", "actions: [post]", "none",
    ),
    "isolation on the first flow of a way out breaks it": Case(
        "7.2",
        f"{PEOPLE}{DATA}services: {{relay: {{renders: text}}}}\nagents: {{a: {{tools: []}}}}\n"
        f"{FLOWS}, {{from: a, to: relay}}, {{from: relay, to: r}}]\ncontrols: {{k: {TYPED}[a>relay]}}}}\n",
        "path p>a>a>r:disclosure", "broken", "tested", "declared", "claimed",
    ),
    "a caller's identity cuts what comes back": Case(
        "7.1, 5.4",
        f"{PEOPLE}{DATA}identities: {{me: {{permissions: [post]}}}}\nagents:\n  a: {{tools: [post], identity: me, "
        "delegates_to: [{to: b, identity: caller, context: typed}]}\n  b: {tools: [files]}\n"
        f"tools:\n{SEND}{READ}flows: [{{from: p, to: a, carries: []}}]\n",
        "path p>a>post.mail:disclosure", "none", "identity: caller, ", "", "unknown",
    ),
    "max_depth bounds what comes back": Case(
        "7.1, 5.4",
        f"{PEOPLE}{DATA}agents:\n  a: {{tools: [post], delegates_to: [{{to: b, identity: none, context: typed, "
        "max_depth: 1}]}\n  b: {tools: [], delegates_to: [{to: c, identity: none, context: typed}]}\n"
        f"  c: {{tools: [], memory: [notes]}}\nstores: {{notes: {{data: [secret]}}}}\ntools:\n{SEND}"
        "flows: [{from: p, to: a, carries: []}]\n",
        "path p>a>post.mail:disclosure", "none", "max_depth: 1", "max_depth: 2", "open",
    ),
    "a gate on an agent stands before its memory": Case(
        "6.1, 4.5",
        f"{PEOPLE}agents: {{a: {{tools: [], memory: [notes]}}, b: {{tools: [bank], memory: [notes]}}}}\n"
        f"stores: {{notes: {{persistence: session, writers: [a]}}}}\ntools:\n{PAY}flows: [{{from: p, to: a}}]\n"
        f"controls: {{k: {GATE}[a]}}}}\n",
        "path p>b>bank.pay:payment", "broken", "tested", "planned", "open",
    ),
    "a gate on a flow does not stand before a result": Case(
        "3.7",
        f"{DATA}agents:\n  a: {{tools: []}}\n  b: {{operated_by: third_party, trust: partner, tools: [], "
        "delegates_to: [{to: a, identity: none, context: typed}]}\n"
        f"flows: [{{from: a, to: b}}, {{from: b, to: a, carries: [secret]}}]\ncontrols: {{k: {GATE}[a>b]}}}}\n",
        "path b>a>a>b:disclosure", "open", "on: [a>b]", "on: [b>a]", "broken",
    ),
    "a list of recipients does not bound a write": Case(
        "3.8",
        f"{PEOPLE}{DATA}agents: {{a: {{tools: [post]}}}}\ntools: {{post: {{{OURS}, actions: {{mail: "
        f"{{effect: [send, write], to: external, reversible: 'yes'}}}}}}}}\n{FLOWS}]\n"
        "controls: {k: {type: recipient-allowlist, on: [post], status: tested}}\n",
        "path p>a>post.mail:disclosure", "open", "[send, write]", "send", "broken",
    ),
    "who perhaps writes a store leaves its writers unknown": Case(
        "4.3 c",
        "agents: {a: {tools: [bank]}, b: {tools: [], runtime: {shell: true}}}\nstores: {notes: {}}\n"
        f"tools:\n{PAY}{SAVE}credentials: {{key: {{held_by: [b], scopes: {{granted: [desk.save]}}}}}}\n"
        "flows: [{from: notes, to: a}]\n",
        "influence a", "unknown", "held_by: [b], ", "held_by: [b], stored_in: env, ", "no",
    ),
    "whoever has all actions of a tool has the tool": Case(
        "4.3 e",
        'agents: {a: {tools: ["box.*"]}}\ntools: {box: {provider: community, version: floating}}\n',
        "influence a", "yes", "floating", "pinned", "unknown",
    ),
    "a gate on a flow does not stand before a write": Case(
        "3.7, 4.5",
        f"{PEOPLE}agents: {{a: {{tools: [desk]}}, b: {{tools: [bank], memory: [notes]}}}}\n"
        f"stores: {{notes: {{persistence: session, writers: [a]}}}}\ntools:\n{PAY}{SAVE}"
        f"flows: [{{from: p, to: a}}, {{from: a, to: notes}}]\ncontrols: {{k: {GATE}[a>notes]}}}}\n",
        "path p>b>bank.pay:payment", "open", "[a>notes]", "[notes]", "broken",
    ),
    "what a flow goes by way of stands on no delegation": Case(
        "3.7",
        "agents:\n  a: {tools: [bank]}\n  b: {tools: [], delegates_to: [{to: a, identity: none, context: typed}]}\n"
        f"tools: {{bank: {{{OURS}, actions: {{pay: {{effect: pay, returns: untrusted}}}}}}}}\n"
        "flows: [{from: b, to: a, via: [k]}]\ncontrols: {k: {type: dual-model, status: tested}}\n",
        "path bank.pay>b>bank.pay:payment", "open", "{type: dual-model,", "{type: dual-model, on: [b>a],", "broken",
    ),
    "nobody's permissions cut a shell": Case(
        "5.1, 5.4",
        "identities: {me: {permissions: []}}\nagents:\n"
        "  a: {identity: me, tools: [], delegates_to: [{to: b, identity: caller}]}\n"
        "  b: {tools: [], runtime: {shell: true}}\n",
        "can a b.shell", "yes", "shell: true", "shell: false", "no",
    ),
    "a flow into a store reaches it": Case(
        "5.7",
        "agents: {a: {tools: [], never: [notes]}}\nstores: {notes: {}, other: {}}\nflows: [{from: a, to: notes}]\n",
        "never a notes", "reached", "to: notes}", "to: other}", "held",
    ),
    "a named writer reaches a store": Case(
        "5.7",
        "agents: {a: {tools: [], never: [notes]}}\nstores: {notes: {writers: [a]}}\n",
        "never a notes", "reached", "writers: [a]", "writers: []", "held",
    ),
    "gates on all actions of a tool stand before what it is told": Case(
        "7.2",
        f"{DATA}people: {{q: {{trust: internal}}}}\nagents: {{a: {{tools: [box]}}}}\n"
        "tools: {box: {provider: community, version: floating, actions: {x: {effect: read, data: [], "
        "returns: trusted}, y: {effect: read, data: [], returns: trusted}}}}\n"
        f"flows: [{{from: q, to: a, carries: [secret]}}]\ncontrols: {{k: {GATE}[box.x, box.y]}}}}\n",
        "path box>a>box:disclosure", "broken", "[box.x, box.y]", "[box.x]", "open",
    ),
    "nothing is told to a tool that has no action left": Case(
        "7.2, 5.1",
        f"{DATA}people: {{q: {{trust: internal}}}}\nidentities: {{me: {{permissions: [other]}}}}\n"
        "agents: {a: {tools: [box, other], identity: me}}\ntools: {other: {provider: first_party, actions: {}}, "
        "box: {provider: community, version: floating, actions: {x: {effect: read, data: []}}}}\n"
        "flows: [{from: q, to: a, carries: [secret]}]\n",
        "path box>a>box:disclosure", "none", "permissions: [other]", "permissions: [box]", "open",
    ),
    "what a service's tool of unknown actions does is unknown": Case(
        "5.5",
        "agents: {a: {tools: []}}\nservices: {s: {tools: [box]}}\ntools: {box: {provider: first_party}}\n"
        "flows: [{from: a, to: s}]\n",
        "can a box.*", "unknown", "to: s}", "to: s, triggers: none}", "no",
    ),
    "an agent that is steered only past its own approval leaves it a claim": Case(
        "3.5",
        f"{PEOPLE}agents: {{a: {{tools: [bank]}}}}\nstores: {{notes: {{writers: [p]}}}}\ntools:\n{PAY}"
        "flows: [{from: notes, to: a}]\ncontrols: {k: {type: human-approval, on: [notes], by: a, "
        "settings: {binds: parameters, on_timeout: deny}}}\n",
        "path p>a>bank.pay:payment", "claimed", "to: a}]", "to: a}, {from: p, to: a}]", "open",
    ),
    "an identity cuts what sets something off past a tool": Case(
        "5.5, 5.4",
        "identities: {me: {permissions: [bank]}}\nagents:\n"
        "  a: {identity: me, tools: [], delegates_to: [{to: b, identity: caller}]}\n"
        "  b: {tools: [], runtime: {shell: true}, credentials: [key]}\n"
        f"credentials: {{key: {{stored_in: env, scopes: {{granted: [zip.go]}}}}}}\ntools:\n{PAY}"
        f"  zip: {{{OURS}, actions: {{go: {{effect: read, triggers: [bank.pay]}}}}}}\n",
        "can a bank.pay", "no", "permissions: [bank]", "permissions: [zip]", "yes",
    ),
    "a gate on a store stands before a write past the tool": Case(
        "6.1",
        f"{PEOPLE}agents: {{a: {{tools: [], runtime: {{shell: true}}, credentials: [key]}}}}\n"
        f"credentials: {{key: {{stored_in: env, scopes: {{granted: [desk.save]}}}}}}\n"
        "stores: {notes: {persistence: session}}\ntools: {desk: {provider: first_party, actions: {save: "
        "{effect: write, store: notes, reversible: 'no'}}}}\n"
        f"flows: [{{from: p, to: a}}]\ncontrols: {{k: {GATE}[notes]}}}}\n",
        "path p>a>desk.save:destruction", "broken", "[notes]", "[desk]", "open",
    ),
}  # fmt: skip


def answer(described: Described, text: str, ask: str) -> str:
    """Return what is derived of a description for one question."""
    model = described(text)
    placed = place_all(model.graph, model.catalog.controls)
    found: Derived = derive(Context(model.graph, model.catalog, placed, date(2026, 11, 25)))
    kind, _, what = ask.partition(" ")
    if kind == "path":
        return next((path.state for path in found.paths.listed if path.id == what), "none")
    if kind == "influence":
        return next((one.certainty for one in found.influences if one.agent == what), "no")
    agent, name = what.split(" ")
    if kind == "never":
        return next(one.state for one in found.invariants if (one.agent, one.never) == (agent, name))
    certain = [one.certainty for one in found.capabilities if (one.agent, one.action) == (agent, name)]
    return max(certain, default="no")


@pytest.mark.parametrize("name", CASES)
def test_one_change_decides(described: Described, name: str) -> None:
    """Each case names the rule of SEMANTICS that it holds."""
    case = CASES[name]
    assert case.old in case.text, "the change must change something"

    assert answer(described, case.text, case.ask) == case.hit, case.rule
    assert answer(described, case.text.replace(case.old, case.new), case.ask) == case.miss, case.rule


def test_what_never_expires_is_the_longest_whatever_else_is_unsaid(described: Described) -> None:
    """SEMANTICS 10.3: a token for ever outlives a revocation of which nobody says how long it takes."""
    text = "credentials: {key: {}, token: {derived_from: key, lifetime: never}}\n"
    model = described(text)
    placed = place_all(model.graph, model.catalog.controls)
    found = derive(Context(model.graph, model.catalog, placed, date(2026, 11, 25)))

    assert [one.usable_after_revocation for one in found.credentials] == ["never", "unknown"]


def test_nothing_leaves_to_whoever_sends_it(described: Described) -> None:
    """SEMANTICS 7.2: a way that leads back to the agent itself is no way out."""
    model = described(
        f"{DATA}{PEOPLE}agents: {{a: {{operated_by: third_party, trust: partner, tools: []}}, b: {{tools: []}}}}\n"
        "external: {e: {trust: partner}}\n"
        "flows: [{from: p, to: a, carries: [secret]}, {from: a, to: e}, {from: e, to: a}]\n"
    )
    placed = place_all(model.graph, model.catalog.controls)
    found = derive(Context(model.graph, model.catalog, placed, date(2026, 11, 25)))

    assert {path.action for path in found.paths.listed if path.agent == "a"} == {"a>e"}
