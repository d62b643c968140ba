"""How values lie in a parameter node; follows ``serializers.py`` in Slicer."""

from __future__ import annotations

import enum
import logging
import pathlib
import typing
from abc import ABC, abstractmethod
from typing import Any

import slicer

from .annotations import IsInstance, IsNone, NotNone, Validator, isValidator
from .types import splitAnnotations

_PATHS = (
    pathlib.Path,
    pathlib.PosixPath,
    pathlib.WindowsPath,
    pathlib.PurePath,
    pathlib.PurePosixPath,
    pathlib.PureWindowsPath,
)
_REGISTERED: list[type[Serializer]] = []


class Serializer(ABC):
    """Writes and reads the values of one type."""

    @staticmethod
    @abstractmethod
    def canSerialize(type_: Any) -> bool:
        """Whether a type is this serializer's."""

    @classmethod
    @abstractmethod
    def create(cls, type_: Any) -> Any:
        """Make the serializer of a type, with the checks that always apply."""

    @abstractmethod
    def default(self) -> Any:
        """Return the value of a parameter without a default of its own."""

    def isIn(self, parameterNode: Any, name: str) -> bool:
        """Whether the node holds the parameter."""
        return bool(parameterNode.HasParameter(name))

    @abstractmethod
    def write(self, parameterNode: Any, name: str, value: Any) -> None:
        """Put a value into the node."""

    @abstractmethod
    def read(self, parameterNode: Any, name: str) -> Any:
        """Get the value from the node."""

    def remove(self, parameterNode: Any, name: str) -> None:
        """Take the parameter out of the node."""
        parameterNode.UnsetParameter(name)

    def supportsCaching(self) -> bool:
        """Whether Slicer keeps the value in memory."""
        return True


class ValidatedSerializer(Serializer):
    """A serializer behind validators."""

    def __init__(self, serializer: Serializer, validators: list[Validator]) -> None:
        inner = isinstance(serializer, ValidatedSerializer)
        self.serializer = serializer.serializer if inner else serializer
        self.validators = [*(serializer.validators if inner else []), *validators]

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        """Never chosen by itself."""
        return False

    @classmethod
    def create(cls, type_: Any) -> Any:
        """Refuse: it takes a serializer to validate for."""
        raise TypeError("ValidatedSerializer does not support create")

    def default(self) -> Any:
        return self.serializer.default()

    def isIn(self, parameterNode: Any, name: str) -> bool:
        return self.serializer.isIn(parameterNode, name)

    def validate(self, value: Any) -> None:
        """Let every validator look at a value."""
        for validator in self.validators:
            validator.validate(value)

    def write(self, parameterNode: Any, name: str, value: Any) -> None:
        self.validate(value)
        self.serializer.write(parameterNode, name, value)

    def read(self, parameterNode: Any, name: str) -> Any:
        return self.serializer.read(parameterNode, name)

    def remove(self, parameterNode: Any, name: str) -> None:
        self.serializer.remove(parameterNode, name)

    def supportsCaching(self) -> bool:
        return self.serializer.supportsCaching()


def parameterNodeSerializer(cls: type[Serializer] | None = None) -> Any:
    """Register a serializer class; the first that can serialize a type is taken."""
    if cls is None:
        return parameterNodeSerializer
    if not issubclass(cls, Serializer):
        raise TypeError(f"{cls} is no Serializer")
    _REGISTERED.append(cls)
    return cls


def createSerializer(type_: Any, annotations: Any) -> tuple[ValidatedSerializer, list[Any]]:
    """Make the serializer of a type; return it with the annotations that it does not use.

    Raises
    ------
    TypeError
        If no serializer takes the type.
    """
    validators = [annotation for annotation in annotations if isValidator(annotation)]
    rest = [annotation for annotation in annotations if not isValidator(annotation)]
    for cls in _REGISTERED:
        if cls.canSerialize(type_):
            return ValidatedSerializer(cls.create(type_), validators), rest
    raise TypeError(f"Unable to create serializer for type: {type_}")


def serializerOf(annotated: Any) -> ValidatedSerializer:
    """Make the serializer of a possibly annotated type."""
    serializer, unused = createSerializer(*splitAnnotations(annotated))
    if unused:
        logging.warning("Unused annotations: %s", unused)
    return serializer


class _Text(Serializer):
    """Values that are one text parameter."""

    def __init__(self, type_: Any) -> None:
        self.type = type_

    @classmethod
    def create(cls, type_: Any) -> Any:
        accepted = (int, float) if type_ is float else type_
        return ValidatedSerializer(cls(type_), [NotNone(), IsInstance(accepted)])

    def default(self) -> Any:
        return self.type()

    def write(self, parameterNode: Any, name: str, value: Any) -> None:
        parameterNode.SetParameter(name, str(value))

    def read(self, parameterNode: Any, name: str) -> Any:
        return self.type(parameterNode.GetParameter(name))


