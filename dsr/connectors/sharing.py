"""Finding rows that concern several people: what describes the others is left out before anything is kept."""

from collections.abc import Iterator

from dsr.connectors.contract import Ability, Batch, Cell, Connector, Found, Rejected
from dsr.datamap import sharing
from dsr.datamap.route import Identities, Route

Row = tuple[Cell, ...]


def found(connector: Connector, route: Route, identities: Identities) -> Iterator[Found]:
    """What `find` brings; of shared rows only what this person may see, as empty cells else (GDPR Art. 15(4)).

    Each party's rows are asked for by that party's own ways, so that the system itself says whose a row is.
    """
    shared = route.collection.shared
    if shared is None:
        yield from connector.find(route, identities)
        return
    if Ability.SHARE not in connector.abilities:
        raise Rejected(f"{route.name}: this kind of system cannot tell whose of several people a row is")
    mine = {slug: _keys(connector, way, identities) for slug, way in sharing.routes(route, shared)}
    open_files = {key for slug in mine if _sees_files(route, slug) for key in mine[slug]}
    for each in connector.find(route, identities):
        if isinstance(each, Batch):
            yield from _cut(each, route, mine)
        elif each.key in open_files:
            yield each
        else:
            for _ in each.chunks:  # the next item lies behind it
                pass


def _keys(connector: Connector, way: Route, identities: Identities) -> frozenset[Row]:
    """The keys of one party's rows, and nothing else of them."""
    if not (way.seeds or way.hops):
        return frozenset()
    collection = way.collection
    bare = collection.model_copy(
        update={
            "fields": {name: collection.fields[name] for name in collection.key if name in collection.fields},
            "files": "",
        }
    )
    only = Route(way.name, bare, way.seeds, way.hops, way.loops)
    batches = (each for each in connector.find(only, identities) if isinstance(each, Batch))
    return frozenset(key for batch in batches for key in _keys_of(batch, collection.key))


def _keys_of(batch: Batch, key: tuple[str, ...]) -> Iterator[Row]:
    places = [batch.fields.index(name) for name in key]
    return (tuple(row[place] for place in places) for row in batch.rows)


def _sees_files(route: Route, slug: str) -> bool:
    return route.collection.files not in sharing.hidden(route.collection, (slug,))


def _cut(batch: Batch, route: Route, mine: dict[str, frozenset[Row]]) -> Iterator[Batch]:
    """The rows by the person's share of them. Raises Rejected."""
    rows: dict[sharing.Share, list[Row]] = {}
    for row, key in zip(batch.rows, _keys_of(batch, route.collection.key), strict=True):
        parties = tuple(slug for slug, keys in mine.items() if key in keys)
        if not parties:
            raise Rejected(f"{route.name}: a row is found, and nothing says whose part in it; ask again")
        share = sharing.share(route.collection, parties, dict(zip(batch.fields, row, strict=True)))
        rows.setdefault(share, []).append(row)
    for share, each in rows.items():
        left_out = sharing.hidden(route.collection, share.mine)
        shows = [name not in left_out for name in batch.fields]
        cut = (tuple(cell if show else None for cell, show in zip(row, shows, strict=True)) for row in each)
        yield Batch(batch.collection, batch.fields, tuple(cut), share)
