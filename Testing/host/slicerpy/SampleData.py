"""Stand-in of the module ``SampleData``: registered data sets, from files or a downloader of one's own.

Follows ``Modules/Scripted/SampleData/SampleData.py`` of Slicer; the network is never used.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import slicer


class NoNetworkError(RuntimeError):
    """A data set lies on the network, which the host does not use."""


@dataclass
class SampleDataSource:
    """One data set; lists have one entry for each of its files."""

    sampleName: str | None = None
    sampleDescription: str | None = None
    uris: Any = None
    fileNames: Any = None
    nodeNames: Any = None
    checksums: Any = None
    loadFiles: Any = None
    customDownloader: Callable[[Any], Any] | None = None
    thumbnailFileName: str | None = None
    loadFileTypes: Any = None
    loadFileProperties: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sampleDescription = self.sampleDescription or self.sampleName
        count = len(self.uris) if isinstance(self.uris, (list, tuple)) else 1
        for name in ("uris", "fileNames", "nodeNames", "checksums", "loadFiles", "loadFileTypes"):
            value = getattr(self, name)
            value = [value] * count if value is None or not isinstance(value, (list, tuple)) else list(value)
            if len(value) != count:
                raise ValueError("All fields of sample data source must have the same length")
            setattr(self, name, value)


class SampleDataLogic:
    """Registers data sets and loads them."""

    def __init__(self, logMessage: Callable[..., None] | None = None) -> None:
        self.logMessage = logMessage

    @staticmethod
    def registerCustomSampleDataSource(
        category: str = "Custom",
        sampleName: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        customDownloader: Callable[[Any], Any] | None = None,
        thumbnailFileName: str | None = None,
        loadFileTypes: Any = None,
        loadFiles: Any = None,
        loadFileProperties: dict[str, Any] | None = None,
        checksums: Any = None,
        loadFileType: Any = None,
    ) -> None:
        """Register a data set under a category."""
        source = SampleDataSource(
            sampleName=sampleName,
            uris=uris,
            fileNames=fileNames,
            nodeNames=nodeNames,
            customDownloader=customDownloader,
            thumbnailFileName=thumbnailFileName,
            loadFileTypes=loadFileTypes or loadFileType,
            loadFiles=loadFiles,
            loadFileProperties=loadFileProperties or {},
            checksums=checksums,
        )
        if SampleDataLogic.isSampleDataSourceRegistered(category, source):
            return
        _sources().setdefault(category, []).append(source)

    @staticmethod
    def isSampleDataSourceRegistered(category: str, source: SampleDataSource) -> bool:
        """Whether the very same data set is registered."""
        return source in _sources().get(category, [])

    @staticmethod
    def sampleDataSourcesByCategory(category: str | None = None) -> Any:
        """Return the data sets of a category, or all by category."""
        return _sources() if category is None else _sources().get(category, [])

    def sourceForSampleName(self, sampleName: str) -> SampleDataSource | None:
        """Return the data set of a name."""
        found = (s for sources in _sources().values() for s in sources if sampleName in (s.sampleName, *s.nodeNames))
        return next(found, None)

    def downloadSamples(self, sampleName: str) -> list[Any]:
        """Load a data set by its name."""
        source = self.sourceForSampleName(sampleName)
        if source is None:
            raise RuntimeError(f"No sample data set is registered as {sampleName!r}")
        return self.downloadFromSource(source)

    def downloadSample(self, sampleName: str) -> Any:
        """Load a data set by its name; return its first node."""
        return self.downloadSamples(sampleName)[0]

    def downloadFromSource(self, source: SampleDataSource, maximumAttemptsCount: int = 3) -> list[Any]:
        """Load a data set; return its nodes, or the paths of files that are not to be loaded."""
        if source.customDownloader is not None:
            loaded = source.customDownloader(source)
            return list(loaded) if isinstance(loaded, (list, tuple)) else [loaded]
        result = []
        fields = (source.uris, source.fileNames, source.nodeNames, source.loadFiles, source.loadFileTypes)
        for uri, fileName, nodeName, load, fileType in zip(*fields, strict=True):
            path = _localCopy(uri, fileName)
            if load is False or (load is None and fileType == "ZipFile"):
                result.append(str(path))
                continue
            kind = fileType or slicer.app.coreIOManager().fileType(str(path))
            properties = dict(source.loadFileProperties, **({"name": nodeName} if nodeName else {}))
            result.append(slicer.util.loadNodeFromFile(str(path), kind, properties))
        return result


def _sources() -> dict[str, list[SampleDataSource]]:
    if not hasattr(slicer.modules, "sampleDataSources"):
        slicer.modules.sampleDataSources = {}
    return slicer.modules.sampleDataSources


def _localCopy(uri: str, fileName: str | None) -> Path:
    parts = urlparse(uri)
    if parts.scheme != "file":
        raise NoNetworkError(f"The host does not use the network: {uri}")
    source = Path(url2pathname(parts.path))
    target = Path(slicer.mrmlScene.GetCacheManager().GetRemoteCacheDirectory()) / (fileName or source.name)
    shutil.copyfile(source, target)
    return target


def downloadSample(sampleName: str) -> Any:
    """Load a data set by its name; return its first node."""
    return SampleDataLogic().downloadSample(sampleName)


def downloadSamples(sampleName: str) -> list[Any]:
    """Load a data set by its name; return its nodes."""
    return SampleDataLogic().downloadSamples(sampleName)


def downloadFromURL(uris: Any = None, fileNames: Any = None, nodeNames: Any = None, **fields: Any) -> list[Any]:
    """Load files."""
    return SampleDataLogic().downloadFromSource(
        SampleDataSource(uris=uris, fileNames=fileNames, nodeNames=nodeNames, **fields)
    )
