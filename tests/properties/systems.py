"""Random descriptions in which most relations of the semantics can occur."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

AGENTS = ("anna", "bert", "carl")
STORES = ("shelf", "vault")
ACTIONS = ("desk.look", "desk.save", "desk.erase", "bank.refund", "bank.enrol", "post.mail", "lab.run")
DATA = ("case", "menu")
Body = dict[str, Any]


def some(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Body]:
    """Return mappings that hold any of the keys."""
    return st.fixed_dictionaries({}, optional=keys)


def subset(words: tuple[str, ...], most: int = 3) -> st.SearchStrategy[list[str]]:
    """Return short lists of different words."""
    return st.lists(st.sampled_from(words), unique=True, max_size=most)


PEOPLE = st.fixed_dictionaries(
    {
        "guest": some(
            trust=st.sampled_from(["untrusted", "partner", "internal"]),
            content=st.sampled_from(["trusted", "untrusted"]),
        ),
        "boss": st.just({"trust": "internal"}),
    }
)
AGENT = some(
    tools=subset(("desk", "bank", "post", "lab", *ACTIONS)),
    memory=subset(STORES, 1),
    identity=st.sampled_from(["robot", "none"]),
    credentials=subset(("key",), 1),
    planning=st.sampled_from(["fixed", "model_plans"]),
    never=subset(("pay", "desk.erase", "shelf"), 2),
    intended=subset(("desk", "post.mail"), 2),
    operated_by=st.sampled_from(["first_party", "third_party"]),
    trust=st.sampled_from(["internal", "partner"]),
    runtime=some(
        shell=st.booleans(), sandbox=st.sampled_from(["none", "container"]), egress=st.sampled_from(["any", "none"])
    ),
    access=st.dictionaries(st.sampled_from(STORES), st.sampled_from([["read"], ["write"], "unknown"]), max_size=1),
    instructions=some(writable_by=subset(("guest", "any", "anna"), 1)),
)
DELEGATION = some(
    context=st.sampled_from(["transcript", "typed", "none"]),
    identity=st.sampled_from(["caller", "actor_only"]),
    returns=st.just("typed"),
    max_depth=st.integers(1, 2),
    actions=st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2, unique=True),
)
TOOL = some(
    provider=st.sampled_from(["first_party", "third_party"]),
    version=st.sampled_from(["pinned", "floating"]),
    credential=st.just("key"),
    sandbox=st.sampled_from(["none", "container"]),
    runs_in=st.sampled_from(["agent_process", "container"]),
)
REVERSIBLE = st.sampled_from(["yes", "no", "with_effort"])


def tools() -> st.SearchStrategy[Body]:
    """Return the four tools, each with facts that may be missing."""
    actions = {
        "desk": {
            "look": some(data=subset(DATA, 1), store=st.just("shelf"), returns=st.sampled_from(["untrusted", "typed"])),
            "save": some(store=st.sampled_from(STORES), reversible=REVERSIBLE, triggers=subset(("bank.refund",), 1)),
            "erase": some(reversible=REVERSIBLE, restored_by=st.just("copies"), store=st.sampled_from(STORES)),
        },
        "bank": {"refund": some(), "enrol": some()},
        "post": {"mail": some(to=st.sampled_from(["external", "internal"]))},
        "lab": {"run": some()},
    }
    effects = {
        "look": "read",
        "save": "write",
        "erase": "delete",
        "refund": "pay",
        "enrol": "grant",
        "mail": "send",
        "run": "execute",
    }

    def with_effects(tool: Body, bodies: Body) -> Body:
        return {**tool, "actions": {name: {"effect": effects[name], **body} for name, body in bodies.items()}}

    return st.fixed_dictionaries(
        {name: st.builds(with_effects, TOOL, st.fixed_dictionaries(offered)) for name, offered in actions.items()}
    )


CONTROL_TYPES = (
    "human-approval",
    "input-isolation",
    "prompt-shield",
    "policy-enforcement",
    "sandbox",
    "backup-restore",
    "egress-allowlist",
)
CONTROL = st.fixed_dictionaries(
    {
        "type": st.sampled_from(CONTROL_TYPES),
        "on": st.sampled_from([["desk.save"], ["bank"], ["anna"], ["shelf"], ["post.mail"], ["lab"]]),
    },
    optional={
        "status": st.sampled_from(["planned", "declared", "configured", "tested"]),
        "by": st.sampled_from(["boss", "guest", "bert"]),
        "at": st.sampled_from(["client", "target"]),
        "store": st.just("vault"),
        "applies": st.sampled_from(["always", "some"]),
    },
)
FLOW = st.fixed_dictionaries(
    {
        "from": st.sampled_from(["guest", "boss", "anna", "portal", "shelf"]),
        "to": st.sampled_from(["anna", "bert", "portal", "shelf", "guest"]),
    },
    optional={
        "content": st.sampled_from(["free", "typed"]),
        "carries": subset(DATA, 1),
        "authenticated": st.booleans(),
        "via": st.just(["portal"]),
        "triggers": subset(("desk.erase",), 1),
    },
).filter(
    lambda flow: flow["from"] != flow["to"] and "portal" not in {flow["from"], flow["to"]} & set(flow.get("via", ()))
)
STORE = some(
    persistence=st.sampled_from(["session", "cross_session"]),
    validated=st.sampled_from([True, False, "classifier"]),
    writers=subset(("guest", "anna", "bert"), 2),
    readers=subset(("guest", "boss", "public"), 1),
    data=subset(DATA, 1),
    integrity=st.just(["append_only"]),
    triggers=subset(("lab.run",), 1),
)


def _joined(agents: Body, links: list[tuple[str, str, Body]]) -> Body:
    joined = {name: dict(body) for name, body in agents.items()}
    for source, target, body in links:
        targets = joined[source].setdefault("delegates_to", [])
        if source != target and all(one["to"] != target for one in targets):
            targets.append({"to": target, **body})
    return {
        name: {key: value for key, value in body.items() if value != [] or key != "delegates_to"}
        for name, body in joined.items()
    }


SYSTEMS: st.SearchStrategy[Body] = st.fixed_dictionaries(
    {
        "people": PEOPLE,
        "services": st.fixed_dictionaries(
            {
                "portal": some(
                    passes=st.sampled_from(["text", "typed"]),
                    renders=st.just("html"),
                    loads_remote=st.sampled_from(["any", "none"]),
                ),
            }
        ),
        "agents": st.builds(
            _joined,
            st.fixed_dictionaries(dict.fromkeys(AGENTS, AGENT)),
            st.lists(st.tuples(st.sampled_from(AGENTS), st.sampled_from(AGENTS), DELEGATION), max_size=3),
        ),
        "tools": tools(),
        "stores": st.fixed_dictionaries(dict.fromkeys(STORES, STORE)),
        "data": st.fixed_dictionaries(
            {"case": some(classification=st.just("confidential")), "menu": st.just({"classification": "public"})}
        ),
        "identities": st.fixed_dictionaries(
            {"robot": some(permissions=subset(("desk.*", "bank.refund", "post.mail"), 2))}
        ),
        "credentials": st.fixed_dictionaries(
            {
                "key": some(
                    stored_in=st.sampled_from(["env", "broker"]),
                    visible_to_model=st.booleans(),
                    lifetime=st.sampled_from(["15m", "never"]),
                    scopes=some(
                        granted=subset(("bank.refund", "desk.erase", "opaque"), 2), needed=subset(("bank.refund",), 1)
                    ),
                    identity=st.just("robot"),
                    revoked=st.just("never"),
                ),
            }
        ),
        "controls": st.fixed_dictionaries(
            {"copies": st.just({"type": "backup-restore", "on": ["desk.erase"], "status": "tested"})}
        ).flatmap(
            lambda first: st.dictionaries(st.sampled_from(["guard", "wall"]), CONTROL, max_size=2).map(
                lambda more: {**first, **more}
            )
        ),
        "flows": st.lists(FLOW, max_size=4, unique_by=lambda flow: (flow["from"], flow["to"])),
    }
)
