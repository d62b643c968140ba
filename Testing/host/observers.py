"""Counting of VTK observers, to prove that a module leaves none behind.

VTK hands out tags in order and gives each observer's command by its tag, so that all observers of an object can be
found, whether Python or C++ added them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from .parameters.wrapper import LEFT_OVER
from .standins.mrmlWidget import Observations


def observersOf(subject: Any) -> dict[int, Any]:
    """Return the commands that observe a VTK object, by their tags."""
    last = subject.AddObserver("NoEvent", lambda *_: None)
    commands = {tag: subject.GetCommand(tag) for tag in range(1, last)}
    subject.RemoveObserver(last)
    return {tag: command for tag, command in commands.items() if command is not None}


def countObservers(scene: Any, *others: Any, pythonOnly: bool = True) -> Counter[str]:
    """Count the observers of a scene, its nodes and what they hold.

    Parameters
    ----------
    scene : vtkMRMLScene
    *others : vtkObject
        Further objects, for instance interactors.
    pythonOnly : bool
        Whether to leave out the observers of C++ code, which come and go with displayable managers, those of
        the stand-ins, which are C++ code in Slicer, and those that Slicer's ``disconnectGui`` leaves behind.

    Returns
    -------
    Counter
        Observers by the ID of the node, ``scene``, ``<ID>/segmentation``, ``<ID>/table`` ... ; objects without any
        observer are left out, so that two counts can be compared with ``==``.
    """
    subjects = {"scene": scene}
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        subjects[node.GetID()] = node
        for name, getter in (("segmentation", "GetSegmentation"), ("table", "GetTable"), ("image", "GetImageData")):
            part = getattr(node, getter)() if hasattr(node, getter) else None
            if part is not None:
                subjects[f"{node.GetID()}/{name}"] = part
    subjects.update({f"{other.GetClassName()} {n}": other for n, other in enumerate(others)})
    counts = {name: _count(subject, pythonOnly) for name, subject in subjects.items()}
    return Counter({name: count for name, count in counts.items() if count})


def _count(subject: Any, pythonOnly: bool) -> int:
    commands = observersOf(subject)
    if not pythonOnly:
        return len(commands)
    others = Observations.tagsOn(subject) | {tag for node, tag in LEFT_OVER if node is subject}
    return sum(tag not in others and command.GetClassName() == "vtkPythonCommand" for tag, command in commands.items())
