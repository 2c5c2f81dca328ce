"""Services behind an HTTP API with JSON: list, erase, poll."""

from dsr.connectors.http.service import HttpService

__all__ = ["HttpService"]
