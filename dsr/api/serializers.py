"""What goes in and out of the API, described field by field for the OpenAPI document."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dsr.api.meanings import KINDS, RIGHTS, SOURCES, STATES
from dsr.datamap.schema import Controller, IdentityKind
from dsr.law.identifiers import clean
from dsr.law.states import State
from dsr.models import SubjectRequest, clock
from dsr.steps.asking import intake

ASSERTION = 4_000  # characters


class Text(serializers.CharField):
    """A JSON string; a number is not taken for one, for 1e3 would become another identifier."""

    def to_internal_value(self, data: object) -> str:
        """Refuse what is no string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Strict(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt one must not silently change what is asked."""

    default_error_messages = {"invalid": "Send a JSON object here."}

    def to_internal_value(self, data: object) -> dict[str, Any]:
        """Refuse unknown fields before anything else is looked at."""
        if isinstance(data, Mapping):
            unknown = sorted(data.keys() - self.fields.keys())
            if unknown:
                raise serializers.ValidationError({name: ["There is no such field."] for name in unknown})
        accepted: dict[str, Any] = super().to_internal_value(data)
        return accepted


class IdentitySerializer(Strict):
    """An identifier of the person."""

    kind = serializers.ChoiceField(KINDS, help_text="One of the kinds that the controller offers.")
    value = Text(help_text="As the controller knows it, letter by letter.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The kind is offered and the value can be one."""
        facts: Controller = self.context["controller"]
        if attrs["kind"] not in facts.identities:
            raise serializers.ValidationError({"kind": [f"{facts.name} does not know people by this."]})
        try:
            return {"kind": IdentityKind(attrs["kind"]), "value": clean(attrs["kind"], attrs["value"])}
        except ValueError as why:
            raise serializers.ValidationError({"value": [str(why)]}) from None


class NewSubjectRequestSerializer(Strict):
    """A request as it is filed."""

    right = serializers.ChoiceField(RIGHTS, help_text="What the person asks for; offered by the controller.")
    identities: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=IdentitySerializer(),
        default=list,
        max_length=intake.IDENTITIES,
        help_text=(
            "How the person is known. Exactly one e-mail address must be among them: the code that proves "
            "the person goes there. Only `processing-information` needs none."
        ),
    )
    details = Text(
        default="",
        allow_blank=True,
        max_length=intake.DETAILS,
        help_text="The person's own words.",
    )
    purposes: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=Text(max_length=64),
        default=list,
        max_length=50,
        help_text="For `consent-withdrawal`, and needed there: the controller's purposes that are withdrawn.",
    )
    scope = Text(
        default="",
        allow_blank=True,
        max_length=64,
        help_text="For `erasure`: one of the controller's `scopes`. Left out, the account and everything is erased.",
    )
    region = Text(
        default="",
        allow_blank=True,
        max_length=64,
        help_text=(
            "Where the person lives, as one of the controller's `regions`: it decides which law and which dates "
            "apply. Ask the person; do not guess it. Left out, only the controller's own promise counts."
        ),
    )
    language = Text(
        default="en", max_length=12, help_text="Of our letters: one of the controller's `languages`, such as `en`."
    )

    assertion = Text(
        default="",
        allow_blank=True,
        max_length=ASSERTION,
        help_text=(
            "What your server signed about who is signed in: it proves these identifiers for this request. The code "
            "from the mail is needed all the same."
        ),
    )


class AssertionSerializer(Strict):
    """What the controller's app or site signed."""

    assertion = Text(
        max_length=ASSERTION,
        help_text=(
            "A JWS in compact form: `alg` EdDSA, `typ` rightful-assertion, `kid` of a key in the controller's file; "
            "claims `iss`, `aud`, `iat`, `exp`, `jti`, `identifiers` and `format`."
        ),
    )


class HandOverSerializer(serializers.Serializer[Any]):
    """Where to send the person."""

    link = serializers.URLField(read_only=True, help_text="Open it in the person's browser. It opens once.")
    expires_at = serializers.DateTimeField(read_only=True, help_text="When it opens no more.")


