"""Judges Stage objects when they are written: what cannot be played is refused, and why is said."""

from __future__ import annotations

from fakekube.admission.chain import DELETE, Attributes, Context, Plugin
from fakekube.core.errors import StatusError
from fakekube.core.fielderrors import FieldError, invalid_object
from fakekube.nodes.stages import GROUP, STAGES


class StageAdmission(Plugin):
    """Reads each Stage that is to be stored."""

    name = "Stage"

    def handles(self, attributes: Attributes) -> bool:
        return attributes.resource.id == STAGES and not attributes.subresource and attributes.operation != DELETE

    async def validate(self, attributes: Attributes, context: Context) -> None:
        from fakekube.nodes.stages.faults import StageError
        from fakekube.nodes.stages.reading import read

        assert attributes.obj is not None, "only a deletion has none"
        try:
            read([attributes.obj])
        except StageError as error:
            raise refusal(str(error), attributes.obj["metadata"].get("name", "")) from error


def refusal(fault: str, name: str) -> StatusError:
    """422 with the place of the fault, which begins with the name of the stage."""
    place, _, message = fault.removeprefix(f"Stage {name}: ").partition(": ")
    return invalid_object(GROUP, "Stage", name, [FieldError("FieldValueInvalid", place, f"Invalid value: {message}")])
