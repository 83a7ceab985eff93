"""Identifiers come from a seed, and look as Kubernetes' do."""

from random import Random
from uuid import UUID

from fakekube.core.ids import SAFE_LETTERS, Ids


def test_uids_are_random_uuids_of_the_seed() -> None:
    ids, chance = Ids("seed"), Random("seed")
    for _ in range(50):
        assert ids.uid() == str(UUID(int=chance.getrandbits(128), version=4))


def test_a_seed_repeats_everything() -> None:
    one, other = Ids(1), Ids(1)
    assert [one.uid(), one.suffix(), one.number(9)] == [other.uid(), other.suffix(), other.number(9)]


def test_suffixes_are_of_safe_letters() -> None:
    assert set(Ids(2).suffix(2000)) == set(SAFE_LETTERS)


def test_what_was_given_away_before_the_mark_does_not_come_again() -> None:
    ids = Ids(1)
    kept = ids.uid()
    ids.mark()
    first = [ids.uid(), ids.uid()]
    ids.rewind()
    assert [ids.uid(), ids.uid()] == first
    assert kept not in first