class StatusSerializer(serializers.Serializer[SubjectRequest]):
    """Where a request stands. Nothing about the person, and no way to their package."""

    reference = serializers.CharField(read_only=True, help_text="Nine characters that can be read aloud.")
    right = serializers.ChoiceField(RIGHTS, read_only=True, help_text="What was asked for.")
    state = serializers.ChoiceField(
        STATES,
        read_only=True,
        help_text="`received` until the person has proven the e-mail address.",
    )
    received_at = serializers.DateTimeField(read_only=True, help_text="When its clock started.")
    due_on = serializers.DateField(
        read_only=True, help_text="The last day for the answer, by the controller's calendar: the earlier of the two."
    )
    promise_on = serializers.SerializerMethodField(help_text="The last day of the controller's promise.")
    statutory_on = serializers.SerializerMethodField(
        help_text="The last day by the law of the person's region; null where no law names one."
    )

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_promise_on(self, subject_request: SubjectRequest) -> date | None:
        """As it stands now, with pauses and an extension."""
        return clock.promise_on(subject_request)

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_statutory_on(self, subject_request: SubjectRequest) -> date | None:
        """The same."""
        return clock.statutory_on(subject_request)


class ReceiptSerializer(StatusSerializer):
    """A request that was just filed."""

    prove_url = serializers.SerializerMethodField(
        help_text="Where the person types the code from the mail; null when nothing is to be proven."
    )

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_prove_url(self, subject_request: SubjectRequest) -> str | None:
        """The portal's page; it holds no secret."""
        if subject_request.state != State.RECEIVED:
            return None
        page = reverse("portal:prove", args=[subject_request.controller, subject_request.reference])
        return f"{settings.DSR_BASE_URL}{page}"


class ProgressSerializer(StatusSerializer):
    """A request as it stands now."""

    answered_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When the answer was made; null before."
    )
    closed = serializers.BooleanField(
        read_only=True, help_text="Whether it is over: delivered, refused, cancelled or lapsed."
    )


class OfferSerializer(serializers.Serializer[Any]):
    """A right that can be asked for."""

    right = serializers.ChoiceField(RIGHTS, read_only=True, help_text="As it is filed.")
    granted_by = serializers.ChoiceField(SOURCES, read_only=True, help_text="Its source.")
    citation = serializers.CharField(read_only=True, help_text="Where it stands.")


class KnownBySerializer(serializers.Serializer[Any]):
    """A kind of identifier."""

    kind = serializers.ChoiceField(KINDS, read_only=True, help_text="As it is filed.")
    hint = serializers.CharField(read_only=True, help_text="What to enter, in the controller's words.")


class RegionSerializer(serializers.Serializer[Any]):
    """A place that the controller tells apart."""

    region = serializers.CharField(read_only=True, help_text="As it is filed.")
    title = serializers.CharField(read_only=True, help_text="For people.")
    rights = OfferSerializer(many=True, read_only=True, help_text="What can be asked for there.")


class PromiseSerializer(serializers.Serializer[Any]):
    """Within how many days an answer is promised."""

    business_days = serializers.IntegerField(read_only=True, help_text="Counted from the day after receipt.")
    citation = serializers.CharField(read_only=True, help_text="Where the promise stands.")
    country = serializers.CharField(read_only=True, help_text="Whose public holidays count, by ISO 3166-1.")
    zone = serializers.CharField(read_only=True, help_text="Where the day ends, by the IANA time zone.")


class ControllerSerializer(serializers.Serializer[Any]):
    """What the token's controller offers."""

    slug = serializers.CharField(read_only=True, help_text="The controller's name in addresses.")
    name = serializers.CharField(read_only=True, help_text="Its name for people.")
    rights = OfferSerializer(many=True, read_only=True, help_text="What can be asked for.")
    identities = KnownBySerializer(many=True, read_only=True, help_text="How people may be known.")
    regions = RegionSerializer(many=True, read_only=True, help_text="Where people live, and what they can ask for.")
    languages = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="In which letters are written."
    )
    promise = PromiseSerializer(read_only=True, help_text="By when requests are answered.")


class ProblemSerializer(serializers.Serializer[Any]):
    """What was wrong."""

    code = serializers.CharField(read_only=True, help_text="For programs; never changes its meaning.")
    message = serializers.CharField(read_only=True, help_text="For people.")
    fields = serializers.DictField(  # type: ignore[assignment] # the shape's name is also the framework's
        child=serializers.ListField(child=serializers.CharField()),
        read_only=True,
        help_text="Messages by the path of their field, such as `identities.0.value`; may be empty.",
    )


class ErrorSerializer(serializers.Serializer[Any]):
    """Every error has this shape."""

    error = ProblemSerializer(read_only=True, help_text="The error.")
