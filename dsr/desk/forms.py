"""What staff fill in before they decide."""

from django import forms

from dsr.law.grounds import GROUNDS


class Decision(forms.Form):
    """Nothing to fill in: the button is the decision."""


class Refusal(Decision):
    """A refusal without a ground is none (GDPR Art. 12(4))."""

    ground = forms.ChoiceField(
        label="On which ground?",
        choices=[(ground.value, f"{facts.plain} ({facts.citation})") for ground, facts in GROUNDS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the ground. The person is told it, with the ways to complain."},
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
    """One field for a reference or an exact e-mail address."""

    sought = forms.CharField(max_length=254, strip=True)
