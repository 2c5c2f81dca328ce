"""The words for units of work: kinds, states and outcomes of a plan item; states of a notice."""

from enum import StrEnum


class Kind(StrEnum):
    """What an item does."""

    FIND = "find"
    CLOSE = "close"  # close the manifest of an erasure
    ERASE = "erase"
    CORRECT = "correct"
    STOP = "stop"  # of a purpose; or of the account, before an erasure
    RESUME = "resume"  # undo the stop of an account whose erasure was cancelled or refused
    ASSEMBLE = "assemble"  # build the package
    LOOK = "look"  # by people, at what goes out; a controller asks for it
    ASSEMBLE_PART = "assemble-part"  # of what is there, while a system does not answer
    PREVIEW = "preview"  # count what a search would find, before anybody decides
    ADDRESSES = "addresses"  # look which other addresses are on file, where a code to one of them is needed


class ItemState(StrEnum):
    """Where an item stands in the ledger."""

    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"  # an asynchronous effect has started; poll it
    IN_DOUBT = "in_doubt"
    QUARANTINED = "quarantined"  # a person must look
    TO_LOOK = "to-look"  # people look at what goes out; no worker claims it
    DONE = "done"


class Outcome(StrEnum):
    """What came of an item."""

    FOUND = "found"
    NOTHING = "nothing"
    ERASED = "erased"
    KEPT = "kept"
    CORRECTED = "corrected"
    STOPPED = "stopped"
    RESUMED = "resumed"
    FAILED = "failed"


class NoticeState(StrEnum):
    """Where a notice stands in the outbox."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    IN_DOUBT = "in_doubt"  # the sender died while sending: never repeated blindly
    FAILED = "failed"
    BOUNCED = "bounced"  # it was sent, and came back
    TO_POST = "to-post"  # on paper: staff print it and post it


class Post(StrEnum):
    """The way a notice takes."""

    EMAIL = "email"
    PAPER = "paper"


class Letter(StrEnum):
    """The kinds of notice; each is a template."""

    RECEIVED = "received"
    CODE = "code"
    ACCEPTED = "accepted"
    APPROVED = "approved"  # of an erasure: when it begins, and that it can be cancelled until then
    REFUSED = "refused"
    READY = "ready"
    CORRECTABLE = "correctable"  # of a rectification: the person sees the fields and proposes new values
    CORRECTABLE_STILL = "correctable-still"  # the same again, when nothing came
    CORRECTED = "corrected"
    ERASED = "erased"
    KEPT_OVER = "kept-over"  # what had to be kept until a day is erased now, or a rule keeps it longer
    WITHDRAWN = "withdrawn"  # what stopped where, and what is left to do in the browser or on the device
    HELD = "held"  # a legal hold or a freeze stands
    RELEASED = "released"
    HOLD_REVIEW = "hold-review"  # to staff: the review date of a legal hold has come
    REPORT = "report"  # to staff: a child, or a compromised account
    ANSWER = "answer"
    CANCELLED = "cancelled"
    UNPROVEN = "unproven"  # a day after: nobody has proven the mailbox yet
    LAPSED = "lapsed"
    QUESTION = "question"  # that we have one; it stands on the request's page
    QUESTION_OVER = "question-over"  # nobody answered it, or staff took it back
    EXTENDED = "extended"
    REPLIED = "replied"  # to staff: the person answered a question
    UNANSWERED = "unanswered"  # to staff: nobody answered it in its time
    REMINDER = "reminder"  # to staff: a date comes near
    ESCALATION = "escalation"  # to privacy officers as well: it is nearly there
    MISSED = "missed"  # to both: it was missed
    LATE = "late"  # to the person: the same, with what they can do now
    TELL = "tell"  # to a recipient of the data (GDPR Art. 19)
    TELL_AGAIN = "tell-again"  # the same, when its answer is overdue
    TASK = "task"  # to staff: a system waits for a person; the same again when it is due, and late
    TASK_LINK = "task-link"  # to a colleague without an account: the link to one task
    TASK_CODE = "task-code"  # to the same mailbox: the code without which the link shows nothing
    TO_HAND_OVER = "to-hand-over"  # to staff: a package lies here for a person without a mailbox
    ON_FILE = "on-file"  # to an address on the found account: somebody without a mailbox asked, nothing leaves yet
    TAKEN_AGAIN = "taken-again"  # to staff: somebody took such a package from the desk once more
    HANDED_OVER = "handed-over"  # on paper: that it left, when and in which way
    RETURNED = "returned"  # to staff: a letter came back, or no mail server takes it
    PARTLY = "partly"  # a part of the answer is ready; the rest comes as the next version
    OPENING = "opening"  # to other addresses on file: a package is about to be opened, and how to stop it
    MERGED = "merged"  # a duplicate: answered with its original
    ANSWERED_WITH = "answered-with"  # its original is answered
    AGENT_TOLD = "agent-told"  # to an agent: that the person was answered, and nothing more
    GUARDIAN_ASKS = "guardian-asks"  # to the child's own mailbox: who asks, and how to object
    PROOF = "proof"  # that we need to be surer who asks, and what the person can do


class Channel(StrEnum):
    """How a request arrived."""

    WEB = "web"
    API = "api"
    TELEPHONE = "telephone"
    LETTER = "letter"
    EMAIL = "email"
    IN_PERSON = "in-person"


class Asker(StrEnum):
    """Who asks for the person."""

    PERSON = "person"
    AGENT = "agent"  # with the person's signed permission, and the person's own confirmation
    GUARDIAN = "guardian"  # a parent or guardian


class Scope(StrEnum):
    """What a token of a controller's own system may do; none of it shows or hands out a person's data."""

    FILE = "requests:file"
    READ = "requests:read"  # how far one is, by its reference
    OFFERS = "controller:read"
    VOUCH = "assertions:vouch"  # bring what the controller's own app signed
