"""The same drawn shape through OWASP pytm: build, resolve, print JSON. Run by `run.py` in an environment of its own."""

from __future__ import annotations

import contextlib
import io
import json
import sys

from pytm import TM, Actor, Dataflow, Datastore, ExternalEntity, Process, Server
from pytm.pytm import to_serializable
from shape import SHAPES

CLASSES = {
    "person": Actor,
    "external": ExternalEntity,
    "service": Server,
    "tool": Server,
    "store": Datastore,
    "model": Process,
    "agent": Process,
}


def main() -> None:
    """Model the shape and size named on the command line and print what pytm finds, as JSON."""
    shape = SHAPES[sys.argv[1]](int(sys.argv[2]))
    model = TM("Generated")
    made = {name: CLASSES[kind](name) for name, kind in shape.kinds.items()}
    for source, target in shape.edges:
        Dataflow(made[source], made[target], f"{source} to {target}")
    with contextlib.redirect_stderr(io.StringIO()):
        model.check()
        model.resolve()
    sys.stdout.write(json.dumps(model, default=to_serializable))


if __name__ == "__main__":
    main()
