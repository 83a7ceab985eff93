"""Which of the nodes that would do is the best: each rule gives 0 to 100, and counts as in the default profile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import log

from fakekube.controllers.scheduler.neighbours import Term, eligible, matching, with_label_keys
from fakekube.controllers.scheduler.nodes import SOFT, Nodes, NodeState
from fakekube.controllers.scheduler.requests import UNASKED, Placed, Request, preferences
from fakekube.core.meta import Obj, controller_of, split_api_version
from fakekube.machinery.selection import node_term, untolerated
from fakekube.machinery.world import World

Scores = dict[str, int]
"""By the names of nodes."""
MOST = 100
HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
SMALL_IMAGES, LARGE_IMAGE = 23 * 2**20, 1000 * 2**20
"""Bytes of images that count for nothing, and of one container's image that count most."""
_BY_ITSELF = (
    {"topologyKey": HOSTNAME, "maxSkew": 3, "nodeAffinityPolicy": "Honor"},
    {"topologyKey": ZONE, "maxSkew": 5, "nodeAffinityPolicy": "Honor"},
)
"""How pods are spread that do not say it themselves."""


def best(pod: Obj, request: Request, candidates: list[NodeState], nodes: Nodes, world: World) -> NodeState:
    """The node to use; of equal ones that with the fewest pods, and of these the first by name."""
    totals: Counter[str] = Counter()
    for weight_of_rule, scores in (
        (3, _taints(request, candidates)),
        (2, _node_affinity(request, candidates)),
        (2, _near(request, candidates, nodes, world)),
        (2, _spread(pod, request, candidates, nodes, world)),
        (1, _room(request, candidates)),
        (1, _balance(request, candidates)),
        (1, _images(request, candidates, nodes)),
    ):
        for name, score in scores.items():
            totals[name] += weight_of_rule * score
    return min(candidates, key=lambda state: (-totals[state.name], weight(request, state), state.name))


def is_plain(request: Request, nodes: Nodes) -> bool:
    """Whether `weight` alone decides: the pod has no preferences, no node deters, and no pod is for or against it."""
    spec = request.spec
    if nodes.deterring or nodes.attracting or nodes.stocked:
        return False
    return not (spec.get("affinity") or spec.get("topologySpreadConstraints"))


def weight(request: Request, state: NodeState) -> tuple[int, int]:
    """What decides between nodes that the pod likes equally well: room, and fewer pods."""
    return _load(request, state), len(state.pods)


