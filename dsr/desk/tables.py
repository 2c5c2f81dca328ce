"""Tables shown as the admin shows them: the record to auditors, staff and roles to administrators."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest, HttpResponse

from accounts import signals
from accounts.models import Membership, Staff
from dsr.desk import people, stepping, timeline
from dsr.models import Event, SubjectRequest
from dsr.steps import maps
from dsr.steps.permissions import Duty

# Django's classes take their model in brackets for the type checker only.
if TYPE_CHECKING:
    EventAdmin = admin.ModelAdmin[Event]
    StaffAdmin = admin.ModelAdmin[Staff]
    MembershipInline = admin.TabularInline[Membership, Staff]
else:
    EventAdmin = StaffAdmin = admin.ModelAdmin
    MembershipInline = admin.TabularInline


def _audited(request: HttpRequest) -> list[str]:
    return people.controllers_of(people.staff_of(request), Duty.AUDIT)


def _administers(request: HttpRequest) -> bool:
    return people.staff_of(request).is_superuser


class EventTable(EventAdmin):
    """The record, read-only, of the controllers whose record is this staff member's duty."""

    list_display = ("when", "what", "who", "reference", "controller")
    list_display_links = ("when",)
    list_select_related = ("subject_request",)
    search_fields = ("=subject_request__reference", "=tag")
    readonly_fields = (
        "when",
        "what",
        "who",
        "tag",
        "subject_request",
        "controller",
        "moved_to",
        "details",
        "commitment",
        "leaf",
    )
    fields = readonly_fields
    actions = None
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-id",)

    @admin.display(description="When (UTC)")
    def when(self, event: Event) -> str:
        """To the second."""
        return f"{event.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="What happened")
    def what(self, event: Event) -> str:
        """As in the timeline."""
        return timeline.sentence(event, maps.controllers().get(event.controller))

    @admin.display(description="Who")
    def who(self, event: Event) -> str:
        """A name."""
        return people.names_of([event.actor])[event.actor]

    @admin.display(description="Request")
    def reference(self, event: Event) -> SubjectRequest | None:
        """Its reference."""
        return event.subject_request

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Under a title that says what it is."""
        return super().changelist_view(request, {**(extra_context or {}), "title": "The record of what happened"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Other controllers' records do not exist for this staff member; what is about none is for every auditor."""
        return super().get_queryset(request).filter(controller__in=[*_audited(request), ""])

    def has_module_permission(self, request: HttpRequest) -> bool:
        """By duty, not by Django's permissions."""
        return bool(_audited(request))

    def has_view_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """By duty at the Event's controller."""
        audited = _audited(request)
        return bool(audited) and (obj is None or obj.controller in {*audited, ""})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Steps write Events, nobody else."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """What happened stays."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """What happened stays."""
        return False


class AdministratorsOnly:
    """Roles are given and taken by administrators; everybody else does not see the table."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Administrators."""
        return _administers(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Administrators."""
        return _administers(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Administrators."""
        return _administers(request)


class MembershipRows(AdministratorsOnly, MembershipInline):
    """Roles of one staff member. Taking one away acts at the next click of its owner."""

    model = Membership
    extra = 1

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Administrators."""
        return _administers(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """A role can be taken away."""
        return _administers(request)


class StaffTable(AdministratorsOnly, StaffAdmin):
    """Staff are made by `manage.py add_staff`, with both factors at once, and closed here, never deleted."""

    list_display = ("username", "first_name", "last_name", "is_active", "last_login")
    fields = ("username", "first_name", "last_name", "is_active")
    readonly_fields = ("username",)
    inlines = (MembershipRows,)
    actions = None
    ordering = ("username",)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Roles are given and taken, and accounts closed, with a fresh second factor."""
        asked = stepping.due(request, self.admin_site)  # type: ignore[arg-type]  # ours
        return asked or super().changeform_view(request, object_id, form_url, extra_context)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No filter by what the table does not show, such as the beginning of a password's hash."""
        return lookup in self.list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not here: nobody works without a second factor."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        """The record names them."""
        return False

    def save_model(self, request: HttpRequest, obj: Staff, form: "ModelForm[Any]", change: bool) -> None:
        """Save, and tell the record; Django does both in one transaction."""
        super().save_model(request, obj, form, change)
        by = people.staff_of(request)
        if "is_active" in form.changed_data:
            (signals.opened if obj.is_active else signals.closed).send(Staff, staff=obj, by=by)
            if not obj.is_active:  # its own saving ended them
                signals.sessions_ended.send(Staff, staff=obj, by=by)
        if {"first_name", "last_name"} & set(form.changed_data):
            signals.renamed.send(Staff, staff=obj, by=by)

    def save_formset(
        self, request: HttpRequest, form: "ModelForm[Any]", formset: "BaseModelFormSet[Any, Any]", change: bool
    ) -> None:
        """Roles given and taken, one Event each; a role that is changed is the old one taken and a new one given."""
        held = {row.pk: row for row in Membership.objects.filter(staff=form.instance)}
        super().save_formset(request, form, formset, change)
        changed = [row for row, _ in formset.changed_objects]
        taken = [held[row.pk] for row in changed] + [row for row in held.values() if row not in _rows(form.instance)]
        for signal, rows in ((signals.role_taken, taken), (signals.role_given, [*changed, *formset.new_objects])):
            for row in rows:
                told = {"controller": row.controller, "role": row.role}
                signal.send(Membership, staff=form.instance, by=people.staff_of(request), **told)


def _rows(staff: Staff) -> list[Membership]:
    return list(Membership.objects.filter(staff=staff))
