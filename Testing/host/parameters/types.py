"""Questions about annotated types; follows ``util.py`` in Slicer."""

from __future__ import annotations

import typing
from typing import Annotated, Any

import slicer


def splitAnnotations(possiblyAnnotated: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the bare type and its annotations."""
    bare, *annotations = typing.get_args(Annotated[possiblyAnnotated, "always one"])
    return bare, tuple(annotations[:-1])


def unannotatedType(possiblyAnnotated: Any) -> Any:
    """Return the bare type."""
    return splitAnnotations(possiblyAnnotated)[0]


def findFirstAnnotation(annotations: Any, kind: type) -> Any:
    """Return the first annotation of a kind, or None."""
    return next((annotation for annotation in annotations if isinstance(annotation, kind)), None)


def splitPossiblyDottedName(name: str) -> tuple[str, str | None]:
    """Split ``x.y.z`` into ``x`` and ``y.z``; the second part is None without a dot."""
    top, dot, rest = name.partition(".")
    return top, rest if dot else None


def isNodeOrUnionOfNodes(datatype: Any) -> bool:
    """Whether a type is a MRML node class, or ``typing.Union``/``Optional`` of such."""
    bare = unannotatedType(datatype)
    if typing.get_origin(bare) is typing.Union:
        return all(arg is type(None) or _isNode(unannotatedType(arg)) for arg in typing.get_args(bare))
    return _isNode(bare)


def getNodeTypes(datatype: Any) -> tuple[str, ...]:
    """Return the node class names of a type.

    Raises
    ------
    TypeError
        If the type is no node type.
    """
    bare = unannotatedType(datatype)
    if not isNodeOrUnionOfNodes(bare):
        raise TypeError(f"Cannot handle type {datatype}")
    alternatives = typing.get_args(bare) if typing.get_origin(bare) is typing.Union else (bare,)
    nodes = (unannotatedType(alternative) for alternative in alternatives)
    return tuple(node.__name__ for node in nodes if node is not type(None))


def _isNode(bare: Any) -> bool:
    return isinstance(bare, type) and issubclass(bare, slicer.vtkMRMLNode)
