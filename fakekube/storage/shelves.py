"""The present objects of one resource, by namespace and name, listed in the order of both."""

from __future__ import annotations

from bisect import bisect_left, insort

from fakekube.storage.values import Key, Stored

Names = list[str]


class Shelf:
    """The objects of one resource in one namespace; `names` is kept sorted."""

    __slots__ = ("items", "names")

    def __init__(self) -> None:
        self.items: dict[str, Stored] = {}
        self.names: list[str] = []

    def put(self, name: str, stored: Stored) -> None:
        if name not in self.items:
            insort(self.names, name)
        self.items[name] = stored

    def drop(self, name: str) -> None:
        del self.items[name]
        del self.names[bisect_left(self.names, name)]

    def copy(self) -> Shelf:
        twin = Shelf()
        twin.items = self.items.copy()
        twin.names = self.names.copy()
        return twin


class Shelves:
    """All shelves of all resources."""

    __slots__ = ("_count", "_shelves")

    def __init__(self) -> None:
        self._shelves: dict[str, dict[str, Shelf]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def get(self, key: Key) -> Stored | None:
        shelf = self._shelves.get(key.resource, _EMPTY).get(key.namespace)
        return None if shelf is None else shelf.items.get(key.name)

    def put(self, key: Key, stored: Stored) -> None:
        shelf = self._shelves.setdefault(key.resource, {}).get(key.namespace)
        if shelf is None:
            shelf = self._shelves[key.resource][key.namespace] = Shelf()
        self._count += key.name not in shelf.items
        shelf.put(key.name, stored)

    def drop(self, key: Key) -> None:
        namespaces = self._shelves[key.resource]
        shelf = namespaces[key.namespace]
        shelf.drop(key.name)
        self._count -= 1
        if not shelf.items:
            del namespaces[key.namespace]

    def list(self, resource: str, namespace: str | None) -> list[Stored]:
        """The objects of a namespace (None: of all) in order."""
        namespaces = self._shelves.get(resource, _EMPTY)
        if namespace is not None:
            shelf = namespaces.get(namespace)
            return [] if shelf is None else [shelf.items[name] for name in shelf.names]
        found: list[Stored] = []
        for _, shelf in sorted(namespaces.items()):
            found += [shelf.items[name] for name in shelf.names]
        return found

    def count(self, resource: str, namespace: str | None = None) -> int:
        namespaces = self._shelves.get(resource)
        if not namespaces:
            return 0
        if namespace is not None:
            return len(namespaces[namespace].items) if namespace in namespaces else 0
        return sum(len(shelf.items) for shelf in namespaces.values())

    def resources(self) -> Names:
        """The ids of the resources that have objects."""
        return [resource for resource, namespaces in self._shelves.items() if namespaces]

    def copy(self) -> Shelves:
        twin = Shelves()
        twin._count = self._count
        twin._shelves = {
            resource: {namespace: shelf.copy() for namespace, shelf in namespaces.items()}
            for resource, namespaces in self._shelves.items()
        }
        return twin


_EMPTY: dict[str, Shelf] = {}
