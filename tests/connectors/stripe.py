"""A fake of Stripe's documented shape: lists with cursors, forms, deletions, redaction jobs, errors, keys."""

from typing import Any

from tests.connectors.scripted import Call, Reply

KEY = "rk_test_only-for-tests"


class Stripe:
    """Customers and charges."""

    def __init__(self) -> None:
        self.customers: dict[str, dict[str, Any]] = {}
        self.charges: dict[str, dict[str, Any]] = {}
        self.deleted: set[str] = set()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.by_key: dict[str, Reply] = {}

    def add(self, name: str, email: str, charges: int) -> None:
        """A customer and charges."""
        self.customers[name] = {"id": name, "object": "customer", "email": email, "name": name.title(), "secret": "x"}
        for n in range(charges):
            one = f"ch_{name}_{n}"
            self.charges[one] = {"id": one, "customer": name, "amount": n, "card": {"last4": "4242"}}

    def answer(self, call: Call) -> Reply:
        """Answer as Stripe does; a POST with a known key as before."""
        if call.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(401, "api_key_invalid")
        key = call.headers.get("Idempotency-Key", "")
        if call.method == "POST" and key in self.by_key:
            return self.by_key[key]
        reply = self._answer(call)
        if call.method == "POST" and key:
            self.by_key[key] = reply
        return reply

    def _answer(self, call: Call) -> Reply:
        told = self._told(call) if call.method == "GET" else self._done(call)
        return told or _error(404, "resource_missing")

    def _told(self, call: Call) -> Reply | None:
        match call.path.split("/")[2:]:
            case ["customers"]:
                return _page(call, [row for row in self.customers.values() if row["email"] == call.query["email"]])
            case ["charges"]:
                return self._charges(call, call.query["customer"])
            case ["customers", name]:
                row = _tombstone(name) if name in self.deleted else self.customers.get(name)
                return Reply(200, row) if row else None
            case ["privacy", "redaction_jobs", name]:
                return self._polled(self.jobs[name])
        return None

    def _done(self, call: Call) -> Reply | None:
        match (call.method, *call.path.split("/")[2:]):
            case ("DELETE", "customers", name) if name in self.customers:
                self._gone(name)
                return Reply(200, _tombstone(name))
            case ("POST", "privacy", "redaction_jobs"):
                return self._started(call)
            case ("POST", "privacy", "redaction_jobs", name, "run"):
                self.jobs[name]["status"] = "redacting"
                return Reply(200, self.jobs[name])
        return None

    def _charges(self, call: Call, customer: str) -> Reply:
        if customer not in self.customers and customer not in self.deleted:
            return _error(400, "resource_missing")
        return _page(call, [row for row in self.charges.values() if row["customer"] == customer])

    def _gone(self, name: str) -> None:
        del self.customers[name]
        self.deleted.add(name)

    def _started(self, call: Call) -> Reply:
        names = [value for name, value in call.form if name == "objects[customers][]"]
        missing = [name for name in names if name not in self.customers]
        if missing or ("validation_behavior", "error") not in call.form:
            return _error(400, "resource_missing")
        name = f"redjob_{len(self.jobs)}"
        self.jobs[name] = {"id": name, "status": "validating", "objects": {"customers": names}}
        return Reply(200, self.jobs[name])

    def _polled(self, job: dict[str, Any]) -> Reply:
        if job["status"] == "validating":
            job["status"] = "ready"
        elif job["status"] == "redacting":
            job["status"] = "succeeded"
            for name in job["objects"]["customers"]:
                self._gone(name)
        return Reply(200, job)


def _tombstone(name: str) -> dict[str, Any]:
    return {"id": name, "object": "customer", "deleted": True}


def _page(call: Call, rows: list[dict[str, Any]]) -> Reply:
    names = [row["id"] for row in rows]
    after = call.query.get("starting_after")
    start = names.index(after) + 1 if after else 0
    end = start + int(call.query["limit"])
    return Reply(200, {"object": "list", "data": rows[start:end], "has_more": end < len(rows)})


def _error(status: int, code: str) -> Reply:
    return Reply(status, {"error": {"type": "invalid_request_error", "code": code, "message": f"quoting {KEY}"}})
