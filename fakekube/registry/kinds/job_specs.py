"""The spec of a Job, in a Job or in a CronJob's template (kubernetes/pkg/apis/batch: v1/defaults.go, validation)."""

from __future__ import annotations

from fakekube.core import names
from fakekube.core.fielderrors import (
    duplicate,
    go_quote,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)
from fakekube.core.meta import Obj
from fakekube.registry.kinds.internal_form import internal
from fakekube.registry.kinds.job_indexes import IndexFault, count_indexes
from fakekube.registry.kinds.pod_defaults import default_template
from fakekube.registry.kinds.pod_validation.template import validate_template
from fakekube.registry.kinds.rules import Errors, named, not_negative, omitted, one_of

INDEXED, NON_INDEXED = "Indexed", "NonIndexed"
MOST_PARALLEL = 100_000
MANY_COMPLETIONS = 100_000
MOST_PARALLEL_OF_MANY = 10_000
LONGEST_MANAGER = 63
MOST_RULES = 20
MOST_EXIT_CODES = 255
MOST_PATTERNS = 20
LONGEST_INDEXES = 64 * 1024
UNTRACKED = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes "
    "might not be able to track completedIndexes when a big number of indexes fail"
)
ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
OPERATORS = ("In", "NotIn")
STATUSES = ("False", "True", "Unknown")
REPLACEMENT = ("Failed", "TerminatingOrFailed")
NUMBERS = (
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
)


def default_job_spec(spec: Obj) -> None:
    """Complete what a Job's own spec must say (that of a CronJob's template is left to the Job made from it)."""
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6 if "backoffLimitPerIndex" not in spec else 2**31 - 1)
    spec.setdefault("completionMode", NON_INDEXED)
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")
    spec.setdefault("manualSelector", False)


def job_warnings(spec: Obj, path: str) -> list[str]:
    """The warnings for the spec of a Job beside those for its template."""
    many = (spec.get("completions") or 0) > MANY_COMPLETIONS and (spec.get("parallelism") or 0) > MOST_PARALLEL_OF_MANY
    return [f"{path}: {UNTRACKED}"] if many and spec.get("completionMode") == INDEXED else []


def default_failure_policy(spec: Obj) -> None:
    """Conditions are looked for with the status True."""
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            pattern["status"] = pattern.get("status") or "True"


def default_nested(spec: Obj) -> None:
    """Complete what lies below the spec of a Job or of a job template."""
    default_failure_policy(spec)
    default_template(spec.setdefault("template", {}))


