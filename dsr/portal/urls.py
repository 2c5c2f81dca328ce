"""Addresses of the portal."""

from django.urls import path, register_converter

from dsr.law.rights import Right
from dsr.portal.views import (
    ask,
    certificate,
    correct,
    deny,
    find,
    language,
    mine,
    opening,
    own,
    package,
    proof,
    question,
    recipient,
    sign_in,
    start,
    stopping,
    verify,
    withdraw,
)


class RightConverter:
    """A right in an address."""

    regex = "[a-z-]+"

    def to_python(self, value: str) -> Right:
        """The right; ValueError means that the address leads nowhere."""
        return Right(value)

    def to_url(self, value: str) -> str:
        """As it is written in addresses."""
        return str(value)


register_converter(RightConverter, "right")

app_name = "portal"
urlpatterns = [
    path("", start.choose, name="choose"),
    path("language/", language.choose, name="language"),
    path("certificate/", certificate.check, name="certificate"),
    path("verify/", verify.check, name="verify"),
    path("<slug:slug>/", start.start, name="start"),
    path("<slug:slug>/brand.css", start.brand, name="brand"),
    path("<slug:slug>/help/", start.help_page, name="help"),
    path("<slug:slug>/processing/", start.processing, name="processing"),
    path("<slug:slug>/recipients/<str:token>/", recipient.acknowledge, name="recipient"),
    path("<slug:slug>/downloads/<uuid:grant>/<str:token>/", stopping.stop, name="stop_download"),
    path("<slug:slug>/withdraw/", withdraw.withdraw, name="withdraw"),
    path("<slug:slug>/leave/", own.leave, name="leave"),
    path("<slug:slug>/sign-in/", sign_in.begin, name="sign_in"),
    path("<slug:slug>/sign-in/code/", sign_in.code, name="sign_in_code"),
    path("<slug:slug>/mine/", mine.requests, name="mine"),
    path("<slug:slug>/mine/requests/<str:reference>/confirm/", mine.confirm, name="confirm_mine"),
    path("<slug:slug>/mine/looks/", mine.looks, name="looks"),
    path("<slug:slug>/mine/sessions/", mine.sessions_here, name="sessions"),
    path("<slug:slug>/mine/sessions/<uuid:session>/end/", mine.end, name="end_session"),
    path("<slug:slug>/mine/sessions/end/", mine.end_all, name="end_sessions"),
    path("<slug:slug>/find/", find.find, name="find"),
    path("<slug:slug>/find/code/", find.code, name="find_code"),
    path("<slug:slug>/ask/<right:right>/", ask.begin, name="ask"),
    path("<slug:slug>/ask/<right:right>/check/", ask.check, name="check"),
    path("<slug:slug>/ask/<right:right>/<slug:question>/", ask.question, name="question"),
    path("<slug:slug>/requests/<str:reference>/", own.status, name="status"),
    path("<slug:slug>/requests/<str:reference>/prove/", own.prove, name="prove"),
    path("<slug:slug>/from-app/<str:token>/", proof.from_app, name="from_app"),
    path("<slug:slug>/requests/<str:reference>/more-proof/", proof.prove_more, name="prove_more"),
    path("<slug:slug>/requests/<str:reference>/open/", opening.open_answer, name="open"),
    path("<slug:slug>/requests/<str:reference>/deny/", deny.deny, name="deny"),
    path("<slug:slug>/requests/<str:reference>/new-code/", own.new_code, name="new_code"),
    path("<slug:slug>/requests/<str:reference>/answer/", question.answer, name="answer"),
    path("<slug:slug>/requests/<str:reference>/correct/", correct.show, name="correct"),
    path("<slug:slug>/requests/<str:reference>/correct/statement/", correct.statement, name="correct_statement"),
    path("<slug:slug>/requests/<str:reference>/correct/check/", correct.check, name="correct_check"),
    path("<slug:slug>/requests/<str:reference>/correct/<slug:place>/", correct.row, name="correct_row"),
    path("<slug:slug>/requests/<str:reference>/cancel/", own.cancel, name="cancel"),
    path("<slug:slug>/requests/<str:reference>/download/", package.ask, name="download_ask"),
    path("<slug:slug>/requests/<str:reference>/download/code/", package.code, name="download_code"),
    path("<slug:slug>/requests/<str:reference>/download/again/", package.again, name="download_again"),
    path("<slug:slug>/requests/<str:reference>/download/<uuid:grant>/", package.wait, name="download"),
    path("<slug:slug>/requests/<str:reference>/download/<uuid:grant>/file/", package.file, name="download_file"),
    path("<slug:slug>/requests/<str:reference>/certificate/", certificate.take, name="take_certificate"),
]
