"""SQL databases: one statement per collection, built from the map's names and bound values."""

from dsr.connectors.sql.database import SqlDatabase

__all__ = ["SqlDatabase"]
