"""The closed set of condition operators: what each accepts, and when it holds. Each compiles once, to a function."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from threatmodel.analysis.predicates import PREDICATES
from threatmodel.analysis.relations import relation
from threatmodel.analysis.truth import FALSE, TRUE, Truth, all_of, any_of
from threatmodel.model.facts import Fact, State, fact
from threatmodel.model.patterns import matches
from threatmodel.model.worst import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element

Test: TypeAlias = "Callable[[Context, Element], Truth]"

DAY: Final = 86400.0  # seconds


class ConditionError(ValueError):
    """A condition is not one of the forms below; the message says what was expected."""


def compile_condition(condition: Mapping[str, Any], kinds: frozenset[str]) -> Test:
    """
    Turn a condition into a function.

    Args:
        condition: One operator and its operand.
        kinds: Kinds of the element it will be asked about, to check relations and predicates now.

    Raises:
        ConditionError: unknown operator, operand of a wrong form, or a name that does not exist for these kinds.
    """
    if not isinstance(condition, dict) or len(condition) != 1:
        message = f"a condition is a mapping with one operator, found {_brief(condition)}"
        raise ConditionError(message)
    [(operator, operand)] = condition.items()
    make = OPERATORS.get(operator)
    if make is None:
        message = f"no operator is named '{operator}'; there are {', '.join(sorted(OPERATORS))}"
        raise ConditionError(message)
    return make(operand, kinds)


def _all(operand: object, kinds: frozenset[str]) -> Test:
    parts = tuple(compile_condition(part, kinds) for part in _list(operand))

    def test(context: Context, element: Element) -> Truth:
        held: list[Truth] = []
        for part in parts:
            truth = part(context, element)
            if truth.value is False:
                return truth
            held.append(truth)
        return all_of(held)

    return test


def _any(operand: object, kinds: frozenset[str]) -> Test:
    parts = [compile_condition(part, kinds) for part in _list(operand)]
    return lambda context, element: any_of(part(context, element) for part in parts)


def _not(operand: object, kinds: frozenset[str]) -> Test:
    part = compile_condition(_mapping(operand), kinds)
    return lambda context, element: part(context, element).negated()


def _is(operand: object, _: frozenset[str]) -> Test:
    """`{path: word}` or `{path: [words]}`: the fact, or one item of a list, is one of the words. Several paths: all."""
    tests = [
        _one_of(_path(key), frozenset(map(_plain, _list_or_one(value)))) for key, value in _mapping(operand).items()
    ]
    return tests[0] if len(tests) == 1 else lambda context, element: all_of(one(context, element) for one in tests)


def _one_of(path: tuple[str, ...], words: frozenset[object]) -> Test:
    def test(context: Context, element: Element) -> Truth:
        if element.derived:
            value = element.body[path[0]]
            return TRUE if (not words.isdisjoint(value) if isinstance(value, list) else value in words) else FALSE
        known = fact(context.graph, element, path)
        if not known.known:
            return FALSE if known.state is State.ABSENT else Truth(None, (), (known,))
        value = known.value
        held = not words.isdisjoint(value) if isinstance(value, tuple) else _plain(value) in words
        return Truth(held, (known,))

    return test


def _includes(operand: object, _: frozenset[str]) -> Test:
    """`{path: words}`: the list at the path holds at least one of the words; `*` in a word stands for anything."""
    [(key, value)] = _pair(operand)
    path, patterns = _path(key), tuple(str(word) for word in _list_or_one(value))

    def test(context: Context, element: Element) -> Truth:
        known = fact(context.graph, element, path)
        return _judge(
            known, lambda value: any(matches(pattern, word) for word in _words(value) for pattern in patterns)
        )

    return test


def _two_lists(operand: object, judge: Callable[[set[str], set[str]], bool]) -> Test:
    items = _list(operand)
    if len(items) != 2:  # noqa: PLR2004  left and right
        message = "expected two paths"
        raise ConditionError(message)
    left, right = (_path(item) for item in items)

    def test(context: Context, element: Element) -> Truth:
        facts = (fact(context.graph, element, left), fact(context.graph, element, right))
        if any(one.state is State.ABSENT for one in facts):
            return FALSE
        missing = tuple(one for one in facts if not one.known)
        if missing:
            return Truth(None, tuple(one for one in facts if one.known), missing)
        return Truth(judge(set(_words(facts[0].value)), set(_words(facts[1].value))), facts)

    return test


def _subset(operand: object, _: frozenset[str]) -> Test:
    """`[a, b]`: everything in a is in b, or fits a pattern there (`mail.*`)."""
    return _two_lists(operand, lambda left, right: all(any(matches(known, one) for known in right) for one in left))


def _overlaps(operand: object, _: frozenset[str]) -> Test:
    """`[a, b]`: something in a is in b."""
    return _two_lists(operand, lambda left, right: bool(left & right))


def _same(operand: object, _: frozenset[str]) -> Test:
    """`[a, b]`: both say the same."""
    return _two_lists(operand, lambda left, right: left == right)


def _stated(operand: object, _: frozenset[str]) -> Test:
    """`path`: somebody states it, whatever it says. Never unknown."""
    path = _path(operand)

    def test(context: Context, element: Element) -> Truth:
        known = fact(context.graph, element, path)
        return Truth(known.state is State.STATED, (known,) if known.known else (), _unasked(known))

    return test


def _has(operand: object, _: frozenset[str]) -> Test:
    """`path`: a value other than `none`, `false` or an empty list is there. Never unknown: unsaid is no."""
    path = _path(operand)

    def test(context: Context, element: Element) -> Truth:
        known = fact(context.graph, element, path)
        there = known.known and known.value not in ("none", False, ())
        return Truth(there, (known,) if known.known else (), _unasked(known))

    return test


def _lacks(operand: object, _: frozenset[str]) -> Test:
    """`path`: it is stated that there is none (`none`, `false`, `never`, an empty list). Unsaid is unknown."""
    path = _path(operand)
    return lambda context, element: _judge(
        fact(context.graph, element, path), lambda value: value in ("none", "never", False, ())
    )


def _longer(operand: object, _: frozenset[str]) -> Test:
    """`{path: 24h}`: the duration at the path is longer."""
    [(key, limit)] = _pair(operand)
    path, most = _path(key), seconds(str(limit))
    if most is None:
        message = f"'{limit}' is not a duration"
        raise ConditionError(message)

    def longer(value: object) -> bool | None:
        length = seconds(str(value))
        return None if length is None else length > most

    return lambda context, element: _judge(fact(context.graph, element, path), longer)


def _older(operand: object, _: frozenset[str]) -> Test:
    """`{path: 365d}`: the date at the path lies further back than that."""
    [(key, limit)] = _pair(operand)
    path, most = _path(key), seconds(str(limit))
    if most is None:
        message = f"'{limit}' is not a duration"
        raise ConditionError(message)

    def test(context: Context, element: Element) -> Truth:
        def older(value: object) -> bool | None:
            try:
                return (context.today - date.fromisoformat(str(value))).days * DAY > most
            except ValueError:
                return None

        return _judge(fact(context.graph, element, path), older)

    return test


def _quantified(operand: object, kinds: frozenset[str], *, every: bool) -> Test:
    parts = _mapping(operand)
    if set(parts) != {"of", "where"}:
        message = "expected 'of:' a relation and 'where:' a condition"
        raise ConditionError(message)
    name = str(parts["of"])
    ways = {kind: found for kind in kinds if (found := relation(name, kind))}
    if set(ways) != kinds:
        message = f"no relation '{name}' starts at {', '.join(sorted(kinds - set(ways)))}"
        raise ConditionError(message)
    where = compile_condition(parts["where"], frozenset().union(*(way.finds for way in ways.values())))

    def answers(context: Context, element: Element) -> Iterator[Truth]:
        way = ways[element.kind]
        for found in way.ways(context.graph, element):
            yield where(context, found)
        missing = way.missing(element)
        if missing:
            yield Truth(None, (), missing)

    if every:
        return lambda context, element: all_of(answers(context, element))
    return lambda context, element: any_of(answers(context, element))


def _some(operand: object, kinds: frozenset[str]) -> Test:
    """`{of: relation, where: condition}`: holds for at least one."""
    return _quantified(operand, kinds, every=False)


def _every(operand: object, kinds: frozenset[str]) -> Test:
    """`{of: relation, where: condition}`: holds for each (and for none at all)."""
    return _quantified(operand, kinds, every=True)


def _count(operand: object, kinds: frozenset[str]) -> Test:
    """`{of: relation, more_than: n}`: the relation leads to more than n elements. Unsaid ones are not counted."""
    parts = _mapping(operand)
    name, most = str(parts.get("of")), parts.get("more_than")
    ways = {kind: found for kind in kinds if (found := relation(name, kind))}
    if set(parts) != {"of", "more_than"} or set(ways) != kinds or not isinstance(most, int):
        message = "expected 'of:' a relation that starts here and 'more_than:' a whole number"
        raise ConditionError(message)

    def test(context: Context, element: Element) -> Truth:
        found = ways[element.kind].ways(context.graph, element)
        used = tuple(Fact(one.place, f"one of its {name}", State.STATED, one.span) for one in found)
        return Truth(value=len(found) > most, used=used)

    return test


def _ask(operand: object, kinds: frozenset[str]) -> Test:
    """`name`: a named predicate answers."""
    predicate = PREDICATES.get(str(operand))
    if predicate is None:
        message = f"no predicate is named '{operand}'; there are {', '.join(sorted(PREDICATES))}"
        raise ConditionError(message)
    if not kinds <= predicate.kinds:
        message = f"the predicate '{operand}' answers about {', '.join(sorted(predicate.kinds))}"
        raise ConditionError(message)
    return predicate.test


def _future(operand: object, _: frozenset[str]) -> Test:
    """`path`: the date at the path has not come yet."""
    path = _path(operand)

    def test(context: Context, element: Element) -> Truth:
        def ahead(value: object) -> bool | None:
            try:
                return date.fromisoformat(str(value)) > context.today
            except ValueError:
                return None

        return _judge(fact(context.graph, element, path), ahead)

    return test


OPERATORS: Final[dict[str, Callable[[Any, frozenset[str]], Test]]] = {
    "all": _all, "any": _any, "not": _not,
    "is": _is, "includes": _includes, "subset": _subset, "overlaps": _overlaps, "same": _same,
    "stated": _stated, "has": _has, "lacks": _lacks, "longer": _longer, "older": _older, "future": _future,
    "some": _some, "every": _every, "count": _count, "ask": _ask,
}  # fmt: skip


def paths_used(condition: object) -> Iterator[str]:
    """Yield every dotted path that a condition reads directly on its subject; those inside `where:` are left out."""
    if isinstance(condition, list):
        for part in condition:
            yield from paths_used(part)
    elif isinstance(condition, dict):
        for operator, operand in condition.items():
            if operator in {"all", "any", "not"}:
                yield from paths_used(operand)
            elif operator in {"is", "includes", "longer", "older"} and isinstance(operand, dict):
                yield from map(str, operand)
            elif operator in {"stated", "has", "lacks", "future"}:
                yield str(operand)
            elif operator in {"subset", "overlaps", "same"} and isinstance(operand, list):
                yield from map(str, operand)


def _judge(known: Fact, holds: Callable[[Any], bool | None]) -> Truth:
    """Apply a judgement to a fact: absent is false, unknown stays unknown."""
    if known.state is State.ABSENT:
        return FALSE
    if not known.known:
        return Truth(None, (), (known,))
    answer = holds(known.value)
    if answer is None:
        return Truth(None, (), (Fact(known.place, None, State.UNKNOWN, known.span),))
    return Truth(answer, (known,))


def _unasked(known: Fact) -> tuple[Fact, ...]:
    return (known,) if known.state is State.UNKNOWN else ()


def _plain(value: object) -> object:
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else () if value in ("none", None) else (str(value),)


def _path(text: object) -> tuple[str, ...]:
    if not isinstance(text, str) or not text or not all(text.split(".")):
        message = f"expected a dotted path such as credential.lifetime, found {_brief(text)}"
        raise ConditionError(message)
    return tuple(text.split("."))


def _mapping(operand: object) -> dict[str, Any]:
    if not isinstance(operand, dict) or not operand:
        message = f"expected a mapping, found {_brief(operand)}"
        raise ConditionError(message)
    return operand


def _pair(operand: object) -> list[tuple[str, Any]]:
    pairs = list(_mapping(operand).items())
    if len(pairs) != 1:
        message = "expected one path with its value"
        raise ConditionError(message)
    return pairs


def _list(operand: object) -> list[Any]:
    if not isinstance(operand, list) or not operand:
        message = f"expected a list, found {_brief(operand)}"
        raise ConditionError(message)
    return operand


def _list_or_one(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"  # noqa: PLR2004  fits a line
