"""Admission by policies: ValidatingAdmissionPolicies and MutatingAdmissionPolicies with their bindings."""

from fakekube.admission.policies.mutating import MutatingPolicies
from fakekube.admission.policies.validating import ValidatingPolicies

__all__ = ["MutatingPolicies", "ValidatingPolicies"]
