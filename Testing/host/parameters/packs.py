"""Aggregates of parameters: ``@parameterPack``; follows ``parameterPack.py`` and ``types.py`` in Slicer."""

from __future__ import annotations

import copy
import typing
from dataclasses import dataclass
from typing import Any

import slicer

from .annotations import Default, NotNone, Validator
from .serializers import Serializer, ValidatedSerializer, createSerializer, parameterNodeSerializer
from .types import findFirstAnnotation, splitAnnotations, splitPossiblyDottedName, unannotatedType

_RESERVED = ("allParameters", "getValue", "setValue", "dataType")


@dataclass(frozen=True)
class ParameterInfo:
    """One member of a pack or of a wrapper."""

    basename: str
    serializer: ValidatedSerializer
    default: Any
    unalteredType: Any


def membersOf(cls: type) -> dict[str, ParameterInfo]:
    """Read the annotations of a class.

    Raises
    ------
    Exception
        If a member has a type that cannot be serialized, as in Slicer.
    """
    members = {}
    for name, annotated in typing.get_type_hints(cls, include_extras=True).items():
        bare, annotations = splitAnnotations(annotated)
        try:
            serializer, rest = createSerializer(bare, annotations)
        except Exception as error:
            raise Exception(f"Unable to create serializer for {cls} member {name}") from error
        default = findFirstAnnotation(rest, Default)
        value = getattr(cls, name) if hasattr(cls, name) else default.value if default else serializer.default()
        members[name] = ParameterInfo(name, serializer, value, annotated)
    return members


def isParameterPack(cls: Any) -> bool:
    """Whether a class or object is a parameter pack."""
    return getattr(cls, "_is_parameterPack", False)


def parameterPack(cls: type | None = None) -> Any:
    """Turn a class with annotations into a parameter pack."""
    if cls is None:
        return parameterPack
    members = membersOf(cls)
    if not members:
        raise ValueError(f"{cls} has no members")
    for name, info in members.items():
        try:
            info.serializer.validate(info.default)
        except (TypeError, ValueError) as error:
            raise ValueError(f"The default of '{name}', {info.default!r}, fails the validation: {error}") from error
        setattr(cls, name, _member(info))
    for name in _RESERVED:
        if hasattr(cls, name):
            raise ValueError(f"Cannot use reserved name '{name}' in a parameterPack")
    cls.allParameters = members
    cls._is_parameterPack = True
    _giveMethods(cls)
    return cls


def checkMember(pack: Any, name: str) -> None:
    """Raise ValueError if a pack has no member of a possibly dotted name."""
    top, rest = splitPossiblyDottedName(name)
    if top not in pack.allParameters:
        raise ValueError(f"{pack} has no member '{top}'")
    if rest is not None:
        inner = unannotatedType(pack.allParameters[top].unalteredType)
        if not isParameterPack(inner):
            raise ValueError(f"{inner} is no parameter pack and has no '{rest}'")
        checkMember(inner, rest)


def nestedParameterNames(pack: Any) -> list[str]:
    """Return the dotted names of all members, those of inner packs included."""
    pack = pack if isParameterPack(pack) else unannotatedType(pack)
    names = []
    for name, info in pack.allParameters.items():
        inner = unannotatedType(info.unalteredType)
        names += [f"{name}.{rest}" for rest in nestedParameterNames(inner)] if isParameterPack(inner) else [name]
    return names


def _member(info: ParameterInfo) -> property:
    key = f"_parameterPack_{info.basename}_impl"

    def read(self: Any) -> Any:
        return self.__dict__[key]

    def write(self: Any, value: Any) -> None:
        info.serializer.validate(value)
        self.__dict__[key] = value
        if self.__dict__.get("_saveTo") is not None:
            self._saveTo()

    return property(read, write)


def _giveMethods(cls: Any) -> None:
    given = vars(cls).get("__init__")

    def fill(self: Any, *arguments: Any, **keywords: Any) -> None:
        values = dict(zip(cls.allParameters, arguments, strict=False)) | keywords
        unknown = set(values) - set(cls.allParameters)
        if unknown or len(arguments) > len(cls.allParameters):
            raise TypeError(f"__init__() got an unexpected argument '{', '.join(sorted(unknown))}'")
        for name, info in cls.allParameters.items():
            setattr(self, name, values.get(name, copy.copy(info.default)))

    def initialise(self: Any, *arguments: Any, **keywords: Any) -> None:
        fill(self)
        given(self, *arguments, **keywords)

    cls.__init__ = initialise if given is not None else fill
    cls._fill = fill
    methods = {"__eq__": _equal, "__repr__": _text, "__str__": _text}
    for name, method in methods.items():
        if name not in vars(cls):
            setattr(cls, name, method)
    cls.getValue, cls.setValue = _getValue, _setValue
    cls.dataType = staticmethod(lambda name: _dataType(cls, name))


