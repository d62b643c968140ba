"""Lists, tuples and dictionaries in a parameter node; follows ``serializers.py`` in Slicer."""

from __future__ import annotations

import typing
from collections.abc import MutableMapping, MutableSequence
from typing import Any

import slicer

from .serializers import Serializer, parameterNodeSerializer, serializerOf


class _Observed:
    """A container that writes itself to the parameter node whenever it changes."""

    def __init__(self, parameterNode: Any, serializer: Serializer, name: str, values: Any) -> None:
        self._where = (parameterNode, name)
        self._serializer = serializer
        self._values = values

    def _save(self) -> None:
        try:
            self._serializer.write(*self._where, self._values)
        finally:
            self._values = self._serializer.read(*self._where)._values

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._values})"

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, key: Any) -> Any:
        return self._values[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._values[key] = value
        self._save()

    def __delitem__(self, key: Any) -> None:
        del self._values[key]
        self._save()


class ObservedList(_Observed, MutableSequence):
    """A list that writes itself to the parameter node whenever it changes."""

    def __eq__(self, other: object) -> bool:
        return self._values == (other._values if isinstance(other, ObservedList) else other)

    __hash__ = None  # type: ignore[assignment]

    def insert(self, index: int, value: Any) -> None:
        """Insert a value and save."""
        self._values.insert(index, value)
        self._save()

    def clear(self) -> None:
        """Remove every value and save once."""
        self._values.clear()
        self._save()

    def extend(self, values: Any) -> None:
        """Append values and save once."""
        self._values.extend(values)
        self._save()

    def sort(self, **keywords: Any) -> None:
        """Sort and save."""
        self._values.sort(**keywords)
        self._save()

    def __iadd__(self, values: Any) -> ObservedList:
        self.extend(values)
        return self

    def __add__(self, other: Any) -> Any:
        raise NotImplementedError("An ObservedList has no +, whose result would not write itself; use +=")

    __radd__ = __add__


class ObservedDict(_Observed, MutableMapping):
    """A dictionary that writes itself to the parameter node whenever it changes."""

    def __iter__(self) -> Any:
        return iter(self._values)


@parameterNodeSerializer
class ListSerializer(Serializer):
    """``list[type]``; its length lies under ``name.len``, its values under ``name.0``, ``name.1`` ..."""

    def __init__(self, elementSerializer: Serializer) -> None:
        self._element = elementSerializer

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return typing.get_origin(type_) is list

    @classmethod
    def create(cls, type_: Any) -> Any:
        return cls(serializerOf(typing.get_args(type_)[0]))

    def default(self) -> Any:
        return []

    def _length(self, parameterNode: Any, name: str) -> int:
        return int(parameterNode.GetParameter(f"{name}.len") or 0)

    def isIn(self, parameterNode: Any, name: str) -> bool:
        return bool(parameterNode.HasParameter(f"{name}.len"))

    def write(self, parameterNode: Any, name: str, values: Any) -> None:
        """Write all values; on a value that is refused the former list stands again."""
        values = list(values)
        before = list(self.read(parameterNode, name)) if self.isIn(parameterNode, name) else None
        with slicer.util.NodeModify(parameterNode):
            try:
                for index, value in enumerate(values):
                    self._element.write(parameterNode, f"{name}.{index}", value)
            except Exception:
                self._truncate(parameterNode, name, 0, len(values))
                if before is not None:
                    self.write(parameterNode, name, before)
                raise
            self._truncate(parameterNode, name, len(values), self._length(parameterNode, name))
            parameterNode.SetParameter(f"{name}.len", str(len(values)))

    def read(self, parameterNode: Any, name: str) -> ObservedList:
        count = self._length(parameterNode, name)
        values = [self._element.read(parameterNode, f"{name}.{index}") for index in range(count)]
        return ObservedList(parameterNode, self, name, values)

    def remove(self, parameterNode: Any, name: str) -> None:
        with slicer.util.NodeModify(parameterNode):
            self._truncate(parameterNode, name, 0, self._length(parameterNode, name))
            parameterNode.UnsetParameter(f"{name}.len")

    def _truncate(self, parameterNode: Any, name: str, start: int, stop: int) -> None:
        for index in range(start, stop):
            self._element.remove(parameterNode, f"{name}.{index}")

    def supportsCaching(self) -> bool:
        return self._element.supportsCaching()


@parameterNodeSerializer
class TupleSerializer(Serializer):
    """``tuple[type, ...]`` of a fixed length."""

    def __init__(self, serializers: list[Serializer]) -> None:
        self._serializers = serializers

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return typing.get_origin(type_) is tuple

    @classmethod
    def create(cls, type_: Any) -> Any:
        return cls([serializerOf(argument) for argument in typing.get_args(type_)])

    def default(self) -> Any:
        return tuple(serializer.default() for serializer in self._serializers)

    def isIn(self, parameterNode: Any, name: str) -> bool:
        return self._serializers[0].isIn(parameterNode, f"{name}.0")

    def write(self, parameterNode: Any, name: str, values: Any) -> None:
        values = tuple(values)
        if len(values) != len(self._serializers):
            raise ValueError(f"The tuple takes {len(self._serializers)} values, not {len(values)}")
        with slicer.util.NodeModify(parameterNode):
            for index, (value, serializer) in enumerate(zip(values, self._serializers, strict=True)):
                serializer.write(parameterNode, f"{name}.{index}", value)

    def read(self, parameterNode: Any, name: str) -> tuple[Any, ...]:
        return tuple(s.read(parameterNode, f"{name}.{index}") for index, s in enumerate(self._serializers))

    def remove(self, parameterNode: Any, name: str) -> None:
        for index, serializer in enumerate(self._serializers):
            serializer.remove(parameterNode, f"{name}.{index}")

    def supportsCaching(self) -> bool:
        return all(serializer.supportsCaching() for serializer in self._serializers)


@parameterNodeSerializer
class DictSerializer(Serializer):
    """``dict[type, type]``, as a list of pairs."""

    def __init__(self, pairs: ListSerializer) -> None:
        self._pairs = pairs

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return typing.get_origin(type_) is dict

    @classmethod
    def create(cls, type_: Any) -> Any:
        return cls(ListSerializer(TupleSerializer([serializerOf(argument) for argument in typing.get_args(type_)])))

    def default(self) -> Any:
        return {}

    def isIn(self, parameterNode: Any, name: str) -> bool:
        return self._pairs.isIn(parameterNode, name)

    def write(self, parameterNode: Any, name: str, values: Any) -> None:
        self._pairs.write(parameterNode, name, values.items())

    def read(self, parameterNode: Any, name: str) -> ObservedDict:
        return ObservedDict(parameterNode, self, name, dict(self._pairs.read(parameterNode, name)._values))

    def remove(self, parameterNode: Any, name: str) -> None:
        self._pairs.remove(parameterNode, name)

    def supportsCaching(self) -> bool:
        return self._pairs.supportsCaching()
