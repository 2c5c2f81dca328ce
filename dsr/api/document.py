"""What the OpenAPI document says about each call: answers, errors and examples."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from dsr.api.errors import CODES, body
from dsr.api.serializers import (
    AssertionSerializer,
    ControllerSerializer,
    ErrorSerializer,
    HandOverSerializer,
    NewSubjectRequestSerializer,
    ProgressSerializer,
    ReceiptSerializer,
)

FILED: dict[str, Any] = {
    "reference": "R3K-2WN-P5M",
    "right": "access",
    "state": "received",
    "received_at": "2026-11-03T09:00:00Z",
    "due_on": "2026-11-25",
}
MENDING = {"identities.0.value": ["Enter an e-mail address in the form name@example.com."]}
ONE_EMAIL = "We need one e-mail address: we prove by it that the request is yours, and answer to it."


def _error(status: int, *others: OpenApiExample) -> OpenApiResponse:
    code, message = CODES[status]
    plain = OpenApiExample(code, value=body(code, message), response_only=True)
    return OpenApiResponse(ErrorSerializer, message, examples=list(others or (plain,)))


def _errors(*statuses: int) -> dict[int, OpenApiResponse]:
    return {status: _error(status) for status in statuses}


REFUSED = _error(
    400,
    OpenApiExample("invalid", value=body("invalid", "Some fields need mending.", MENDING), response_only=True),
    OpenApiExample("not_accepted", value=body("not_accepted", ONE_EMAIL), response_only=True),
    OpenApiExample(
        "malformed",
        value=body("malformed", "This is not JSON: Expecting value, line 1, column 11."),
        response_only=True,
    ),
)
ALWAYS = (401, 403, 406, 429)

filing = extend_schema(
    operation_id="file_subject_request",
    summary="File a request",
    description=(
        "Files a request with the token's controller, for a person who uses the controller's own app. "
        "The person gets a mail with a code and proves the address at `prove_url`; until then nothing is "
        "searched, told or changed. Each call files a request of its own: do not repeat one that was "
        "answered with 201."
    ),
    tags=["requests"],
    request=NewSubjectRequestSerializer,
    responses={
        201: OpenApiResponse(ReceiptSerializer, "Filed. The Location header says where to read its status."),
        400: REFUSED,
        **_errors(413, 415, *ALWAYS),
    },
    examples=[
        OpenApiExample(
            "A copy of somebody's data",
            value={
                "right": "access",
                "identities": [
                    {"kind": "email", "value": "sam@example.org"},
                    {"kind": "account", "value": "jp000123"},
                ],
                "details": "Everything since March, please.",
            },
            request_only=True,
        ),
        OpenApiExample(
            "Filed",
            value=FILED | {"prove_url": "https://privacy.example.com/joypix/requests/R3K-2WN-P5M/prove/"},
            response_only=True,
            status_codes=["201"],
        ),
    ],
)
vouching = extend_schema(
    operation_id="hand_over",
    summary="Vouch for somebody who is signed in",
    description=(
        "Takes what your server signed about the person who is signed in with you, and answers with a link. Send the "
        "person's browser there: the next request of that browser, or one it has open, counts these identifiers as "
        "proven. An assertion lives five minutes at most and is taken once; without your signature the token "
        "vouches for nobody."
    ),
    tags=["assertions"],
    request=AssertionSerializer,
    responses={
        201: OpenApiResponse(HandOverSerializer, "The link, which opens once."),
        400: REFUSED,
        **_errors(413, 415, *ALWAYS),
    },
    examples=[
        OpenApiExample(
            "Signed by an app",
            value={"assertion": "eyJhbGciOiJFZERTQSIsImtpZCI6Ii4uLiJ9.eyJhdWQiOiIuLi4ifQ.c2lnbmF0dXJl"},
            request_only=True,
        ),
        OpenApiExample(
            "A link",
            value={
                "link": "https://privacy.example.com/pixplus/from-app/Zk3sWQ/",
                "expires_at": "2026-11-03T09:05:00Z",
            },
            response_only=True,
            status_codes=["201"],
        ),
    ],
)
reading = extend_schema(
    operation_id="read_status",
    summary="Read the status of a request",
    description="Says where a request stands. Requests of others and unknown references are 404 alike.",
    tags=["requests"],
    parameters=[
        OpenApiParameter(
            "reference", str, OpenApiParameter.PATH, description="The reference, in any case and grouping."
        )
    ],
    responses={200: OpenApiResponse(ProgressSerializer, "Where it stands."), **_errors(404, *ALWAYS)},
    examples=[
        OpenApiExample(
            "Answered",
            value=FILED | {"state": "packaged", "answered_at": "2026-11-05T14:12:09Z", "closed": False},
            response_only=True,
            status_codes=["200"],
        )
    ],
)
offering = extend_schema(
    operation_id="read_controller",
    summary="Read what the controller offers",
    description="Which rights can be asked for, how people are known, and by when an answer is promised.",
    tags=["controller"],
    responses={200: OpenApiResponse(ControllerSerializer, "What it offers."), **_errors(*ALWAYS)},
    examples=[
        OpenApiExample(
            "JoyPix",
            value={
                "slug": "joypix",
                "name": "JoyPix",
                "rights": [{"right": "access", "granted_by": "policy", "citation": "GDPR Art. 15"}],
                "identities": [{"kind": "email", "hint": "The address you use for JoyPix"}],
                "promise": {
                    "business_days": 15,
                    "citation": "Privacy policy v2.0",
                    "country": "US",
                    "zone": "America/Los_Angeles",
                },
            },
            response_only=True,
            status_codes=["200"],
        )
    ],
)
taking = extend_schema(
    operation_id="take_package",
    summary="Take a package",
    description=(
        "Hands out one package to a program, with the token that the person got on the page of the request by a fresh "
        "code. The first byte counts as one download; afterwards the same token goes on where it broke off, with "
        "`Range`, and never begins anew."
    ),
    tags=["package"],
    parameters=[
        OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One part, such as `bytes=1000-`."),
        OpenApiParameter("If-Range", str, OpenApiParameter.HEADER, description="The ETag of what broke off."),
    ],
    responses={
        (200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The whole file."),
        (206, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY, "The part that was asked for."),
        **_errors(401, 409, 410, 416, 429, 503),
    },
)
