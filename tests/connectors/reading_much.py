"""A process of its own that reads every file of a store and prints what that cost: megabytes read, and grown."""

import json
import resource
import sys
from contextlib import closing

from dsr.connectors.contract import File
from dsr.connectors.object_store import ObjectStore
from dsr.datamap.route import Route, Seed
from dsr.datamap.schema import SystemMap


def main() -> None:
    """The map comes in as JSON."""
    media = SystemMap.model_validate(json.load(sys.stdin))
    route = Route("uploads", media.collections["uploads"], (Seed("account", ("account_id",)),), ())
    with closing(ObjectStore.from_map(media, {"S3_KEY_ID": "only-for-tests", "S3_SECRET": "opens-nothing"})) as store:
        store.count(route, {"account": (("7",),)})  # what a connection needs is there before
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        files = (found for found in store.find(route, {"account": (("7",),)}) if isinstance(found, File))
        read = sum(len(chunk) for file in files for chunk in file.chunks)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps([read // 2**20, grown // 1024]))  # noqa: T201  the test reads it


if __name__ == "__main__":
    main()
