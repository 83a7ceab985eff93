"""What a kind does differently. The convention is the default; a kind's file in registry/kinds says only its
difference.

The verbs call a strategy in this order. Objects are private copies in the storage version, already decoded and
canonical:

    create:  default -> [mutating admission] -> default -> prepare_for_create -> (name and metadata rules) ->
    validate_create
             -> allocate -> commit
    update:  default -> [mutating admission] -> default -> prepare_for_update -> (metadata rules) -> validate_update
    -> allocate -> commit
    status:  the same with prepare_for_status and validate_status
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fakekube.core import names
from fakekube.core.fielderrors import FieldError
from fakekube.core.meta import Obj

if TYPE_CHECKING:
    from fakekube.core.clock import Clock
    from fakekube.core.ids import Ids
    from fakekube.registry.request import Request
    from fakekube.schema.resources import Resource
    from fakekube.schema.scheme import Scheme
    from fakekube.storage.store import Store

Undo = Callable[[], None]


class Context:
    """What a strategy may ask while it prepares or judges an object; reading other objects goes through `store`."""

    __slots__ = ("clock", "ids", "request", "scheme", "store")

    def __init__(self, request: Request, store: Store, scheme: Scheme, clock: Clock, ids: Ids) -> None:
        self.request = request
        self.store = store
        self.scheme = scheme
        self.clock = clock
        self.ids = ids

    def warn(self, text: str) -> None:
        """Add a Warning header to the answer."""
        self.request.warn(text)


class Strategy:
    """The convention: spec belongs to the main resource, status to its subresource, generation counts changes of
    the spec."""

    create_on_update = False
    """PUT of an object that is not there creates it (201) instead of answering 404."""
    unconditional_update = True
    """An update may come without a resourceVersion; where not, that is 422 on metadata.resourceVersion."""
    has_status = True
    """The kind has a status that only its subresource writes (kinds without the subresource are not asked)."""
    create_keeps_status = False
    """A status given on create is stored (Nodes); elsewhere it is dropped before the strategy sees the object."""
    standard_finalizers = True
    """Finalizers without a domain must be among those that Kubernetes itself knows."""
    status_keeps: tuple[str, ...] = ()
    """Metadata fields that a write through the status path leaves as they are."""
    generation_fields: tuple[str, ...] | None = ("spec",)
    """Top fields of which a change raises metadata.generation (1 at creation); None: the kind has no generation of
    its own."""
    generation_counts_metadata: tuple[str, ...] = ()
    """Metadata fields that count as well: a Deployment's annotations do."""
    answers_deleted_object = False
    """A finished DELETE answers the object instead of a Status."""
    orphans_by_default = False
    """DELETE without a propagation policy leaves dependents alone (Jobs, ReplicationControllers)."""
    immutable_fields: tuple[tuple[str, ...], ...] = ()
    """Paths below the object whose change on update is refused with 'field is immutable', in this order."""

    def name_messages(self, name: str, prefix: bool) -> list[str]:
        """What is wrong with metadata.name (prefix: with generateName): DNS-1123 subdomain by convention."""
        return names.dns1123_subdomain(name[:-1] if prefix and name.endswith("-") else name)

    def default(self, obj: Obj) -> None:
        """Fill in, in place, the defaults that Kubernetes' own code states (those of the OpenAPI document are
        there)."""

    def prepare_for_create(self, context: Context, obj: Obj) -> None:
        """Drop what a client may not set and set what the server owns; the generic part is done by the verbs."""

    def validate_create(self, context: Context, obj: Obj) -> list[FieldError]:
        """What is wrong with a new object, metadata apart, in the real server's order."""
        return self.validate(context, obj)

    def validate(self, context: Context, obj: Obj) -> list[FieldError]:
        """Rules that hold for new and changed objects alike; the default of both."""
        return []

    def prepare_for_update(self, context: Context, obj: Obj, old: Obj) -> None:
        """As prepare_for_create, for an update through the main path: `status` is already that of `old`."""

    def validate_update(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """What is wrong with the changed object, immutable fields included."""
        return self.validate(context, obj)

    def prepare_for_status(self, context: Context, obj: Obj, old: Obj) -> None:
        """As prepare_for_update, for the status path: all but status and the metadata it may touch is already that
        of `old`."""

    def validate_status(self, context: Context, obj: Obj, old: Obj) -> list[FieldError]:
        """What is wrong with the new status."""
        return []

    def warnings(self, context: Context, obj: Obj, old: Obj | None) -> list[str]:
        """Texts of Warning headers for a create (old None) or an update."""
        return []

    def allocate(self, context: Context, obj: Obj, old: Obj | None) -> Undo | None:
        """Take what the object needs from shared ranges (addresses, ports); the result gives it back if the write
        fails.

        Raises StatusError. On a dry run nothing may stay taken. `release` is called when an object is gone for good.
        """
        return None

    def release(self, context: Context, obj: Obj) -> None:
        """Give back what `allocate` took; called after the object was removed from the store."""

    follows_up = False
    """Whether `follow_up` has anything to do."""

    async def follow_up(self, context: Context, before: Obj | None, after: Obj | None) -> None:
        """Further writes that belong to the same request, after the object was stored (or removed: after None)."""

    def grace_seconds(self, context: Context, obj: Obj, options: Obj) -> int | None:
        """Seconds an object is kept after DELETE for someone to end it gracefully; None or 0: it goes at once."""
        return None

    def lingers(self, obj: Obj) -> bool:
        """Whether something beside metadata.finalizers keeps an object that is being deleted (a namespace's
        spec.finalizers)."""
        return False

    def mark_deleting(self, context: Context, obj: Obj) -> None:
        """Change an object that was just marked as being deleted and stays for a while."""

    def deletion_warnings(self, options: Obj) -> list[str]:
        """Texts of Warning headers for a DELETE with these options, whatever it meets."""
        return []

    def check_delete(self, context: Context, obj: Obj) -> None:
        """Raise StatusError if the object may not be deleted."""

    def unknown_field_message(self, resource: Resource, path: str) -> str:
        """The 400 for a field selector on a field that is not in `field_selectors`."""
        return f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'

    field_selectors: dict[str, Callable[[Obj], str]] = {}  # noqa: RUF012 - a table that nobody changes
    """Selectable fields beside metadata.name and metadata.namespace."""
