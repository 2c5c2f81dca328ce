"""Folders of files: a collection is a pattern of paths under one root."""

from dsr.connectors.folder.connector import Folder

__all__ = ["Folder"]
