"""What staff fill in when a person without a mailbox replied to a question."""

from django import forms

from dsr.desk.forms import Decision
from dsr.desk.words import CHANNELS
from dsr.steps.counting import pauses


class Replying(Decision):
    """The words, the day of receipt and the way."""

    channel = forms.ChoiceField(
        label="How did the reply come?",
        choices=[(channel.value, CHANNELS[channel].capitalize()) for channel in pauses.REPLIES],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how the reply came."},
    )
    received_on = forms.DateField(
        label="On which day did it arrive?",
        help_text="The day on which the letter lay here, or of the call: the clock runs again from the day after.",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Enter the day.", "invalid": "Enter the day as 2026-11-24."},
    )
    words = forms.CharField(
        label="What did the person reply?",
        help_text="In the person's own words where you can. They are sealed, as an answer on the page is.",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=pauses.WORDS,
        error_messages={"required": "Write what the person replied."},
    )
