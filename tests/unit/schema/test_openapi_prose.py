from pathlib import Path

import pytest

from fakekube.schema.openapi_prose import ClientProse

INDEX = """
    _modules = {
        "V1Fan": ".v1_fan",
        "AirV1Wing": ".air_v1_wing",
        "V1Wing": ".v1_wing",
    }
"""
FAN = '''
class V1Fan(BaseModel):
    """
    A fan turns.

    Attributes:
      openapi_types (dict): The key is attribute name
    """ # noqa: E501
    max_speed: Optional[StrictInt] = Field(default=None, serialization_alias="maxSpeed", description="How \\"fast\\".")
    var_field: Optional[StrictStr] = Field(default=None, description="Which one.")
    silent: Optional[V1Silence] = None
    openapi_types: ClassVar[Dict[str, str]] = {}
    other: Any = Field(description="not a field")
'''
CALLS = """
        resource_version: Annotated[Optional[StrictStr], Field(description="Since when.  Defaults to unset")] = None,
"""


@pytest.fixture
def prose(tmp_path: Path) -> ClientProse:
    files = {
        "models/__init__.py": INDEX,
        "models/v1_fan.py": FAN,
        "models/v1_wing.py": "",
        "models/air_v1_wing.py": FAN,
    }
    files |= {"api/coordination_v1_api.py": CALLS, "api/core_v1_api.py": ""}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return ClientProse(tmp_path)


def test_a_kind_and_its_fields_are_described_as_the_model_has_it(prose: ClientProse) -> None:
    name = "io.k8s.api.air.v1.Fan"
    assert prose.kind(name) == "A fan turns."
    assert prose.field(name, "maxSpeed") == 'How "fast".'
    assert prose.field(name, "field") == "Which one."
    assert prose.field(name, "silent") == ""
    assert prose.field(name, "other") == ""


def test_the_model_of_the_group_goes_before_one_of_the_same_kind(prose: ClientProse) -> None:
    assert prose.kind("io.k8s.api.air.v1.Wing") == "A fan turns."
    assert prose.kind("io.k8s.api.core.v1.Wing") == ""


def test_an_unknown_kind_has_no_description(prose: ClientProse) -> None:
    assert prose.kind("io.k8s.api.air.v1.Nothing") == ""


def test_parameters_are_described_in_paragraphs(prose: ClientProse) -> None:
    assert prose.parameter("resourceVersion") == "Since when.\n\nDefaults to unset"
    assert prose.parameter("unknown") == ""
