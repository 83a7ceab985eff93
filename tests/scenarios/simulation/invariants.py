"""What holds whenever a cluster has come to rest, and what holds besides when it was left in peace for long enough.

Each invariant yields what is wrong, in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from fakekube.cluster.composition import Cluster
from fakekube.storage.values import Key
from tests.scenarios.simulation.objects import MADE, NAMESPACE

Obj = dict[str, Any]
ENDED = ("Succeeded", "Failed")
TRACKING = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"


class Sight:
    """The cluster's objects at rest, and what is asked of them often."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.pods = self.all("pods")
        self.is_tight = bool(self.all("resourcequotas"))  # or was lately: who was refused a pod waits before the next
        self.nodes = {node["metadata"]["name"]: node for node in self.all("nodes", None)}

    def all(self, resource: str, namespace: str | None = NAMESPACE) -> list[Obj]:
        """The objects of a resource."""
        return [stored.view for stored in self.cluster.store.list(resource, namespace)]

    def staying(self, resource: str) -> Iterator[Obj]:
        """The objects of a resource that are not being deleted."""
        return (each for each in self.all(resource) if "deletionTimestamp" not in each["metadata"])

    def owned(self, owner: Obj, resource: str = "pods") -> list[Obj]:
        """The objects that the owner controls."""
        uid = owner["metadata"]["uid"]
        found = self.pods if resource == "pods" else self.all(resource)
        return [each for each in found if (of := controller(each)) is not None and of["uid"] == uid]

    def active(self, owner: Obj) -> list[Obj]:
        """The owner's pods that have neither ended nor are being deleted."""
        return [pod for pod in self.owned(owner) if is_active(pod)]


def controller(obj: Obj) -> Obj | None:
    """The reference to the object's controller."""
    references = obj["metadata"].get("ownerReferences") or ()
    return next((each for each in references if each.get("controller")), None)


def is_active(pod: Obj) -> bool:
    """Whether the pod counts as a replica."""
    return "deletionTimestamp" not in pod["metadata"] and pod["status"].get("phase") not in ENDED


def is_ready(pod: Obj) -> bool:
    """Whether it runs and its Ready condition is true; podgc lets a pod fail that says it is ready."""
    if pod["status"].get("phase") in ENDED:
        return False
    conditions = pod["status"].get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def is_broken(pod: Obj) -> bool:
    """Whether it has an owner and is never to become ready."""
    return "fakekube/ready" in (pod["metadata"].get("annotations") or {}) and controller(pod) is not None


def is_in_the_way(pod: Obj) -> bool:
    """Whether it has a StatefulSet's name and is not its own; or is broken, for which an update in order waits."""
    of = controller(pod)
    strange = of is None or ("-st-" in pod["metadata"]["name"] and of["kind"] != "StatefulSet")
    return "deletionTimestamp" not in pod["metadata"] and (is_broken(pod) or strange)


def condition(obj: Obj, kind: str) -> str | None:
    """The status of a condition."""
    listed = obj.get("status", {}).get("conditions") or ()
    return next((each["status"] for each in listed if each["type"] == kind), None)


def named(obj: Obj) -> str:
    """Kind and name."""
    return f"{obj['kind']} {obj['metadata']['name']}"


def told(obj: Obj, **counts: int) -> Iterator[str]:
    """Where the status tells other numbers than these; an absent one is 0."""
    status = obj.get("status") or {}
    for field, count in counts.items():
        if status.get(field, 0) != count:
            yield f"{named(obj)} tells {field}={status.get(field, 0)}, there are {count}"
    if status.get("observedGeneration") not in (None, obj["metadata"].get("generation")):
        yield f"{named(obj)} has generation {obj['metadata'].get('generation')} and has observed {status}"


Problems = Iterator[str]


def uids_are_unique(sight: Sight) -> Problems:
    store = sight.cluster.store
    found = Counter(each.view["metadata"]["uid"] for resource in store.resources() for each in store.list(resource))
    for uid, count in found.items():
        if count > 1:
            yield f"{count} objects have the uid {uid}"


