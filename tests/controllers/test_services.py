"""The sample payment institution and RunningHub: known callers only, one effect per key, answers in time."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from controllers.sample_http import Services
from controllers.sample_state import State
from tests.controllers.conftest import TOKEN, Caller

SAM = "jp000001"


def payments(caller: Caller, customer: str = SAM) -> list[Any]:
    """The customer's payments, as the institution lists them."""
    return list(caller.get(f"/payment/payments?customer_id={customer}")[1]["items"])


def sams_tasks(caller: Caller) -> list[str]:
    """Sam's tasks that RunningHub still has."""
    database = sqlite3.connect(caller.folder / "pixplus" / "database.sqlite3")
    query = "SELECT runninghub_task_id FROM generations WHERE account_id = 'pp000001'"
    known = "&".join(f"task_id={task}" for (task,) in database.execute(query))
    database.close()
    return [one["task_id"] for one in caller.get(f"/runninghub/tasks?{known}")[1]["items"]]


@pytest.mark.parametrize("token", ["", "another"])
def test_mallory_without_the_token_learns_and_changes_nothing(caller: Caller, token: str) -> None:
    mallory = Caller(caller.services, caller.folder, token)

    answers = [
        mallory.get(f"/payment/payments?customer_id={SAM}"),
        mallory.post("/payment/erasures", {"ids": ["pay00000001"]}),
        mallory.get("/journal"),
    ]

    assert [status for status, _ in answers] == [401, 401, 401]
    assert caller.effects() == []


def test_services_without_a_token_do_not_start(samples: Path) -> None:
    with pytest.raises(ValueError, match="token"):
        Services(State(samples / "services.sqlite3"), "")


def test_a_list_is_only_of_those_asked_for(caller: Caller) -> None:
    assert {one["customer_id"] for one in payments(caller)} == {SAM}
    assert caller.get("/payment/payments?customer_id=nobody")[1] == {"items": [], "next": None}
    assert caller.get("/payment/payments")[0] == 400
    assert caller.get("/runninghub/tasks?" + "&".join(["task_id=x"] * 101))[0] == 400


def test_a_long_list_comes_in_pages_without_gap_or_repetition(caller: Caller) -> None:
    database = sqlite3.connect(caller.folder / "services.sqlite3")
    columns = "'Sam', 'settled', '2026-01-01T00:00:00Z', NULL"
    rows = [(f"many{number:04d}",) for number in range(250)]
    insert = f"INSERT INTO payments SELECT ?, 'many', 'o', 1, 'USD', 'visa', '0000', 'f', {columns}"
    with database:
        database.executemany(insert, rows)
    database.close()

    seen: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        answer = caller.get(f"/payment/payments?customer_id=many&cursor={cursor}")[1]
        seen += [one["id"] for one in answer["items"]]
        cursor, pages = answer["next"], pages + 1

    assert seen == [number for (number,) in rows]
    assert pages == 3


def test_the_institution_keeps_young_payments_and_says_until_when(caller: Caller) -> None:
    ids = [one["id"] for one in payments(caller)]

    status, answer = caller.post("/payment/erasures", {"ids": [*ids, "pay99999999"]}, key="k1")

    (kept,) = answer["kept"]
    assert (status, answer["status"], answer["erased"], answer["absent"]) == (200, "done", 2, 1)
    assert (kept["until"], kept["reason"]) == ("2028-11-21", "payment record required by law")
    assert [one["id"] for one in payments(caller)] == [kept["id"]]


def test_a_kept_payment_goes_on_its_day(caller: Caller) -> None:
    ids = [one["id"] for one in payments(caller)]
    caller.post("/payment/erasures", {"ids": ids}, key="k1")
    caller.post("/clock", {"on": "2028-11-21"})

    answer = caller.post("/payment/erasures", {"ids": ids}, key="k2")[1]

    assert (answer["erased"], answer["kept"]) == (1, [])
    assert payments(caller) == []


