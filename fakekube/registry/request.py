"""One call of the API, whoever makes it: a client over HTTP, a controller, or a test in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fakekube.access.users import ADMIN, User
from fakekube.core.selectors import FieldSelector, Selector
from fakekube.schema.resources import Resource


@dataclass(slots=True)
class Request:
    """The verb, what it is about, and the options that came with it."""

    verb: str
    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    user: User = ADMIN
    user_agent: str = ""
    field_manager: str = ""
    dry_run: bool = False
    field_validation: str = "Warn"
    force: bool = False
    label_selector: Selector | None = None
    field_selector: FieldSelector | None = None
    resource_version: str = ""
    resource_version_match: str = ""
    limit: int = 0
    continue_token: str = ""
    timeout_seconds: float | None = None
    bookmarks: bool = False
    send_initial_events: bool | None = None
    trusted: bool = False  # the object comes from this process in canonical form: it is not decoded again
    warnings: list[str] = field(default_factory=list)
    is_judged: bool = False  # a part of a request that admission has seen: it is not asked again
    query: dict[str, list[str]] = field(default_factory=dict)

    def warn(self, text: str) -> None:
        """Add a Warning header to the answer, once."""
        if text not in self.warnings:
            self.warnings.append(text)


class Outcome(NamedTuple):
    """What a write answers: the HTTP code and the object, or a Status; `revision` 0 for what was not stored."""

    code: int
    obj: dict[str, Any]
    raw: bytes | None = None  # the stored bytes, if the object is answered as it is stored