def owners_are_there(sight: Sight) -> Problems:
    for resource in (*MADE, "controllerrevisions.apps", "endpointslices.discovery.k8s.io", "endpoints"):
        for obj in sight.all(resource):
            references = obj["metadata"].get("ownerReferences") or []
            if sum(bool(each.get("controller")) for each in references) > 1:
                yield f"{named(obj)} has several controllers"
            for each in references:
                if "deletionTimestamp" not in obj["metadata"] and sight.cluster.world.by_uid(each["uid"]) is None:
                    yield f"{named(obj)} stays without its owner {each['kind']} {each['name']}"


def nothing_lingers(sight: Sight) -> Problems:
    """Only finalizers, and a pod's grace, keep what is being deleted."""
    for resource in (*MADE, "controllerrevisions.apps", "endpointslices.discovery.k8s.io"):
        for obj in sight.all(resource):
            meta = obj["metadata"]
            if "deletionTimestamp" in meta and not meta.get("finalizers") and not _on_a_silent_node(obj, sight):
                yield f"{named(obj)} is being deleted and nothing keeps it"


def _on_a_silent_node(obj: Obj, sight: Sight) -> bool:
    node = obj["spec"].get("nodeName") if obj["kind"] == "Pod" else None
    return bool(node) and node not in sight.cluster.roster.speaking


def finalizers_of_foreground_end(sight: Sight) -> Problems:
    for resource in MADE:
        for obj in sight.all(resource):
            meta = obj["metadata"]
            kept = set(meta.get("finalizers") or ())
            dependents = sight.cluster.world.dependents(meta["uid"])
            if "foregroundDeletion" in kept and not dependents:
                yield f"{named(obj)} waits for dependents that are not there"
            if "orphan" in kept:
                yield f"{named(obj)} has not let its dependents go"


def replica_counts(sight: Sight) -> Problems:
    for resource in ("replicasets.apps", "replicationcontrollers"):
        for owner in sight.all(resource):
            if "deletionTimestamp" in owner["metadata"]:
                continue  # it keeps pods that it does not select any more
            active = sight.active(owner)
            yield from told(owner, replicas=len(active), readyReplicas=sum(map(is_ready, active)))
            if len(active) != owner["spec"]["replicas"] and not sight.is_tight:
                yield f"{named(owner)} is to have {owner['spec']['replicas']} pods and has {len(active)}"


def deployments(sight: Sight) -> Problems:
    for owner in sight.all("deployments.apps"):
        sets = sight.owned(owner, "replicasets.apps")
        replicas, ready = (
            sum(each.get("status", {}).get(field, 0) for each in sets) for field in ("replicas", "readyReplicas")
        )
        if "deletionTimestamp" not in owner["metadata"]:
            yield from told(owner, replicas=replicas, readyReplicas=ready)
            yield from _rollout(owner, sets, sight)


def _rollout(owner: Obj, sets: list[Obj], sight: Sight) -> Problems:
    spec = owner["spec"]
    revisions = [each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for each in sets]
    if len(set(revisions)) < len(revisions):
        yield f"{named(owner)} has ReplicaSets of one revision: {revisions}"
    rolling = spec["strategy"].get("rollingUpdate")
    if rolling is None or spec.get("paused"):
        return
    surge, missing = rolling["maxSurge"], rolling["maxUnavailable"]
    wanted = sum(each["spec"]["replicas"] for each in sets)
    # Of new pods that are not available, those that someone else has asked for stay.
    broken = "fakekube/ready" in (spec["template"]["metadata"].get("annotations") or {})
    stuck = sight.is_tight or broken or spec.get("minReadySeconds")
    if isinstance(surge, int) and wanted > spec["replicas"] + surge and not stuck:
        yield f"{named(owner)} has more than {spec['replicas']} + {surge} replicas"
    if isinstance(missing, int) and spec["replicas"]:
        enough = owner["status"].get("availableReplicas", 0) >= spec["replicas"] - missing
        if condition(owner, "Available") != str(enough):
            yield f"{named(owner)} says Available={condition(owner, 'Available')}: {owner['status']}"


def stateful_sets(sight: Sight) -> Problems:
    for owner in sight.staying("statefulsets.apps"):
        pods = sight.owned(owner)
        yield from told(owner, replicas=len(pods))
        yield from told(owner, readyReplicas=sum(map(is_ready, pods)))


