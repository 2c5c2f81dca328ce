"""What each right is called on the portal's pages, and what is asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Wording:
    """One right in plain words."""

    title: Text  # as a choice, and as the page's heading
    says: Text  # what one gets by it
    send: Text  # the button that files it
    question: Text  # asked for the details
    hint: Text = ""
    needed: bool = False  # whether the details must be given


WORDS: Mapping[Right, Wording] = {
    Right.ACCESS: Wording(
        _("See the data we hold about you"),
        _("A copy to read and to keep, with why we have it, who received it and how long we keep it."),
        _("Send my request to see my data"),
        _("Are you looking for something in particular?"),
        _("For example a date, an order or a feature you used. Leave it empty and we look for everything."),
    ),
    Right.RECTIFICATION: Wording(
        _("Correct your data"),
        _("See what we hold that can be corrected, and tell us what is right. We look at it and write to you."),
        _("Send my request to correct my data"),
        _("What is it about?"),
        _("A few words are enough. When we have found your data you see it, and enter what is right."),
    ),
    Right.ERASURE: Wording(
        _("Have your data erased"),
        _("In every system. Before you send, you see what goes, what we must keep, why and until when."),
        _("Send my request to erase my data"),
        _("Is there anything we should know before we erase?"),
        _("For example something you want us to leave. Leave it empty and we erase all we may."),
    ),
    Right.PORTABILITY: Wording(
        _("Take your data with you"),
        _("Get what you gave us, and what we observed, in files that other services can read."),
        _("Send my request to take my data with me"),
        _("Are you looking for something in particular?"),
        _("Leave it empty and you get everything that you can take with you. What we worked out is not in it."),
    ),
    Right.CONSENT_WITHDRAWAL: Wording(
        _("Withdraw a consent"),
        _("You agreed to something and no longer do. We stop it. What you use otherwise goes on."),
        _("Withdraw my consent"),
        _("Is there anything else we should know?"),
    ),
    Right.PROCESSING_INFORMATION: Wording(
        _("Find out how we use personal data"),
        _("What we hold about people in general, why, who receives it and for how long. You see it at once."),
        _("Record that I asked"),
        "",
    ),
    Right.COMPLAINT: Wording(
        _("Complain or ask a question"),
        _("Something about your data went wrong, or is not clear. A person answers you."),
        _("Send my complaint or question"),
        _("What would you like to tell us or ask us?"),
        _("If it is about an earlier request, give its reference."),
        needed=True,
    ),
    Right.COMPROMISED_ACCOUNT: Wording(
        _("Report a misused account or leaked data"),
        _("Somebody got into your account, or your data turned up elsewhere. We look at this first."),
        _("Send my report"),
        _("What happened, and when did you notice?"),
        _("Do not send us your password. We never need it."),
        needed=True,
    ),
    Right.CHILD: Wording(
        _("Report that a child uses this service"),
        _("You are a parent or guardian, or you noticed a child using the service. We look at this first."),
        _("Send my report"),
        _("What should we know about the child's account?"),
        _("How we can find the account, and how you are related to the child. Tell no more than needed."),
        needed=True,
    ),
}

# Where a request stands, in a list of many.
STANDS: Mapping[State, Text] = {
    State.RECEIVED: _("Waits for the code from your mailbox"),
    State.VERIFIED: _("A person here looks at it"),
    State.ACCEPTED: _("We are searching"),
    State.SEARCHED: _("Found, and not carried out yet"),
    State.APPROVED: _("We carry it out"),
    State.CARRIED_OUT: _("We put our answer together"),
    State.PACKAGED: _("Our answer is ready"),
    State.DELIVERED: _("Answered"),
    State.REFUSED: _("Refused"),
    State.CANCELLED: _("Cancelled"),
    State.LAPSED: _("Ended, for nobody entered the code"),
}
MORE_PROOF = _("Waits until you show us that it is you")
CHANNELS: Mapping[str, Text] = {
    Channel.WEB: _("on this portal"),
    Channel.API: _("by the service itself"),
    Channel.TELEPHONE: _("by telephone"),
    Channel.LETTER: _("by letter"),
    Channel.EMAIL: _("by e-mail"),
    Channel.IN_PERSON: _("in person"),
}
