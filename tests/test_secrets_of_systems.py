"""The secrets of systems are for workers: no page reaches a system, and the web server does not even have them."""

import os
from dataclasses import dataclass

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, path
from pytest_django import Settings

from dsr.connectors import registry
from dsr.management import processes
from dsr.steps import maps
from tests.conftest import World


def reaches_a_system(_: HttpRequest) -> HttpResponse:
    """A page as nobody should write one."""
    registry.build(maps.controller("joypix").systems["app-database"], os.environ).close()
    return HttpResponse()


@dataclass(frozen=True, eq=False)
class Pages:
    """In the place of ours, behind all that is around those."""

    urlpatterns: tuple[URLPattern, ...]


@pytest.mark.parametrize("address", ["joypix/there", "desk/there", "api/v1/there"])
def test_a_page_that_would_reach_a_system_gets_no_connector(
    world: World, client: Client, settings: Settings, address: str
) -> None:
    reaches_a_system(HttpRequest())  # as a worker may
    settings.ROOT_URLCONF = Pages((path(address, reaches_a_system),))
    with pytest.raises(registry.ForWorkersOnly):
        client.get(f"/{address}")


def test_after_a_page_whoever_works_in_the_same_thread_reaches_systems(world: World, client: Client) -> None:
    assert client.get("/joypix/").status_code == 200
    assert reaches_a_system(HttpRequest()).status_code == 200


def test_the_web_server_has_no_secret_of_a_system_but_all_else(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setenv("JOYPIX_PAYMENT_TOKEN", "sesame")
    monkeypatch.setenv("JOYPIX_APP_KEY", "what the page of the app needs")
    monkeypatch.setenv("DSR_BASE_URL", "https://portal.example")
    left = set(os.environ) - set(processes.without_secrets())
    assert left >= {"JOYPIX_PAYMENT_TOKEN", "JOYPIX_DATABASE_URL"}
    assert not left & {"JOYPIX_APP_KEY", "DSR_BASE_URL", "PATH"}
