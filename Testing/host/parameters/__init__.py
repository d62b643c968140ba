"""Stand-in of ``slicer.parameterNodeWrapper``: typed access to a ``vtkMRMLScriptedModuleNode``.

Written from the behaviour of ``Base/Python/slicer/parameterNodeWrapper`` of Slicer: the same types are taken and
refused, and values lie under the same parameter names in the node, so scenes are exchangeable. As in Slicer,
``connectGui`` returns nothing and ``disconnectGui`` leaves an observer on the node. One difference: no value is cached
(``isCached`` tells what Slicer would cache).
"""

from . import containers as _containers  # noqa: F401  (registers its serializers)
from .annotations import (
    Choice,
    Decimals,
    Default,
    Exclude,
    IsInstance,
    Maximum,
    Minimum,
    NotNone,
    RangeBounds,
    SingleStep,
    Validator,
    WithinRange,
)
from .connectors import GuiConnector, createGuiConnector, parameterNodeGuiConnector
from .packs import FloatRange, isParameterPack, nestedParameterNames, parameterPack
from .serializers import Serializer, ValidatedSerializer, parameterNodeSerializer
from .types import findFirstAnnotation, getNodeTypes, isNodeOrUnionOfNodes, splitAnnotations, unannotatedType
from .wrapper import (
    SlicerParameterNamePropertyName,
    findChildWidgetForParameter,
    isParameterNodeWrapper,
    parameterNodeWrapper,
)

__all__ = [
    "Choice",
    "Decimals",
    "Default",
    "Exclude",
    "FloatRange",
    "GuiConnector",
    "IsInstance",
    "Maximum",
    "Minimum",
    "NotNone",
    "RangeBounds",
    "Serializer",
    "SingleStep",
    "SlicerParameterNamePropertyName",
    "ValidatedSerializer",
    "Validator",
    "WithinRange",
    "createGuiConnector",
    "findChildWidgetForParameter",
    "findFirstAnnotation",
    "getNodeTypes",
    "isNodeOrUnionOfNodes",
    "isParameterNodeWrapper",
    "isParameterPack",
    "nestedParameterNames",
    "parameterNodeGuiConnector",
    "parameterNodeSerializer",
    "parameterNodeWrapper",
    "parameterPack",
    "splitAnnotations",
    "unannotatedType",
]