def _equal(self: Any, other: Any) -> bool:
    same = isParameterPack(other) and self.allParameters is other.allParameters
    return same and all(getattr(self, name) == getattr(other, name) for name in self.allParameters)


def _text(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.allParameters)})"


def _getValue(self: Any, name: str) -> Any:
    checkMember(self, name)
    top, rest = splitPossiblyDottedName(name)
    value = getattr(self, top)
    return value if rest is None else value.getValue(rest)


def _setValue(self: Any, name: str, value: Any) -> None:
    checkMember(self, name)
    top, rest = splitPossiblyDottedName(name)
    if rest is None:
        setattr(self, top, value)
    else:
        getattr(self, top).setValue(rest, value)


def _dataType(cls: Any, name: str) -> Any:
    checkMember(cls, name)
    top, rest = splitPossiblyDottedName(name)
    annotated = cls.allParameters[top].unalteredType
    return annotated if rest is None else unannotatedType(annotated).dataType(rest)


@dataclass(frozen=True)
class _IsPack(Validator):
    type: Any

    def validate(self, value: Any) -> None:
        if not isinstance(value, self.type):
            raise ValueError(f"{value!r} is not of type {self.type}")


@parameterNodeSerializer
class ParameterPackSerializer(Serializer):
    """Parameter packs; each member lies under ``name.member``."""

    def __init__(self, type_: Any) -> None:
        self.type = type_

    @staticmethod
    def canSerialize(type_: Any) -> bool:
        return isParameterPack(type_)

    @classmethod
    def create(cls, type_: Any) -> Any:
        return ValidatedSerializer(cls(type_), [NotNone(), _IsPack(type_)])

    def default(self) -> Any:
        return self.type()

    def isIn(self, parameterNode: Any, name: str) -> bool:
        first = next(iter(self.type.allParameters.values()))
        return first.serializer.isIn(parameterNode, f"{name}.{first.basename}")

    def write(self, parameterNode: Any, name: str, value: Any) -> None:
        with slicer.util.NodeModify(parameterNode):
            for member, info in self.type.allParameters.items():
                info.serializer.write(parameterNode, f"{name}.{member}", getattr(value, member))

    def read(self, parameterNode: Any, name: str) -> Any:
        """Return a pack that writes itself to the node whenever a member is set."""
        pack = self.type.__new__(self.type)
        members = self.type.allParameters.items()
        pack._fill(**{member: info.serializer.read(parameterNode, f"{name}.{member}") for member, info in members})
        pack.__dict__["_saveTo"] = lambda: self.write(parameterNode, name, pack)
        for member in self.type.allParameters:
            inner = getattr(pack, member)
            if isParameterPack(inner):
                inner.__dict__["_saveTo"] = pack.__dict__["_saveTo"]
        return pack

    def remove(self, parameterNode: Any, name: str) -> None:
        for member, info in self.type.allParameters.items():
            info.serializer.remove(parameterNode, f"{name}.{member}")

    def supportsCaching(self) -> bool:
        return all(info.serializer.supportsCaching() for info in self.type.allParameters.values())


@parameterPack
class FloatRange:
    """A range of two numbers, for ``ctkRangeWidget``."""

    _minimum: float
    _maximum: float

    def __init__(self, minimum: float = 0, maximum: float = 0) -> None:
        self.setRange(minimum, maximum)

    @property
    def minimum(self) -> float:
        """The lower end."""
        return self._minimum

    @minimum.setter
    def minimum(self, value: float) -> None:
        self.setRange(value, self._maximum)

    @property
    def maximum(self) -> float:
        """The upper end."""
        return self._maximum

    @maximum.setter
    def maximum(self, value: float) -> None:
        self.setRange(self._minimum, value)

    def setRange(self, minimum: float, maximum: float) -> None:
        """Set both ends; raise ValueError if they are in the wrong order."""
        if not minimum <= maximum:
            raise ValueError(f"A range cannot start at {minimum} and end at {maximum}")
        self._minimum, self._maximum = minimum, maximum