def daemon_sets(sight: Sight) -> Problems:
    for owner in sight.staying("daemonsets.apps"):
        surge = (owner["spec"]["updateStrategy"].get("rollingUpdate") or {}).get("maxSurge", 0)
        places = Counter(_node_of(pod) for pod in sight.active(owner))
        crowded = {node: count for node, count in places.items() if count > 1 + bool(surge)}
        if crowded:
            yield f"{named(owner)} has several pods on a node: {crowded}"
        willing = {name for name, node in sight.nodes.items() if not _keeps_out(node)}
        if (missing := willing - {_node_of(pod) for pod in sight.owned(owner)}) and not sight.is_tight:
            yield f"{named(owner)} has no pod on {missing}"
        yield from told(owner, desiredNumberScheduled=len(willing))


def _keeps_out(node: Obj) -> bool:
    """Whether it has a taint that pods of DaemonSets do not tolerate; they stay on it all the same."""
    listed = node["spec"].get("taints") or ()
    return any(each["effect"] == "NoSchedule" and each["key"] != "node.kubernetes.io/unschedulable" for each in listed)


def _node_of(pod: Obj) -> str:
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return str(terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])


def jobs(sight: Sight) -> Problems:
    for job in sight.staying("jobs.batch"):
        spec, status = job["spec"], job.get("status") or {}
        active = sight.active(job)
        ended = [kind for kind in ("Complete", "Failed") if condition(job, kind) == "True"]
        yield from told(job, active=0 if ended else len(active))
        if len(ended) > 1 or (ended and active):
            yield f"{named(job)} has ended as {ended} with {len(active)} pods at work"
        if len(active) > spec["parallelism"]:
            yield f"{named(job)} has {len(active)} pods at work, of {spec['parallelism']}"
        if status.get("succeeded", 0) > spec["completions"] and spec.get("completionMode") == "Indexed":
            yield f"{named(job)} succeeded {status['succeeded']} times of {spec['completions']}"
        if ended == ["Complete"] and status.get("succeeded", 0) < spec["completions"] and not spec.get("successPolicy"):
            yield f"{named(job)} is complete after {status.get('succeeded', 0)} of {spec['completions']}"
        if spec.get("suspend") and active:
            yield f"{named(job)} is suspended and at work"
        if any(status.get("uncountedTerminatedPods", {}).values()) and not _held(job, sight):
            yield f"{named(job)} has pods to count: {status['uncountedTerminatedPods']}"
        indexes = Counter(pod["metadata"].get("annotations", {}).get(INDEX) for pod in active)
        if spec.get("completionMode") == "Indexed" and indexes and max(indexes.values()) > 1:
            yield f"{named(job)} has several pods of an index: {indexes}"


def _held(job: Obj, sight: Sight) -> bool:
    return any(not is_active(pod) and pod["metadata"].get("finalizers") for pod in sight.owned(job))


def tracked_pods_have_jobs(sight: Sight) -> Problems:
    """No pod is kept by the finalizer of a Job that has counted it."""
    for pod in sight.pods:
        if TRACKING not in (pod["metadata"].get("finalizers") or ()):
            continue
        of = controller(pod)
        job = None if of is None else sight.cluster.world.by_uid(of["uid"])
        if of is None or job is None:
            yield f"{named(pod)} is kept for a Job that is not there"
        elif pod["status"].get("phase") in ENDED and not _is_remembered(sight.cluster.world.at(job)):
            yield f"{named(pod)} has ended and is kept for {of['name']}"


def _is_remembered(job: Obj | None) -> bool:
    """Whether each index keeps its last failed pod until the next one is made."""
    return job is not None and "backoffLimitPerIndex" in job["spec"]


def cron_jobs(sight: Sight) -> Problems:
    for owner in sight.staying("cronjobs.batch"):
        spec, status = owner["spec"], owner.get("status") or {}
        made = sight.owned(owner, "jobs.batch")
        running = {job["metadata"]["name"] for job in made if not _finished(job)}
        listed = {each["name"] for each in status.get("active") or ()}
        staying = {job["metadata"]["name"] for job in made if "deletionTimestamp" not in job["metadata"]}
        if not running & staying <= listed <= running:  # one that was to be replaced and is held is not listed any more
            yield f"{named(owner)} lists {sorted(listed)}, at work are {sorted(running)}"
        kept = sum(condition(job, "Complete") == "True" for job in made if "deletionTimestamp" not in job["metadata"])
        if kept > spec["successfulJobsHistoryLimit"]:
            yield f"{named(owner)} keeps {kept} jobs of {spec['successfulJobsHistoryLimit']}"
        if spec["concurrencyPolicy"] == "Forbid" and len(running) > 1:
            yield f"{named(owner)} has {len(running)} jobs at work"


