from fakekube.registry import deletion
from tests.unit.registry.kinds.conftest import NAMESPACE, Api


async def test_others_have_their_turn_while_a_collection_is_deleted() -> None:
    api, left = Api(), []
    many = 2 * deletion.IN_A_TURN + 1
    for number in range(many):
        await api.make("configmaps", f"c{number}")

    async def pause() -> None:
        left.append(len(api.list("configmaps", NAMESPACE)))

    api.backend.pause = pause
    await api.delete_collection("configmaps", NAMESPACE)
    assert left == [many - deletion.IN_A_TURN, 1]
    assert api.list("configmaps", NAMESPACE) == []


async def test_what_goes_in_the_meantime_is_no_fault() -> None:
    api = Api()
    for number in range(deletion.IN_A_TURN + 3):
        await api.make("configmaps", f"c{number:02}")

    async def pause() -> None:
        await api.delete("configmaps", NAMESPACE, f"c{deletion.IN_A_TURN}")

    api.backend.pause = pause
    await api.delete_collection("configmaps", NAMESPACE)
    assert api.list("configmaps", NAMESPACE) == []