def _load(request: Request, state: NodeState) -> int:
    """The fuller of cpu and memory with the pod on the node, in twentieths, so that small differences do not count."""
    fullest = 0
    for name in ("cpu", "memory"):
        if have := state.allocatable.get(name):
            amount = state.used.get(name, 0) + request.amounts.get(name, 0)
            fullest = max(fullest, 20 * amount // have)
    return fullest


def _taints(request: Request, candidates: list[NodeState]) -> Scores:
    """Fewer soft taints that the pod does not tolerate are better."""
    if not any(state.deterring for state in candidates):
        return {}
    counts = {state.name: _soft_untolerated(request, state) for state in candidates}
    most = max(counts.values())
    return {name: MOST - MOST * count // most if most else MOST for name, count in counts.items()}


def _soft_untolerated(request: Request, state: NodeState) -> int:
    taints = (state.obj or {}).get("spec", {}).get("taints") or []
    tolerations = [each for each in request.spec.get("tolerations") or [] if each.get("effect") in (None, "", *SOFT)]
    return sum(1 for taint in taints if untolerated(tolerations, [taint], SOFT) is not None)


def _node_affinity(request: Request, candidates: list[NodeState]) -> Scores:
    affinity = (request.spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    judged = [(each["weight"], node_term(each["preference"])) for each in terms]
    if not judged:
        return {}
    sums = {
        state.name: sum(amount for amount, meets in judged if state.obj is not None and meets(state.obj))
        for state in candidates
    }
    most = max(sums.values())
    return {name: MOST * amount // most for name, amount in sums.items()} if most else {}


def _near(request: Request, candidates: list[NodeState], nodes: Nodes, world: World) -> Scores:
    """Weights of neighbours that the pod would have, and of those who would have it near them."""
    by_label: Counter[tuple[str, str]] = Counter()
    wanted = [(each, Term(term, request, world)) for each, term in preferences(request.spec.get("affinity") or {})]
    if wanted:
        for state in nodes.present():
            for each, term in wanted:
                if term.topology in state.labels:
                    count = sum(1 for pod in state.pods.values() if term.means(pod))
                    by_label[term.topology, state.labels[term.topology]] += each * count
    for state, owner in _attracting(nodes):
        for each, term in ((each, Term(term, owner, world)) for each, term in owner.attraction):
            if term.topology in state.labels and term.means(request):
                by_label[term.topology, state.labels[term.topology]] += each
    if not by_label:
        return {}
    sums = {state.name: sum(by_label[pair] for pair in state.labels.items()) for state in candidates}
    least, most = min(sums.values()), max(sums.values())
    return {name: MOST * (amount - least) // (most - least) for name, amount in sums.items()} if most > least else {}


def _attracting(nodes: Nodes) -> Iterator[tuple[NodeState, Placed]]:
    for key, owner in nodes.attracting.items():
        state = nodes.node_of(key)
        if state is not None and state.obj is not None:
            yield state, owner


def _spread(pod: Obj, request: Request, candidates: list[NodeState], nodes: Nodes, world: World) -> Scores:
    """Fewer of the same pods under the same label are better; wide skews matter less than narrow ones."""
    own = request.spec.get("topologySpreadConstraints")
    soft = [each for each in own or () if each.get("whenUnsatisfiable") == "ScheduleAnyway"]
    if not own:
        selector = _kin(pod, world)
        soft = [{**each, "labelSelector": selector} for each in _BY_ITSELF] if selector is not None else []
    if not soft:
        return {}
    keys = [each["topologyKey"] for each in soft] if own else []
    judged = [state for state in candidates if all(key in state.labels for key in keys)]
    sums = dict.fromkeys([state.name for state in judged], 0.0)
    for constraint in soft:
        for name, amount in _crowding(constraint, request, judged, nodes, keys).items():
            sums[name] += amount
    if not sums:
        return {}
    rounded = {name: int(amount + 0.5) for name, amount in sums.items()}
    least, most = min(rounded.values()), max(rounded.values())
    return {name: MOST * (most + least - each) // most if most else MOST for name, each in rounded.items()}


def _crowding(
    constraint: Obj, request: Request, judged: list[NodeState], nodes: Nodes, keys: list[str]
) -> dict[str, float]:
    """By node, what its label's value has of the selected pods, by the number of values."""
    key: str = constraint["topologyKey"]
    matches, counted = with_label_keys(constraint, request.labels), eligible(constraint, request)
    own = {state.name: matching(state, matches, request.namespace, frozenset()) for state in judged}
    if key == HOSTNAME:
        each = log(len(judged) + 2)
        return {
            state.name: own[state.name] * each + constraint["maxSkew"] - 1 for state in judged if key in state.labels
        }
    counts = dict.fromkeys([state.labels.get(key, "") for state in judged], 0)
    for state in nodes.present():
        value = state.labels.get(key, "")
        if value in counts and counted(state) and all(needed in state.labels for needed in keys):
            counts[value] += matching(state, matches, request.namespace, frozenset())
    each = log(len(counts) + 2)
    return {
        state.name: counts[state.labels[key]] * each + constraint["maxSkew"] - 1
        for state in judged
        if key in state.labels
    }


def _kin(pod: Obj, world: World) -> Obj | None:
    """The selector of the pod's Services and of its controller, all at once; None if it has neither."""
    meta = pod["metadata"]
    labels = (meta.get("labels") or {}).items()
    wanted: dict[str, str] = {}
    expressions: list[Obj] = []
    for stored in world.store.list("services", meta["namespace"]):
        selector = stored.view["spec"].get("selector")
        if selector and selector.items() <= labels:
            wanted |= selector
    owner = controller_of(pod)
    resource = _SPREAD.get((owner["kind"], split_api_version(owner["apiVersion"])[0])) if owner is not None else None
    found = world.get(resource, meta["namespace"], owner["name"]) if resource and owner is not None else None
    if found is not None:
        selector = found["spec"].get("selector") or {}
        plain = "matchLabels" in selector or "matchExpressions" in selector
        wanted |= (selector.get("matchLabels") or {}) if plain else selector
        expressions = (selector.get("matchExpressions") or []) if plain else []
    return {"matchLabels": wanted, "matchExpressions": expressions} if wanted or expressions else None


_SPREAD = {
    ("ReplicationController", ""): "replicationcontrollers",
    ("ReplicaSet", "apps"): "replicasets.apps",
    ("StatefulSet", "apps"): "statefulsets.apps",
}


def _room(request: Request, candidates: list[NodeState]) -> Scores:
    """More of cpu and memory left is better."""
    return {state.name: _left(request, state) for state in candidates}


def _left(request: Request, state: NodeState) -> int:
    total = count = 0
    for name, usual in UNASKED.items():
        have = state.allocatable.get(name, 0)
        if not have:
            continue
        used = request.amounts.get(name, usual) + state.thought[name]
        total += MOST * (have - used) // have if used <= have else 0
        count += 1
    return total // count if count else 0


def _balance(request: Request, candidates: list[NodeState]) -> Scores:
    """Cpu and memory used in like parts are better; nothing is said for a pod that asks for neither."""
    if not any(request.amounts.get(name) for name in UNASKED):
        return {}
    scores: Scores = {}
    for state in candidates:
        after, before = _evenness(state, request), _evenness(state, None)
        scores[state.name] = MOST // 2 + (MOST // 2 + after - before) // 2
    return scores


def _evenness(state: NodeState, request: Request | None) -> int:
    parts = []
    for name in UNASKED:
        if have := state.allocatable.get(name):
            more = request.amounts.get(name, 0) if request is not None else 0
            parts.append(min(1.0, (state.used.get(name, 0) + more) / have))
    apart = abs(parts[0] - parts[1]) / 2 if len(parts) == 2 else 0.0
    return int((1 - apart) * MOST)


def _images(request: Request, candidates: list[NodeState], nodes: Nodes) -> Scores:
    """Images that the node has already are better, the more so the larger they are and the more nodes have them."""
    if not nodes.stocked:
        return {}
    spec = request.spec
    containers = [*(spec.get("initContainers") or ()), *spec["containers"]]
    names = [_full_name(each.get("image", "")) for each in containers]
    names += [_full_name(each["image"]["reference"]) for each in spec.get("volumes") or () if each.get("image")]
    present = nodes.present()
    holders = Counter(name for state in present for name in set(names) if name in state.images)
    most = LARGE_IMAGE * len(containers)
    scores: Scores = {}
    for state in candidates:
        size = sum(int(state.images[name] * (holders[name] / len(present))) for name in names if name in state.images)
        scores[state.name] = MOST * (min(max(size, SMALL_IMAGES), most) - SMALL_IMAGES) // (most - SMALL_IMAGES)
    return scores


def _full_name(image: str) -> str:
    """The image with its tag."""
    return image if ":" in image.rpartition("/")[2] or "@" in image else f"{image}:latest"