def _finished(job: Obj) -> bool:
    return "True" in (condition(job, "Complete"), condition(job, "Failed"))


def endpoints_are_the_ready_pods(sight: Sight) -> Problems:
    for service in sight.staying("services"):
        wanted = service["spec"]["selector"]
        publish = service["spec"].get("publishNotReadyAddresses", False)
        chosen = [pod for pod in sight.pods if wanted.items() <= (pod["metadata"].get("labels") or {}).items()]
        chosen = [pod for pod in chosen if pod["status"].get("phase") not in ENDED and pod["status"].get("podIP")]
        staying = [pod for pod in chosen if "deletionTimestamp" not in pod["metadata"]]
        serving = chosen if publish else [pod for pod in staying if is_ready(pod)]
        placed = {pod["status"]["podIP"] for pod in serving if publish or pod["spec"]["nodeName"] in sight.nodes}
        name, ready = service["metadata"]["name"], sorted(pod["status"]["podIP"] for pod in serving)
        found = sorted(_addresses(sight, name))
        if len(found) > len(set(found)) or not placed <= set(found) <= set(ready):
            # That a node has gone is seen when the slices are next looked at: until then its pods may be in them.
            yield f"Service {name}: its slices tell {found}, ready are {ready}"
        stored = sight.cluster.store.get(Key("endpoints", NAMESPACE, name))
        listed = [] if stored is None else stored.view.get("subsets") or []
        found = sorted(each["ip"] for subset in listed for each in subset.get("addresses") or ())
        if found != ready:
            yield f"Service {name}: its Endpoints tell {found}, ready are {ready}"


def _addresses(sight: Sight, service: str) -> Iterator[str]:
    for piece in sight.all("endpointslices.discovery.k8s.io"):
        if piece["metadata"]["labels"].get("kubernetes.io/service-name") == service:
            for each in piece.get("endpoints") or ():
                if each["conditions"]["ready"]:
                    yield from each["addresses"]


def addresses_are_unique(sight: Sight) -> Problems:
    found = Counter(
        pod["status"]["podIP"]
        for pod in sight.all("pods", None)
        if pod["status"].get("podIP") and pod["status"].get("phase") not in ENDED
    )
    for ip, count in found.items():
        if count > 1:
            yield f"{count} pods have the address {ip}"


def pods_tell_the_truth(sight: Sight) -> Problems:
    for pod in sight.pods:
        spec, status = pod["spec"], pod["status"]
        if not spec.get("nodeName"):
            if condition(pod, "PodScheduled") == "True" or status.get("podIP"):
                yield f"{named(pod)} has no node: {status}"
            elif "deletionTimestamp" not in pod["metadata"] and condition(pod, "PodScheduled") is None:
                yield f"{named(pod)} was not looked at by the scheduler"
            continue
        if condition(pod, "PodScheduled") != "True":
            yield f"{named(pod)} is on {spec['nodeName']} and does not say so"
        if is_ready(pod) and status["phase"] != "Running":
            yield f"{named(pod)} is ready and {status['phase']}"
        speaks = spec["nodeName"] in sight.cluster.roster.speaking
        if speaks and status["phase"] == "Running" and not is_ready(pod) and _nothing_ails(pod):
            yield f"{named(pod)} runs and is not ready: {status}"


def _nothing_ails(pod: Obj) -> bool:
    annotations = pod["metadata"].get("annotations") or {}
    return "deletionTimestamp" not in pod["metadata"] and not any(each.startswith("fakekube/") for each in annotations)


def nodes_have_room(sight: Sight) -> Problems:
    used: Counter[str] = Counter()
    for pod in sight.all("pods", None):
        if pod["status"].get("phase") not in ENDED and pod["spec"].get("nodeName"):
            requests = (pod["spec"]["containers"][0].get("resources") or {}).get("requests") or {}
            used[pod["spec"]["nodeName"]] += int(requests.get("cpu", "0m").removesuffix("m"))
    for name, sum_ in used.items():
        if name in sight.nodes and sum_ > int(sight.nodes[name]["status"]["allocatable"]["cpu"]) * 1000:
            yield f"{name} has more pods than it has room for: {sum_}m"


