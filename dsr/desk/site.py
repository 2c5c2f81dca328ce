"""The desk: an admin site of ours. No page but the sign-in is reached without a verified second factor."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from accounts import sessions
from accounts.models import Staff
from accounts.sign_in import SignIn
from dsr.desk import decisions, pages
from dsr.desk.tables import EventTable, StaffTable
from dsr.models import Event


class Desk(AdminSite):
    """Where staff work."""

    site_header = site_title = "Rightful desk"
    index_title = "Requests"
    site_url = None
    enable_nav_sidebar = False
    login_form = SignIn
    login_template = "accounts/sign_in.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Both factors, an active account, a session that is not too old."""
        return sessions.verified(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:  # noqa: ARG002 - Django's signature
        """The queue."""
        return pages.show_queue(request, self)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page shows: where one can go from here."""
        context: dict[str, Any] = super().each_context(request)
        nav = [("Requests", reverse("desk:index"))]
        if context["has_permission"]:
            tables = [table for app in context["available_apps"] for table in app["models"]]
            nav += [(table["name"], table["admin_url"]) for table in tables]
        return {**context, "nav": nav}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Nothing for whom has not signed in."""
        return super().get_app_list(request, app_label) if self.has_permission(request) else []

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Ours before the admin's, which end in a page that catches everything."""
        site = {"site": self}
        one = "requests/<str:reference>/"
        item = f"{one}items/<uuid:item>/"
        return [
            path("find/", self.admin_view(pages.find), site, name="find"),
            path(one, self.admin_view(pages.show), site, name="request"),
            path(f"{one}take/", self.admin_view(decisions.take), site, name="take"),
            path(f"{item}retry/", self.admin_view(decisions.retry), site, name="retry"),
            path(f"{item}exclude/", self.admin_view(decisions.exclude), site, name="exclude"),
            path(f"{one}<slug:act>/", self.admin_view(decisions.decide), site, name="decide"),
            *super().get_urls(),
        ]


desk = Desk(name="desk")
desk.register(Event, EventTable)
desk.register(Staff, StaffTable)