@parameterNodeSerializer
class NumberSerializer(_Text):
    """``int`` and ``float``."""

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return type_ in (int, float)


@parameterNodeSerializer
class StringSerializer(_Text):
    """``str``."""

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return type_ is str


@parameterNodeSerializer
class PathSerializer(_Text):
    """The classes of pathlib; a plain text is refused, as in Slicer."""

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return type_ in _PATHS


@parameterNodeSerializer
class BoolSerializer(_Text):
    """``bool``, written as True and False."""

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return type_ is bool

    def read(self, parameterNode: Any, name: str) -> bool:
        return parameterNode.GetParameter(name) == "True"


@parameterNodeSerializer
class NodeSerializer(Serializer):
    """MRML nodes, as node references; an empty parameter of the same name says that it was set."""

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return isinstance(type_, type) and issubclass(type_, slicer.vtkMRMLNode)

    @classmethod
    def create(cls, type_: Any) -> Any:
        return ValidatedSerializer(cls(), [IsInstance(type_)])

    def default(self) -> Any:
        return None

    def write(self, parameterNode: Any, name: str, value: Any) -> None:
        parameterNode.SetParameter(name, "")
        parameterNode.SetNodeReferenceID(name, None if value is None else value.GetID())

    def read(self, parameterNode: Any, name: str) -> Any:
        return parameterNode.GetNodeReference(name)

    def remove(self, parameterNode: Any, name: str) -> None:
        parameterNode.UnsetParameter(name)
        parameterNode.RemoveNodeReferenceIDs(name)


@parameterNodeSerializer
class NoneSerializer(Serializer):
    """``None`` inside of a Union."""

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return type_ is type(None)

    @classmethod
    def create(cls, type_: Any) -> Any:
        return ValidatedSerializer(cls(), [IsNone()])

    def default(self) -> Any:
        return None

    def write(self, parameterNode: Any, name: str, value: Any) -> None:
        parameterNode.SetParameter(name, "True")

    def read(self, parameterNode: Any, name: str) -> Any:
        return None


@parameterNodeSerializer
class UnionSerializer(Serializer):
    """``typing.Union`` and ``typing.Optional``; not ``A | B``, which Slicer's own serializer does not take."""

    def __init__(self, serializers: list[ValidatedSerializer]) -> None:
        self._serializers = serializers

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return typing.get_origin(type_) is typing.Union

    @classmethod
    def create(cls, type_: Any) -> Any:
        return cls([serializerOf(argument) for argument in typing.get_args(type_)])

    def default(self) -> Any:
        optional = len(self._serializers) == 2 and isinstance(self._serializers[1].serializer, NoneSerializer)
        return None if optional else self._serializers[0].default()

    def _alternatives(self, name: str) -> Any:
        return ((f"{name}.{index}", serializer) for index, serializer in enumerate(self._serializers))

    def isIn(self, parameterNode: Any, name: str) -> bool:
        return any(serializer.isIn(parameterNode, part) for part, serializer in self._alternatives(name))

    def write(self, parameterNode: Any, name: str, value: Any) -> None:
        error: Exception = TypeError(f"No type of the union takes {value!r}")
        for part, serializer in self._alternatives(name):
            if serializer.serializer.canSerialize(type(value)):
                try:
                    serializer.validate(value)
                except (TypeError, ValueError) as refused:
                    error = refused
                    continue
                with slicer.util.NodeModify(parameterNode):
                    self.remove(parameterNode, name)
                    serializer.write(parameterNode, part, value)
                return
        raise error

    def read(self, parameterNode: Any, name: str) -> Any:
        for part, serializer in self._alternatives(name):
            if serializer.isIn(parameterNode, part):
                return serializer.read(parameterNode, part)
        raise KeyError(name)

    def remove(self, parameterNode: Any, name: str) -> None:
        for part, serializer in self._alternatives(name):
            serializer.remove(parameterNode, part)

    def supportsCaching(self) -> bool:
        return all(serializer.supportsCaching() for serializer in self._serializers)


@parameterNodeSerializer
class EnumSerializer(_Text):
    """Enumerations, by the name of the member."""

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return isinstance(type_, type) and issubclass(type_, enum.Enum)

    def default(self) -> Any:
        return next(iter(self.type))

    def write(self, parameterNode: Any, name: str, value: Any) -> None:
        parameterNode.SetParameter(name, value.name)

    def read(self, parameterNode: Any, name: str) -> Any:
        key = parameterNode.GetParameter(name)
        try:
            return self.type[key]
        except KeyError as error:
            raise ValueError(f"The node says {key!r}, which is no member of {self.type!r}") from error
