"""ServiceAccounts: of the secrets they list only the names are kept."""

from __future__ import annotations

from fakekube.core.meta import Obj, annotations_of
from fakekube.registry.strategy import Context, Strategy

ENFORCE_SECRETS = "kubernetes.io/enforce-mountable-secrets"


class ServiceAccountStrategy(Strategy):
    """A small object without spec; DELETE answers the object."""

    generation_fields = None
    answers_deleted_object = True

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Keep of each secret the name alone."""
        if obj.get("secrets"):
            obj["secrets"] = [{"name": each["name"]} if each.get("name") else {} for each in obj["secrets"]]

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """The same."""
        self.prepare_for_create(context, obj)

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """The annotation that restricts secrets is deprecated; told when it is new."""
        if ENFORCE_SECRETS not in annotations_of(obj) or (old and ENFORCE_SECRETS in annotations_of(old)):
            return []
        hint = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
        return [f"metadata.annotations[{ENFORCE_SECRETS}]: {hint}"]


ROWS = {"serviceaccounts": ServiceAccountStrategy()}