def claims_have_the_right_owners(sight: Sight) -> Problems:
    """Of pods that are as many as they should be: the StatefulSet where claims are to go with it, else nobody."""
    for owner in sight.staying("statefulsets.apps"):
        wanted = owner["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
        first = (owner["spec"].get("ordinals") or {}).get("start", 0)
        for pod in sight.owned(owner):
            number = int(pod["metadata"]["name"].rpartition("-")[2])
            if not is_ready(pod) or not first <= number < first + owner["spec"]["replicas"]:
                continue
            for each in owner["spec"].get("volumeClaimTemplates") or ():
                key = Key("persistentvolumeclaims", NAMESPACE, f"{each['metadata']['name']}-{pod['metadata']['name']}")
                claim = sight.cluster.store.get(key)
                if claim is None or "deletionTimestamp" in claim.view["metadata"] or _waits_in_order(owner, sight):
                    continue
                owners = [of["uid"] for of in claim.view["metadata"].get("ownerReferences") or ()]
                if owners != [owner["metadata"]["uid"]] * (wanted.get("whenDeleted") == "Delete"):
                    yield f"{key.name} of {named(owner)} has owners {owners}, the policy is {wanted}"


def _waits_in_order(owner: Obj, sight: Sight) -> bool:
    """Whether one of its pods, or what has the name of one, holds up those after it."""
    pods = sight.owned(owner)
    if len(pods) < owner["spec"]["replicas"]:
        return True
    calm = all(is_ready(pod) and is_active(pod) for pod in pods)
    return owner["spec"].get("podManagementPolicy") != "Parallel" and not calm


def budgets_are_counted(sight: Sight) -> Problems:
    for budget in sight.staying("poddisruptionbudgets.policy"):
        labels = budget["spec"]["selector"]["matchLabels"]
        pods = [pod for pod in sight.pods if labels.items() <= (pod["metadata"].get("labels") or {}).items()]
        healthy = sum(is_ready(pod) and is_active(pod) for pod in pods)
        if condition(budget, "DisruptionAllowed") is not None and _reason(budget) != "SyncFailed":
            yield from told(budget, currentHealthy=healthy)
            status = budget["status"]
            spare = max(0, status["currentHealthy"] - status["desiredHealthy"]) if status["expectedPods"] else 0
            yield from told(budget, disruptionsAllowed=spare)


def _reason(budget: Obj) -> str:
    return str(budget["status"]["conditions"][0].get("reason"))


AT_REST: tuple[Callable[[Sight], Problems], ...] = (
    owners_are_there,
    nothing_lingers,
    finalizers_of_foreground_end,
    replica_counts,
    deployments,
    stateful_sets,
    daemon_sets,
    jobs,
    tracked_pods_have_jobs,
    cron_jobs,
    endpoints_are_the_ready_pods,
    addresses_are_unique,
    pods_tell_the_truth,
    nodes_have_room,
    claims_have_the_right_owners,
    budgets_are_counted,
)


def problems(cluster: Cluster, invariants: tuple[Callable[[Sight], Problems], ...] = AT_REST) -> list[str]:
    """What is wrong with a cluster at rest."""
    sight = Sight(cluster)
    return [f"{invariant.__name__}: {text}" for invariant in invariants for text in invariant(sight)]


# --- after a long peace: every node speaks and takes pods, nothing is held, paused or broken


def deployments_are_done(sight: Sight) -> Problems:
    for owner in sight.all("deployments.apps"):
        sets = sorted(sight.owned(owner, "replicasets.apps"), key=lambda each: -each["spec"]["replicas"])
        wanted = owner["spec"]["replicas"]
        if owner["spec"]["strategy"]["type"] == "Recreate" and sum(bool(each["spec"]["replicas"]) for each in sets) > 1:
            continue  # someone gave an old one pods and changed the size: then the real controller is at a loss, too
        yield from told(owner, replicas=wanted, readyReplicas=wanted, updatedReplicas=wanted, availableReplicas=wanted)
        if [each["spec"]["replicas"] for each in sets if each["spec"]["replicas"]] != [wanted] * bool(wanted):
            yield f"{named(owner)} is spread over {[each['spec']['replicas'] for each in sets]}"
        if len(sets) > 1 + owner["spec"]["revisionHistoryLimit"]:
            yield f"{named(owner)} keeps {len(sets)} ReplicaSets of {1 + owner['spec']['revisionHistoryLimit']}"
        if condition(owner, "Progressing") != "True" and wanted:
            yield f"{named(owner)} is done and does not say so: {owner['status']}"


def stateful_sets_are_done(sight: Sight) -> Problems:
    for owner in sight.all("statefulsets.apps"):
        spec, status = owner["spec"], owner["status"]
        pods = sorted(sight.owned(owner), key=lambda pod: int(pod["metadata"]["name"].rpartition("-")[2]))
        first = (spec.get("ordinals") or {}).get("start", 0)
        yield from told(owner, replicas=spec["replicas"], readyReplicas=spec["replicas"])
        ordinals = [int(pod["metadata"]["name"].rpartition("-")[2]) for pod in pods]
        if ordinals != list(range(first, first + spec["replicas"])):
            yield f"{named(owner)} has the ordinals {ordinals}"
        if spec["updateStrategy"]["type"] == "OnDelete":
            continue
        partition = spec["updateStrategy"].get("rollingUpdate", {}).get("partition", 0)
        for ordinal, pod in zip(ordinals, pods, strict=True):
            if (
                ordinal - first >= partition
                and pod["metadata"]["labels"]["controller-revision-hash"] != status["updateRevision"]
            ):
                yield f"{named(pod)} is not of {status['updateRevision']}"


def daemon_sets_are_done(sight: Sight) -> Problems:
    count = len(sight.nodes)
    for owner in sight.all("daemonsets.apps"):
        yield from told(
            owner, currentNumberScheduled=count, numberReady=count, numberAvailable=count, numberMisscheduled=0
        )
        if len(sight.owned(owner)) != count:
            yield f"{named(owner)} has {len(sight.owned(owner))} pods on {count} nodes"
        if owner["spec"]["updateStrategy"]["type"] != "OnDelete":
            yield from told(owner, updatedNumberScheduled=count)


def jobs_are_done(sight: Sight) -> Problems:
    for job in sight.all("jobs.batch"):
        if _ends(job["spec"]) and job["spec"]["parallelism"] and not _finished(job):
            yield f"{named(job)} does not end: {job['status']}"


def _ends(spec: Obj) -> bool:
    """Whether its pods end by themselves; one that fails by an annotation and is to be restarted waits for ever, and so
    does a Job that ignores its failures."""
    template, policy = spec["template"], spec.get("podFailurePolicy") or {"rules": ()}
    code = (template["metadata"].get("annotations") or {}).get("fakekube/exit-code")
    ignored = any(rule["action"] == "Ignore" for rule in policy["rules"])
    return code == "0" or (code == "1" and template["spec"]["restartPolicy"] == "Never" and not ignored)


def revisions_are_few(sight: Sight) -> Problems:
    for resource in ("statefulsets.apps", "daemonsets.apps"):
        for owner in sight.all(resource):
            kept = sight.owned(owner, "controllerrevisions.apps")
            live = {pod["metadata"]["labels"].get("controller-revision-hash") for pod in sight.owned(owner)}
            most = owner["spec"]["revisionHistoryLimit"] + len(live) + 2
            if len(kept) > most:
                yield f"{named(owner)} keeps {len(kept)} revisions, at most {most} are of use"
            if len({each["revision"] for each in kept}) < len(kept):
                yield f"{named(owner)} has revisions of one number"


def nodes_are_ready(sight: Sight) -> Problems:
    for name, node in sight.nodes.items():
        if condition(node, "Ready") != "True" or node["spec"].get("taints"):
            yield f"{name} is not ready: {node['spec']}"


def pods_are_placed(sight: Sight) -> Problems:
    for pod in sight.pods:
        if not pod["spec"].get("nodeName") or pod["spec"]["nodeName"] not in sight.nodes:
            yield f"{named(pod)} is on {pod['spec'].get('nodeName')}"


IN_PEACE = (
    *AT_REST,
    deployments_are_done,
    stateful_sets_are_done,
    daemon_sets_are_done,
    jobs_are_done,
    uids_are_unique,
    revisions_are_few,
    nodes_are_ready,
    pods_are_placed,
)
