"""Connections that rest between items: to connect takes as long as twenty short questions."""

import os
from collections.abc import Mapping
from time import monotonic

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

MOST = 8  # in a process, of as many databases
POOL: Mapping[str, int] = {"pool_size": 1, "max_overflow": 14, "pool_recycle": 60}  # one rests, for a minute at most
_TRUSTED = 0.5  # seconds of rest after which a connection is tried before it is used

_kept: dict[sa.Engine, None] = {}  # the one that rests longest first


def lets(engine: sa.Engine) -> None:
    """Let one connection of this engine rest; when its server has gone meanwhile, another one takes its place."""
    sa.event.listen(engine, "checkin", _laid_down)
    sa.event.listen(engine, "checkout", _Trial(engine))
    engine.update_execution_options(rests=True)


def kept(engine: sa.Engine) -> bool:
    """Whether its connection stays, for the next item; that of whoever rested longest goes when there are too many."""
    if not engine.get_execution_options().get("rests"):
        return False
    _kept.pop(engine, None)
    _kept[engine] = None
    for oldest in list(_kept)[:-MOST]:
        _kept.pop(oldest, None)  # another thread may be as far
        oldest.dispose()
    return True


def _laid_down(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["rests since"] = monotonic()


class _Trial:
    """Asks a connection that has rested whether somebody is still there."""

    def __init__(self, engine: sa.Engine) -> None:
        self._broken = engine.dialect.loaded_dbapi.Error

    def __call__(self, connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        since = entry.info.pop("rests since", None)
        if since is None or monotonic() - since < _TRUSTED:
            return
        try:
            cursor = connection.cursor()
            cursor.execute("SELECT 1")
            cursor.close()
        except self._broken as error:
            raise exc.DisconnectionError from error  # the pool connects anew


def _leave_to_the_parent() -> None:
    for engine in _kept:
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_leave_to_the_parent)