def test_a_repeated_key_gets_the_same_answer_and_has_no_second_effect(caller: Caller) -> None:
    ids = [one["id"] for one in payments(caller)]
    first = caller.post("/payment/erasures", {"ids": ids}, key="k1")

    again = caller.post("/payment/erasures", {"ids": ids}, key="k1")

    assert again == first
    assert caller.effects() == [ids]


def test_without_a_key_each_call_is_a_new_effect(caller: Caller) -> None:
    ids = [one["id"] for one in payments(caller)]

    jobs = [caller.post("/runninghub/deletions", {"ids": ["rh1"]})[1]["job"] for _ in range(2)]
    caller.post("/payment/erasures", {"ids": ids})
    caller.post("/payment/erasures", {"ids": ids})

    assert len(set(jobs)) == 2
    assert caller.effects() == [["rh1"], ["rh1"], ids, ids]


def test_a_key_that_comes_with_other_ids_is_refused(caller: Caller) -> None:
    caller.post("/payment/erasures", {"ids": ["a"]}, key="k1")

    assert caller.post("/payment/erasures", {"ids": ["b"]}, key="k1")[0] == 409
    assert caller.effects() == [["a"]]


def test_runninghub_deletes_after_a_while_and_names_what_must_expire(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = sams_tasks(caller)
    caller.jobs_end(monkeypatch, at_once=False)
    status, started = caller.post("/runninghub/deletions", {"ids": tasks}, key="k1")
    at_once = caller.get(f"/runninghub/deletions/{started['job']}")[1]
    caller.jobs_end(monkeypatch, at_once=True)

    done = caller.get(f"/runninghub/deletions/{started['job']}")[1]

    (kept,) = done["kept"]
    assert (status, started["status"], started["retry_after"]) == (202, "started", 1)
    assert at_once == {"status": "running", "retry_after": 1}
    assert done["status"] == "done"
    assert (len(tasks), done["erased"], kept["until"]) == (5, 4, "2026-12-04")
    assert sams_tasks(caller) == [kept["id"]]


def test_a_repeated_deletion_names_the_same_job(caller: Caller) -> None:
    jobs = [caller.post("/runninghub/deletions", {"ids": ["rh1"]}, key="k1")[1]["job"] for _ in range(2)]

    assert jobs[0] == jobs[1]
    assert caller.effects() == [["rh1"]]


def test_a_job_nobody_started_is_not_there(caller: Caller) -> None:
    assert caller.get("/runninghub/deletions/ffff")[0] == 404


@pytest.mark.parametrize("body", [{"ids": []}, {"ids": "a"}, {"ids": [1]}, {}, []])
def test_an_erasure_of_nothing_or_of_everything_is_refused(caller: Caller, body: object) -> None:
    assert caller.post("/payment/erasures", body, key="k1")[0] == 400
    assert caller.effects() == []


def test_ordered_faults_show_themselves_as_often_as_ordered(caller: Caller) -> None:
    caller.post("/faults", {"service": "payment", "status": 503, "times": 2, "retry_after": 1})

    answers = [caller.post("/payment/erasures", {"ids": ["a"]}, key="k1")[0] for _ in range(3)]

    assert answers == [503, 503, 200]
    assert caller.effects() == [["a"]]


def test_a_fault_after_the_effect_hides_an_effect_that_happened(caller: Caller) -> None:
    caller.post("/faults", {"service": "payment", "status": 500, "after_effect": True})

    lost = caller.post("/payment/erasures", {"ids": ["a"]}, key="k1")
    again = caller.post("/payment/erasures", {"ids": ["a"]}, key="k1")

    assert (lost[0], again[0]) == (500, 200)
    assert caller.effects() == [["a"]]


@pytest.mark.processes
def test_the_services_run_as_a_process_of_their_own_and_end_when_told(samples: Path) -> None:
    command = [sys.executable, "-m", "controllers.sample_services", "serve", "--var", str(samples)]
    environ = {**os.environ, "SAMPLE_SERVICES_TOKEN": TOKEN}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    address = process.stdout.readline().strip()

    process.send_signal(signal.SIGTERM)
    ended = process.wait(timeout=120)
    process.stdout.close()

    assert address.startswith("http://127.0.0.1:")
    assert ended == 0
