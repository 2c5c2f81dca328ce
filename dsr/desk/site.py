"""The desk: an admin site of ours. No page but the sign-in is reached without a verified second factor."""

from functools import partial
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from accounts import sessions
from accounts.models import Staff
from accounts.sign_in import SignIn
from dsr.desk import (
    audit,
    clock_pages,
    confidentiality,
    deciding,
    decisions,
    documents,
    enrolling,
    holds,
    intake,
    knocking,
    law,
    lent,
    limits,
    looks,
    marking,
    pages,
    people,
    posting,
    preview,
    rights,
    stepping,
    supplements,
    systems,
    taking,
    task,
    tasks,
    writing_down,
)
from dsr.desk.stepping import View
from dsr.desk.tables import EventTable, StaffTable
from dsr.models import Event
from dsr.steps.permissions import Duty


class Desk(AdminSite):
    """Where staff work."""

    site_header = site_title = "Rightful desk"
    index_title = "Requests"
    site_url = None
    enable_nav_sidebar = False
    login_form = SignIn
    login_template = "accounts/sign_in.html"
    password_change_template = "accounts/password.html"
    password_change_done_template = "accounts/password_changed.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Both factors, an active account, a session that is not too old."""
        return sessions.verified(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The sign-in, unless too many tries came from there."""
        return knocking.limited(request, partial(super().login, request, extra_context), self.each_context(request))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The queue."""
        return pages.show_queue(request, self)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page shows: where one can go from here."""
        context: dict[str, Any] = super().each_context(request)
        nav = [("Requests", reverse("desk:index"))]
        if context["has_permission"]:
            tables = [table for app in context["available_apps"] for table in app["models"]]
            nav += [(table["name"], table["admin_url"]) for table in tables]
            nav += [("Proof of the record", reverse("desk:audit"))] if audit.audits(request) else []
            nav.append(("Law", reverse("desk:law")))
            nav.append(("Rights", reverse("desk:rights")))
            if people.controllers_of(people.staff_of(request), Duty.REVIEW):
                nav.insert(1, ("Enter a request", reverse("desk:intake")))
            if people.controllers_of(people.staff_of(request), Duty.OPERATE):
                nav[1:1] = [("Tasks", reverse("desk:tasks")), ("Systems", reverse("desk:systems"))]
        return {**context, "nav": nav}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Nothing for whom has not signed in."""
        return super().get_app_list(request, app_label) if self.has_permission(request) else []

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Ours before the admin's, which end in a page that catches everything."""
        site = {"site": self}
        item = f"{(one := 'requests/<str:reference>/')}items/<uuid:item>/"
        return [
            *self._own(),
            path("find/", self.admin_view(pages.find), name="find"),
            path("audit/", self.admin_view(audit.show), site, name="audit"),
            path("audit/checkpoint/", self.admin_view(audit.checkpoint), name="checkpoint"),
            path("audit/<slug:controller>/", self._grave(audit.export), name="export"),
            path(f"{one}timeline/", self._grave(audit.story), name="story"),
            path("law/", self.admin_view(law.show), site, name="law"),
            path(one, self.admin_view(pages.show), site, name="request"),
            path("intake/", self.admin_view(intake.begin), site, name="intake"),
            path("intake/<slug:controller>/", self.admin_view(intake.enter), site, name="enter"),
            path("rights/", self.admin_view(rights.show), site, name="rights"),
            path(f"{one}documents/<uuid:document>/", self._grave(documents.fetch), name="document"),
            path(f"{item}supplement/", self.admin_view(supplements.ask), site, name="supplement"),
            path(f"{one}supplements/<uuid:listed>/", self._grave(supplements.approve), site, name="late"),
            path(f"{one}limits/<uuid:limit>/", self._grave(limits.raise_one), site, name="limit"),
            path(f"{one}hold/", self.admin_view(holds.hold), site, name="hold"),
            path(f"{one}hold/<uuid:hold>/release/", self.admin_view(holds.release), site, name="release"),
            path(f"{one}package/", self.admin_view(taking.fetch), site, name="package"),
            path(f"{one}preview/", self.admin_view(preview.show), site, name="preview"),
            path(f"{one}preview/ask/", self.admin_view(preview.ask), site, name="preview_ask"),
            *self._looks(f"{one}look/"),
            *self._systems("systems/"),
            path(f"{one}take/", self.admin_view(decisions.take), site, name="take"),
            path(f"{one}clock/<slug:slug>/", self.admin_view(clock_pages.act), site, name="clock_act"),
            path(f"{item}task/", self.admin_view(task.show), site, name="task"),
            path(f"{item}retry/", self.admin_view(decisions.retry), site, name="retry"),
            path(f"{item}exclude/", self._grave(decisions.exclude), site, name="exclude"),
            *self._corrections(f"{one}corrections/"),
            path(f"{one}letters/<uuid:letter>/", self.admin_view(posting.printed), site, name="letter"),
            path(f"{one}letters/<uuid:letter>/again/", self.admin_view(posting.send_again), site, name="send_again"),
            path(f"{one}letters/<uuid:letter>/posted/", self.admin_view(posting.posted), site, name="posted"),
            path(f"{one}recipients/<uuid:recipient>/", self.admin_view(marking.mark), site, name="recipient"),
            path(f"{one}<slug:act>/", self.admin_view(decisions.decide), site, name="decide"),
            *super().get_urls(),
        ]

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # type: ignore[override]  # noqa: FBT002 — Django's
        """Reached with both factors, and by who acknowledged the duty of confidentiality."""
        return super().admin_view(confidentiality.first(view), cacheable)

    def _grave(self, view: View) -> View:
        """Acts with a second factor of the last five minutes."""
        return self.admin_view(stepping.fresh(view, self))

    def _own(self) -> list[URLPattern]:
        """One's own account, and what is reached by a link."""
        site = {"site": self}
        return [
            path("enrol/<str:token>/", enrolling.follow, name="follow"),
            path("enrol/", enrolling.enrol, site, name="enrol"),
            path("lent/<str:token>/", lent.follow, name="lent_follow"),
            path("lent/", lent.show, site, name="lent"),
            path("confidentiality/", self.admin_view(confidentiality.show), site, name="confidentiality"),
            path("account/", self.admin_view(enrolling.account), site, name="account"),
            path("account/recovery-codes/", self._grave(enrolling.renew), site, name="recovery_codes"),
            path("account/authenticator/", self._grave(enrolling.replace), name="replace_factor"),
        ]

    def _systems(self, under: str) -> list[URLPattern]:
        """What a controller's data is in, whether it may be asked, and what a person does there."""
        site, one = {"site": self}, f"{under}<slug:controller>/<slug:system>/"
        return [
            path(under, self.admin_view(systems.show), site, name="systems"),
            path("tasks/", self.admin_view(tasks.show), site, name="tasks"),
            path(f"{one}pause/", self._grave(systems.pause), site, name="pause"),
            path(f"{one}resume/", self._grave(systems.resume), name="resume"),
        ]

    def _looks(self, under: str) -> list[URLPattern]:
        """What would go out, before it is released."""
        site = {"site": self}
        part = f"{under}<slug:system>/<slug:collection>/"
        return [
            path(under, self._grave(looks.overview), site, name="looks"),
            path(f"{under}<uuid:mark>/back/", self.admin_view(looks.put_back), site, name="put_back"),
            path(part, self.admin_view(looks.collection), site, name="looks_at"),
        ]

    def _corrections(self, under: str) -> list[URLPattern]:
        """Values to correct: written down for the person, and decided."""
        site = {"site": self}
        return [
            path(under, self.admin_view(deciding.show), site, name="corrections"),
            path(f"{under}enter/", self.admin_view(writing_down.enter), site, name="write_down"),
            path(f"{under}check/", self.admin_view(writing_down.check), site, name="write_down_check"),
            path(f"{under}statement/", self.admin_view(deciding.respond), site, name="respond"),
            path(f"{under}<uuid:correction>/", self._grave(deciding.decide), site, name="correction"),
        ]


desk = Desk(name="desk")
desk.register(Event, EventTable)
desk.register(Staff, StaffTable)
