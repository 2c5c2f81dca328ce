"""Objects by key: files below one folder, or a bucket of S3; a collection is a pattern of keys."""

from dsr.connectors.object_store.connector import ObjectStore

__all__ = ["ObjectStore"]
