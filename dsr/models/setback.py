"""What went wrong in the portal itself where no plan item stands for it: a request's next move, or its certificate."""

from django.db import models

from dsr.models.subject_request import SubjectRequest


class Setback(models.Model):
    """How often a turn at one request went wrong, in which state of it, and when it has another.

    Once the request is in another state the row says nothing any more. With no tries its first turn has just begun:
    a sweep writes the row before, for whoever dies over it.
    """

    subject_request = models.OneToOneField(
        SubjectRequest, primary_key=True, on_delete=models.PROTECT, related_name="setback"
    )
    state = models.CharField(max_length=16, help_text="Of the request, then; closed: its certificate was not made")
    tries = models.PositiveIntegerField(default=0, help_text="Turns that went wrong, one after the other")
    not_before = models.DateTimeField()
    note = models.CharField(max_length=300, help_text="For staff: the class of the error; no personal data")

    def __str__(self) -> str:
        """Such as 'accepted, 3 times'."""
        return f"{self.state}, {self.tries} times"
