"""Rights differ by region, and a portable copy holds what Article 20 says."""

from pathlib import Path

import pytest

from dsr.datamap.load import load
from dsr.datamap.offers import matrix, offer
from dsr.datamap.portable import portable_fields
from dsr.law.rights import Right
from tests.datamap.scene import CONTROLLER, SYSTEM, acme

REGIONS = """\
  away:
    title: Elsewhere
    rights:
      access: {granted_by: house, citation: our own promise}
      portability: {granted_by: house, citation: our own promise}
  nowhere: {title: Nowhere, rights: {access: null}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return acme(tmp_path, controller=CONTROLLER.replace("policy_versions:\n", f"{REGIONS}policy_versions:\n", 1))


def test_a_region_without_a_row_of_its_own_takes_the_controllers(folder: Path) -> None:
    found = offer(load(folder).controller, Right.ACCESS, "home")

    assert found
    assert found.granted_by == "law"


def test_a_region_can_grant_a_right_otherwise_or_not_at_all(folder: Path) -> None:
    controller = load(folder).controller

    offers = [offer(controller, Right.ACCESS, region) for region in ("away", "nowhere")]

    assert [one and one.granted_by for one in offers] == ["house", None]


def test_the_matrix_holds_every_right_in_every_region_in_the_order_of_the_form(folder: Path) -> None:
    found = matrix(load(folder).controller)

    assert list(found) == list(Right)
    assert all(list(row) == ["home", "away", "nowhere"] for row in found.values())
    assert [one and one.granted_by for one in found[Right.PORTABILITY].values()] == [None, "house", None]


def test_a_region_that_nobody_described_is_an_error(folder: Path) -> None:
    with pytest.raises(KeyError):
        offer(load(folder).controller, Right.ACCESS, "atlantis")


def test_a_portable_copy_leaves_out_what_is_derived_received_secret_or_held_by_duty(tmp_path: Path) -> None:
    controller = CONTROLLER.replace(
        "recipients:\n", "  tax: {title: Tax, describes: Duty., basis: legal-duty}\nrecipients:\n", 1
    )
    shop = SYSTEM.replace("id: {category: user.unique_id}", "id: {category: user.unique_id, source: derived}", 1)
    shop = shop.replace("status: {category: user.payment}", "status: {category: user.payment, source: received}")
    shop = shop.replace("paid_at: {category: user.payment}", "paid_at: {category: user.payment, purposes: [tax]}")
    shop = shop.replace("user_id: {category: user.unique_id}", "user_id: {category: user.unique_id, portable: false}")
    shop = shop.replace(
        "user.contact.email}", "user.contact.email}\n      hash: {category: user.authorization, never_export: true}"
    )

    found = load(acme(tmp_path, controller=controller, shop=shop))

    assert portable_fields(found, "shop", "users") == ("email",)
    assert portable_fields(found, "shop", "orders") == ("id",)


def test_a_collection_that_rests_on_no_consent_and_no_contract_stays_out(tmp_path: Path) -> None:
    controller = CONTROLLER.replace("basis: contract", "basis: legitimate-interests")

    assert portable_fields(load(acme(tmp_path, controller=controller)), "shop", "users") == ()