def validate_job_spec(errors: Errors, spec: Obj, path: str) -> None:
    """What is wrong with the spec, its selector apart."""
    not_negative(errors, spec, path, *NUMBERS)
    if "maxFailedIndexes" in spec and "backoffLimitPerIndex" not in spec:
        errors.append(required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified"))
    if "managedBy" in spec:
        errors.extend(names.domain_prefixed_path(f"{path}.managedBy", spec["managedBy"]))
        if len(spec["managedBy"]) > LONGEST_MANAGER:
            errors.append(too_long(f"{path}.managedBy", LONGEST_MANAGER))
    _validate_mode(errors, spec, path)
    if "podFailurePolicy" in spec:
        _validate_failure_policy(errors, spec, f"{path}.podFailurePolicy")
    _validate_success_policy(errors, spec, f"{path}.successPolicy")
    _validate_replacement(errors, spec, f"{path}.podReplacementPolicy")
    template = spec.get("template") or {}
    validate_template(errors, template, f"{path}.template")
    _validate_restart(errors, spec, template.get("spec") or {}, f"{path}.template.spec.restartPolicy")


def _validate_mode(errors: Errors, spec: Obj, path: str) -> None:
    mode = spec.get("completionMode")
    if mode is not None:
        one_of(errors, mode, (NON_INDEXED, INDEXED), f"{path}.completionMode")
    if mode == INDEXED:
        _validate_indexed(errors, spec, path)
    if mode in (None, NON_INDEXED):
        for field in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if field in spec:
                errors.append(invalid(f"{path}.{field}", spec[field], "requires indexed completion mode"))


def _validate_indexed(errors: Errors, spec: Obj, path: str) -> None:
    completions, parallelism, failed = (spec.get(each) for each in ("completions", "parallelism", "maxFailedIndexes"))
    if completions is None:
        errors.append(required(f"{path}.completions", "when completion mode is Indexed"))
    if parallelism is not None and parallelism > MOST_PARALLEL:
        detail = f"must be less than or equal to {MOST_PARALLEL} when completion mode is Indexed"
        errors.append(invalid(f"{path}.parallelism", parallelism, detail))
    if failed is not None:
        if completions is not None and failed > completions:
            errors.append(invalid(f"{path}.maxFailedIndexes", failed, "must be less than or equal to completions"))
        if failed > MANY_COMPLETIONS:
            errors.append(
                invalid(f"{path}.maxFailedIndexes", failed, f"must be less than or equal to {MANY_COMPLETIONS}")
            )
    if completions is not None and completions > MANY_COMPLETIONS and "backoffLimitPerIndex" in spec:
        _validate_many(errors, parallelism, failed, path)


def _validate_many(errors: Errors, parallelism: int | None, failed: int | None, path: str) -> None:
    if failed is None:
        detail = f"must be specified when completions is above {MANY_COMPLETIONS}"
        errors.append(required(f"{path}.maxFailedIndexes", detail))
    detail = (
        f"must be less than or equal to {MOST_PARALLEL_OF_MANY} when completions are above {MANY_COMPLETIONS} "
        "and used with backoff limit per index"
    )
    for field, value in (("parallelism", parallelism), ("maxFailedIndexes", failed)):
        if value is not None and value > MOST_PARALLEL_OF_MANY:
            errors.append(invalid(f"{path}.{field}", value, detail))


def _validate_restart(errors: Errors, spec: Obj, pod: Obj, path: str) -> None:
    policy = pod.get("restartPolicy", "")
    if policy in ("Always", ""):
        errors.append(required(path, 'valid values: "OnFailure", "Never"'))
    elif policy not in ("OnFailure", "Never"):
        errors.append(not_supported(path, policy, ["OnFailure", "Never"]))
    elif "podFailurePolicy" in spec and policy != "Never":
        errors.append(invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified'))


def _validate_replacement(errors: Errors, spec: Obj, path: str) -> None:
    policy = spec.get("podReplacementPolicy")
    if policy is not None:
        one_of(errors, policy, REPLACEMENT[:1] if "podFailurePolicy" in spec else REPLACEMENT, path)


def _wanted(allowed: tuple[str, ...]) -> str:
    return "valid values: [" + " ".join(go_quote(each) for each in allowed) + "]"


def _needed(errors: Errors, value: str, allowed: tuple[str, ...], path: str) -> None:
    """A value that must be given, out of a fixed set."""
    if not value:
        errors.append(required(path, _wanted(allowed)))
    else:
        one_of(errors, value, allowed, path)


def _validate_failure_policy(errors: Errors, spec: Obj, path: str) -> None:
    rules = spec["podFailurePolicy"].get("rules") or []
    if len(rules) > MOST_RULES:
        errors.append(too_many(f"{path}.rules", len(rules), MOST_RULES))
    pod = (spec.get("template") or {}).get("spec") or {}
    containers = [*(pod.get("containers") or ()), *(pod.get("initContainers") or ())]
    known = {container.get("name") for container in containers}
    for index, rule in enumerate(rules):
        _validate_failure_rule(errors, rule, f"{path}.rules[{index}]", known, "backoffLimitPerIndex" in spec)


def _validate_failure_rule(errors: Errors, rule: Obj, path: str, containers: set[str], per_index: bool) -> None:
    action, codes, conditions = rule.get("action", ""), rule.get("onExitCodes"), rule.get("onPodConditions")
    if action != "FailIndex":
        _needed(errors, action, ACTIONS, f"{path}.action")
    elif not per_index:
        errors.append(invalid(f"{path}.action", action, "requires the backoffLimitPerIndex to be set"))
    if codes is not None:
        _validate_exit_codes(errors, codes, f"{path}.onExitCodes", containers)
    if conditions:
        _validate_patterns(errors, conditions, f"{path}.onPodConditions")
    if codes is not None and conditions:
        errors.append(omitted(path, "specifying both OnExitCodes and OnPodConditions is not supported"))
    if codes is None and not conditions:
        errors.append(omitted(path, "specifying one of OnExitCodes and OnPodConditions is required"))


def _validate_patterns(errors: Errors, patterns: list[Obj], path: str) -> None:
    if len(patterns) > MOST_PATTERNS:
        errors.append(too_many(path, len(patterns), MOST_PATTERNS))
    for index, pattern in enumerate(patterns):
        kind = pattern.get("type", "")
        named(errors, names.qualified_name(kind), kind, f"{path}[{index}].type")
        _needed(errors, pattern.get("status", ""), STATUSES, f"{path}[{index}].status")


def _validate_exit_codes(errors: Errors, codes: Obj, path: str, containers: set[str]) -> None:
    _needed(errors, codes.get("operator", ""), OPERATORS, f"{path}.operator")
    name, values = codes.get("containerName"), codes.get("values") or []
    if name is not None and name not in containers:
        detail = "must be one of the container or initContainer names in the pod template"
        errors.append(invalid(f"{path}.containerName", name, detail))
    if not values:
        errors.append(invalid(f"{path}.values", codes.get("values"), "at least one value is required"))
    elif len(values) > MOST_EXIT_CODES:
        errors.append(too_many(f"{path}.values", len(values), MOST_EXIT_CODES))
    seen: set[int] = set()
    for index, value in enumerate(values):
        if codes.get("operator") == "In" and value == 0:
            errors.append(invalid(f"{path}.values[{index}]", value, "must not be 0 for the In operator"))
        if value in seen:
            errors.append(duplicate(f"{path}.values[{index}]", value))
        seen.add(value)
    if values != sorted(values):
        errors.append(invalid(f"{path}.values", values, "must be ordered"))


def _validate_success_policy(errors: Errors, spec: Obj, path: str) -> None:
    policy = spec.get("successPolicy")
    if policy is None:
        return
    if spec.get("completionMode", NON_INDEXED) != INDEXED:
        errors.append(invalid(path, internal("SuccessPolicy", policy), "requires indexed completion mode"))
        return
    rules = policy.get("rules") or []
    if not rules:
        detail = "at least one rules must be specified when the successPolicy is specified"
        errors.append(required(f"{path}.rules", detail))
    if len(rules) > MOST_RULES:
        errors.append(too_many(f"{path}.rules", len(rules), MOST_RULES))
    for index, rule in enumerate(rules):
        _validate_success_rule(errors, rule, f"{path}.rules[{index}]", spec.get("completions") or 0)


def _validate_success_rule(errors: Errors, rule: Obj, path: str, completions: int) -> None:
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    if count is None and indexes is None:
        errors.append(required(path, "at least one of succeededCount or succeededIndexes must be specified"))
    total = 0
    if indexes is not None:
        if len(indexes) > LONGEST_INDEXES:
            errors.append(too_long(f"{path}.succeededIndexes", LONGEST_INDEXES))
        try:
            total = count_indexes(indexes, completions)
        except IndexFault as fault:
            errors.append(invalid(f"{path}.succeededIndexes", indexes, f"error parsing succeededIndexes: {fault}"))
    if count is None:
        return
    not_negative(errors, rule, path, "succeededCount")
    limit = "must be less than or equal to {} ({})"
    if count > completions:
        detail = limit.format(completions, "the number of specified completions")
        errors.append(invalid(f"{path}.succeededCount", count, detail))
    if indexes is not None and count > total:
        detail = limit.format(total, "the number of indexes in the specified succeededIndexes field")
        errors.append(invalid(f"{path}.succeededCount", count, detail))
