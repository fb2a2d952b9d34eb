"""What an assert of JavaScript or TypeScript insists on: expect and should chains, node's assert, tap and ava."""

from __future__ import annotations

import re

from loopwright.checks.suites.expectation import Expectation
from loopwright.checks.suites.shape import Found, Known, arguments, compared, literal, of_condition
from loopwright.checks.suites.syntax import Node, word

_Link = tuple[str, "Node | None"]  # a word of a chain, with its call

_FILLERS = frozenset(
    {
        *("to", "be", "been", "is", "that", "which", "and", "has", "have", "with", "at", "of", "same", "but", "does"),
        *("still", "also", "a", "an", "deep", "resolves", "rejects", "eventually", "nested", "own", "soft"),
    }
)
_STRICT = frozenset({"tobe", "tostrictequal", "strictequal", "deepstrictequal", "is", "strictsame", "toequaltypeof"})
_RELATIONS = {
    **dict.fromkeys((*_STRICT, "toequal", "equal", "equals", "eq", "eql", "deepequal", "same", "like"), "=="),
    **dict.fromkeys(("not", "notstrictequal", "notequal", "notdeepequal", "notdeepstrictequal", "notsame"), "!="),
    **dict.fromkeys(("tobetruthy", "ok", "truthy", "tohavebeencalled", "called", "assert"), "truthy"),
    **dict.fromkeys(("tobefalsy", "notok", "falsy", "error", "iferror"), "falsy"),
    **dict.fromkeys(("tobedefined", "exist", "exists", "isdefined", "tobeinthedocument"), "defined"),
    **dict.fromkeys(("tothrow", "tothrowerror", "throw", "throws", "rejects", "rejectedwith"), "raises"),
    **{"tobecloseto": "approx", "closeto": "approx", "approximately": "approx"},
    **dict.fromkeys(("tocontain", "contain", "contains", "include", "includes", "tocontainequal"), "contains"),
    **{"tomatch": "matches", "match": "matches", "tohavelength": "length", "lengthof": "length"},
    **{"tohavebeencalledwith": "called with", "calledwith": "called with", "tomatchsnapshot": "snapshot"},
    **{"tobegreaterthan": ">", "tobegreaterthanorequal": ">=", "tobelessthan": "<", "tobelessthanorequal": "<="},
    **{"above": ">", "greaterthan": ">", "least": ">=", "below": "<", "lessthan": "<", "most": "<="},
    **{"tobeinstanceof": "type", "instanceof": "type"},
}
_VALUES = {
    **{"tobenull": "null", "null": "null", "isnull": "null", "tobeundefined": "undefined", "undefined": "undefined"},
    **{"isundefined": "undefined", "true": "true", "istrue": "true", "false": "false", "isfalse": "false"},
}
_TAPPED = re.compile(r"[a-z]{0,3}t\d?|test|is|assert")  # t, tt, st, s2t: what tap and its like give to a test
_OF_T = frozenset(
    {
        *("is", "not", "deepEqual", "like", "throws", "throwsAsync", "true", "false", "truthy", "falsy", "regex"),
        *(
            "equal",
            "equals",
            "same",
            "strictSame",
            "ok",
            "notOk",
            "match",
            "rejects",
            "fail",
            "notThrows",
            "strictEqual",
        ),
        *("notEqual", "deepStrictEqual", "error", "snapshot"),
    }
)


def asserts(node: Node, known: Known) -> Found | None:
    """What a node insists on; None for one that is no assert."""
    if node.type not in {"call_expression", "member_expression"}:
        return None
    root, links = _chain(node)
    name = word(root.child_by_field_name("function")) if root.type == "call_expression" else word(root)
    if root.type == "call_expression" and name.startswith(("expect", "assertType")) and (links or name != "expect"):
        return Found([_expected(root, links, known)])
    if root.type == "call_expression" and name in {"assert", "ok"} and not links:
        return Found(_asserted("ok", root, known))
    if name == "t" and links and links[0][0] == "assert":  # node:test has its asserts at t.assert
        name, links = "assert", links[1:]
    if root.type == "identifier" and len(links) == 1 and links[0][1] is not None:
        return _of_owner(name, links[0][0], links[0][1], known)
    if any(link[0] == "should" for link in links):
        at = next(i for i, link in enumerate(links) if link[0] == "should")
        return Found([_chained(known.plain(root), links[at + 1 :], known)])
    return None


def _of_owner(owner: str, method: str, call: Node, known: Known) -> Found | None:
    if owner == "expect":
        return Found([Expectation(f"expect.{method}", "==", _given(call, known), around=known.around)])
    if owner != "assert" and method == "equal":
        method = "strictEqual"
    if owner == "assert" or (_TAPPED.fullmatch(owner) and method in _OF_T):
        return Found(_asserted(method, call, known))
    return None


