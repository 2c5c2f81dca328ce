"""The API for a controller's own systems: file a request, vouch for who is signed in, read status and offers.

A token names a controller and proves no person: nothing here shows personal data, hands out a package or
confirms a mailbox.
"""

from dataclasses import replace
from typing import cast

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dsr.api import document
from dsr.api.errors import NotFiled
from dsr.api.serializers import (
    AssertionSerializer,
    ControllerSerializer,
    HandOverSerializer,
    NewSubjectRequestSerializer,
    ProgressSerializer,
    ReceiptSerializer,
)
from dsr.datamap.schema import Controller
from dsr.law.actors import Actor, ActorKind
from dsr.law.references import read_reference
from dsr.law.rights import Right
from dsr.law.work import Channel, Scope
from dsr.models import ApiToken, SubjectRequest
from dsr.steps import maps
from dsr.steps.asking import assertions, intake


class InScope(BasePermission):
    """A token does what it was made for; a view that says no scope is for none."""

    message = "This token was not made for this. Its scopes are named when it is made."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the token's scopes name the view's."""
        scope = getattr(view, "scope", None)
        return scope is not None and isinstance(request.auth, ApiToken) and request.auth.allows(scope)


class TokenView(APIView):
    """What a token opens."""

    permission_classes = [IsAuthenticated, InScope]
    scope: Scope
    http_method_names = ["get", "head", "post"]  # OPTIONS would tell less than the OpenAPI document

    def token(self) -> ApiToken:
        """Who calls; without a token no view is reached."""
        return cast("ApiToken", self.request.auth)

    def facts(self) -> Controller:
        """The token's controller."""
        return maps.controller(self.token().controller).controller


class SubjectRequests(TokenView):
    """All requests of a controller; they can be added to, not listed."""

    scope = Scope.FILE

    @document.filing
    def post(self, request: Request) -> Response:
        """File a request; the person proves it on the portal."""
        form = NewSubjectRequestSerializer(data=request.data, context={"controller": self.facts()})
        form.is_valid(raise_exception=True)
        given = form.validated_data
        filed = intake.Intake(
            controller=self.token().controller,
            right=Right(given["right"]),
            identities=tuple((identity["kind"], identity["value"]) for identity in given["identities"]),
            details=given["details"],
            purposes=tuple(given["purposes"]),
            scope=given["scope"],
            channel=Channel.API,
            region=given["region"],
            language=given["language"],
        )
        if given["assertion"] and not self.token().allows(Scope.VOUCH):
            raise PermissionDenied(InScope.message)
        try:
            if given["assertion"]:
                vouched = assertions.take_opened(given["assertion"], self.token().controller, at=timezone.now())
                filed = replace(filed, vouched=vouched)
            subject_request = intake.receive(filed, by=Actor(ActorKind.TOKEN, str(self.token().pk)), at=timezone.now())
        except (intake.NotAccepted, assertions.NotTaken) as why:
            raise NotFiled(str(why)) from None
        where = reverse("api:status", args=[subject_request.reference])
        return Response(ReceiptSerializer(subject_request).data, status=201, headers={"Location": where})


class Assertions(TokenView):
    """What the controller's own app or site says of who is signed in there."""

    scope = Scope.VOUCH

    @document.vouching
    def post(self, request: Request) -> Response:
        """Take it once, and say where the person goes on."""
        form = AssertionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        controller = self.token().controller
        try:
            token, expires_at = assertions.take(form.validated_data["assertion"], controller, at=timezone.now())
        except assertions.NotTaken as why:
            raise NotFiled(str(why)) from None
        link = f"{settings.DSR_BASE_URL}{reverse('portal:from_app', args=[controller, token])}"
        return Response(HandOverSerializer({"link": link, "expires_at": expires_at}).data, status=201)


class Status(TokenView):
    """One request of the token's controller."""

    scope = Scope.READ

    @document.reading
    def get(self, request: Request, reference: str) -> Response:
        """Where it stands. What belongs to others is as unknown as what does not exist."""
        subject_request = SubjectRequest.objects.filter(
            controller=self.token().controller, reference=read_reference(reference) or ""
        ).first()
        if subject_request is None:
            raise Http404
        return Response(ProgressSerializer(subject_request).data)


class Offered(TokenView):
    """What the token's controller offers."""

    scope = Scope.OFFERS

    @document.offering
    def get(self, request: Request) -> Response:
        """Rights, kinds of identifiers, promise."""
        facts = self.facts()
        offered = {
            "slug": facts.slug,
            "name": facts.name,
            "rights": [
                {"right": right, "granted_by": offer.granted_by, "citation": offer.citation}
                for right, offer in facts.rights.items()
            ],
            "identities": [{"kind": kind, "hint": hint} for kind, hint in facts.identities.items()],
            "regions": [
                {"region": slug, "title": region.title, "rights": _offered(facts, slug)}
                for slug, region in facts.regions.items()
            ],
            "languages": maps.languages(facts.slug),
            "promise": {
                "business_days": facts.promise_days,
                "citation": facts.promise_source,
                "country": facts.calendar.country,
                "zone": facts.calendar.zone,
            },
        }
        return Response(ControllerSerializer(offered).data)


def _offered(facts: Controller, region: str) -> list[dict[str, str]]:
    found = {right: intake.offered(facts, right, region) for right in Right}
    return [
        {"right": right, "granted_by": offer.granted_by, "citation": offer.citation}
        for right, offer in found.items()
        if offer
    ]
