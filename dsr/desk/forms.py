"""What staff fill in before they decide."""

from collections.abc import Collection, Iterable
from typing import cast

from django import forms

from dsr.law.grounds import GROUNDS, Ground, grounds_for
from dsr.law.rights import Right
from dsr.models import LegalHold, SubjectRequest
from dsr.steps.asking import reports
from dsr.steps.deciding import blocking, review
from dsr.steps.post import remedies

WORDS_HELP = "The person reads this beside the ground, in the answer and in the letter. Write it for them."


def grounds(
    known: Iterable[Ground], regimes: Collection[str] = (), *, second: bool | None = None
) -> list[tuple[str, str]]:
    """These grounds as choices, cited by these regimes: for a second person, for one person, or all."""
    return [
        (ground.value, f"{GROUNDS[ground].plain} ({GROUNDS[ground].citation_by(regimes)})")
        for ground in known
        if second is None or GROUNDS[ground].second_person is second
    ]


class Decision(forms.Form):
    """Nothing to fill in: the button is the decision."""

    def fit(self, subject_request: SubjectRequest) -> None:
        """Shape the choices for this request."""


class Refusal(Decision):
    """A refusal without a ground is none (GDPR Art. 12(4))."""

    second = False  # whether the grounds are those that need a second person

    ground = forms.ChoiceField(
        label="On which ground?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the ground. The person is told it, with the ways to complain."},
    )
    words = forms.CharField(
        label="Why, in your own words? (optional)",
        help_text=WORDS_HELP,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=review.WORDS,
        required=False,
    )
    evidence = forms.CharField(
        label="What shows it?",
        help_text="For the record only; the person is not told. Needed where we have to show the ground: unfounded, "
        "excessive, fraud.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=review.WORDS,
        required=False,
    )

    def fit(self, subject_request: SubjectRequest) -> None:
        """The grounds that hold for this right."""
        known = grounds_for(Right(subject_request.right), part=False)
        cast("forms.ChoiceField", self.fields["ground"]).choices = grounds(
            known, remedies.laws(subject_request), second=self.second
        )


class Answer(Decision):
    """The closing letter."""

    text = forms.CharField(
        label="Your answer",
        help_text="Plain text, with greeting and closing words. The person reads it on the request's page; "
        "the mail says that it is there, and names the reference and the authority.",
        widget=forms.Textarea(attrs={"rows": 12}),
        max_length=20_000,
        error_messages={"required": "Write the answer. The person receives it as a letter."},
    )

    def fit(self, subject_request: SubjectRequest) -> None:
        """Where it is read; the answer to a report of a compromised account says what becomes of the freeze."""
        if subject_request.mailbox() is None:
            self.fields["text"].help_text = (
                "Plain text, with greeting and closing words. The person has no mailbox: the letter goes on paper"
                + (" to the postal address." if subject_request.postal() else "; no postal address is known.")
            )
        frozen = [hold for hold in blocking.standing(subject_request) if hold.kind == LegalHold.FREEZE]
        if subject_request.right == Right.COMPROMISED_ACCOUNT and frozen:
            self.fields["freeze"] = forms.ChoiceField(
                label="What becomes of the freeze?",
                choices=[
                    (reports.RELEASE, "Release it: the account is its owner's again"),
                    (reports.KEEP, "Keep it on purpose, until somebody releases it"),
                ],
                widget=forms.RadioSelect,
                error_messages={"required": "Say what becomes of the freeze: release it, or keep it on purpose."},
            )


class ManifestApproval(Decision):
    """The digest that was on the screen travels with the yes."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)


class Exclusion(Decision):
    """A system is left out by name and for a reason."""

    reason = forms.CharField(
        label="Why is this system left out?",
        help_text="The person reads this sentence in the answer, beside the name of the system. Write it for them.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=300,
        error_messages={"required": "Give the reason. The answer names the system as not searched."},
    )


class Search(forms.Form):
    """One field for a reference, or an exact e-mail address or telephone number."""

    sought = forms.CharField(max_length=254, strip=True)