def _chain(node: Node) -> tuple[Node, list[_Link]]:
    """`expect(x).not.toBe(1)` as its root, `expect(x)`, and its links, `not` and `toBe` with its call."""
    links: list[_Link] = []
    call: Node | None = None
    while True:
        inner = node
        if node.type == "call_expression":
            inner = node.child_by_field_name("function") or node
            if inner.type != "member_expression":
                return node, links[::-1]
            call = node
        elif node.type == "member_expression":
            links.append((word(node.child_by_field_name("property")), call))
            call = None
            inner = node.child_by_field_name("object") or node
        elif node.type in {"await_expression", "parenthesized_expression", "non_null_expression"}:
            inner = node.named_children[0] if node.named_children else node
        if inner == node:
            return node, links[::-1]
        node = inner


def _expected(root: Node, links: list[_Link], known: Known) -> Expectation:
    given = arguments(root)
    subject = known.plain(given[0]) if given else ""
    name = word(root.child_by_field_name("function"))
    if not links:  # expectTypeOf<T>(), or a helper by that name
        return Expectation(known.plain(root), "calls", around=known.around)
    return _chained(subject if name == "expect" else f"{name}({subject})", links, known)


def _chained(subject: str, links: list[_Link], known: Known) -> Expectation:
    negated = sum(name in {"not", "never"} for name, _ in links) % 2 == 1
    told = [link for link in links if link[0] not in _FILLERS and link[0] not in {"not", "never"}]
    name, call = told[-1] if told else (links[-1] if links else ("", None))
    before = " ".join(link[0] for link in told[:-1])
    fails = any(link[0] == "rejects" for link in links) and not name.lower().startswith("tothrow")
    given = "" if call is None else _given(call, known)
    return _related(subject, f"{'rejects ' if fails else ''}{before}", name, given, negated, known)


def _given(call: Node, known: Known) -> str:
    return ", ".join(known.plain(argument) for argument in arguments(call))


def _related(subject: str, before: str, name: str, given: str, negated: bool, known: Known) -> Expectation:
    low = name.lower()
    relation, value = _RELATIONS.get(low, name), given
    detail = before.strip()
    if low in _VALUES:
        relation, value = "==", _VALUES[low]
    elif low in _STRICT and not literal(given):
        detail = f"{detail} strictly".strip()
    slack = None
    if relation == "approx":
        value, _, off = given.partition(", ")
        slack = _slack(low, off)
    if negated:
        relation, value = _opposite(relation, value)
    return Expectation(subject, relation, value, detail, known.around, slack)


def _opposite(relation: str, value: str) -> tuple[str, str]:
    if relation == "==" and value in {"null", "undefined"}:
        return "defined", ""
    return {"==": "!=", "truthy": "falsy", "falsy": "truthy", "defined": "=="}.get(relation, f"not {relation}"), (
        "undefined" if relation == "defined" else value
    )


def _slack(name: str, off: str) -> float | None:
    try:
        number = float(off) if off else 2.0
    except ValueError:
        return None
    return 10.0 ** -min(max(number, -300), 300) / 2 if name == "tobecloseto" else number


def _asserted(method: str, call: Node, known: Known) -> list[Expectation]:
    """`assert.equal(a, b)` and the like; a message for people says nothing here."""
    given = arguments(call)
    low = method.lower()
    if low == "fail":  # where an error is caught, the error itself would have done
        caught = any(condition == "on an error" or condition.endswith(".catch") for condition in known.around)
        return [] if caught else [Expectation("the test", "fails here", around=known.around)]
    if low in {"ok", "assert", "truthy", "notok", "falsy"} and given:
        negated = low in {"notok", "falsy"}
        return [Expectation(*part, around=known.around) for part in of_condition(given[0], known, negated)]
    first = known.plain(given[0]) if given else ""
    second = known.plain(given[1]) if len(given) > 1 else ""
    relation = _RELATIONS.get(low)
    if low in _VALUES or relation is None:
        second = second if low not in _VALUES else ""
    elif relation in {"==", "!=", "<", ">", "<=", ">="}:
        first, relation, second = compared(first, relation, second)
        if relation == "defined":
            return [Expectation(first, relation, second, around=known.around)]
        strict = "strictly" if low in _STRICT and not literal(second) else ""
        return [Expectation(first, relation, second, strict, known.around)]
    elif second[:1] in {'"', "`"} and relation != "raises":
        second = ""
    return [_related(first, "", method, second, False, known)]
