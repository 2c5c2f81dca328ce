"""The shape of a controller's files: facts and policy of the controller, one map per system."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from dsr.datamap.ladder import Ladder, Needed
from dsr.datamap.parties import Shared
from dsr.datamap.shape import Brand, Calendar, PolicyVersion, Settings, Shape, Slug
from dsr.law.rights import Right


class IdentityKind(StrEnum):
    """How a data subject is known to a system."""

    EMAIL = "email"
    ACCOUNT = "account"
    SOCIAL = "social"  # provider and the id there: two values
    DEVICE = "device"
    PHONE = "phone"


class Source(StrEnum):
    """Where a value comes from (GDPR Art. 15(1)(g); Art. 20 covers provided and observed)."""

    PROVIDED = "provided"
    OBSERVED = "observed"
    DERIVED = "derived"
    RECEIVED = "received"  # from somebody else


class Basis(StrEnum):
    """Legal basis (GDPR Art. 6(1))."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_DUTY = "legal-duty"
    LEGITIMATE_INTERESTS = "legitimate-interests"


class Period(Shape):
    """A length of time, at most a hundred years; months and years by the calendar."""

    hours: int = Field(default=0, ge=0, le=876_000)
    days: int = Field(default=0, ge=0, le=36_500)
    months: int = Field(default=0, ge=0, le=1_200)
    years: int = Field(default=0, ge=0, le=100)


class Retention(Shape):
    """A retention rule of the policy. `says` is quoted to the person; no period means criteria only."""

    kind: Literal["statutory", "agreed", "ceiling"]
    says: str
    period: Period | None = None
    ground: str = ""  # why it is kept, in plain words; needed when a collection keeps by this rule
    citation: str  # where the rule stands


class Purpose(Shape):
    """Why data is processed. A purpose with basis consent can be withdrawn (GDPR Art. 7(3))."""

    title: str
    describes: str
    basis: Basis
    withdrawable: bool = False
    when_withdrawn: str = ""
    given_in: int = Field(default=0, ge=0)  # screens that giving the consent took; 0: it is given by none
    stopped_at: Literal["here", "browser", "device"] = "here"  # elsewhere we explain, and pretend nothing
    how: str = ""  # the steps a person takes in the browser or on the device
    told: tuple[Slug, ...] = ()  # recipients told when it is withdrawn


class Recipient(Shape):
    """A party told about data (GDPR Art. 15(1)(c), Art. 19)."""

    title: str
    role: str
    country: str
    safeguard: str = ""  # GDPR Art. 15(2), for a third country
    address: str = ""
    email: str = ""
    # By connector: `system` carries the effect out. What its connector cannot do goes by e-mail, else by hand.
    told_by: Literal["connector", "email", "hand", "none"] = "hand"
    days: int = Field(default=30, ge=1)  # calendar days to acknowledge
    system: Slug | None = None
    why_not: str = ""  # why nobody tells it: for 'none'


class RightOffer(Shape):
    """That a right is offered, and which source grants it: policy, law or the house."""

    granted_by: Literal["policy", "law", "house"]
    citation: str


class Region(Shape):
    """Where the person lives: which law counts there, who watches over it, and which rights differ."""

    title: str
    regimes: tuple[Slug, ...] = ()  # slugs of dsr.law.regimes; one that is not active promises nothing yet
    authority: str = ""  # name and address; needed where a regime counts
    court: str = ""
    complaint_to: str = ""  # where the controller itself takes complaints, if not at its e-mail address
    rights: dict[Right, RightOffer | None] = {}  # None: not offered here; absent: the controller's own row
    proof: Needed = {}  # where more is needed than the controller's own row says


class Scope(Shape):
    """How much an erasure takes (P8): everything, or named collections, each 'system.collection'."""

    title: str
    describes: str
    everything: bool = False
    collections: tuple[str, ...] = ()


class Controller(Shape):
    """controller.yaml: who answers, how it looks, what it promises and offers."""

    slug: Slug
    name: str
    operator: str
    describes: str
    email: str
    telephone: str = ""
    address: str = ""
    brand: Brand
    calendar: Calendar
    promise_days: int = Field(default=15, ge=1, le=366)  # business days, J1
    promise_source: str
    # Days between approval and erasure, in which the person can cancel.
    grace_days: int = Field(default=0, ge=0, le=366)
    # The same for who gets that letter on paper; unless said 14, or grace_days.
    grace_days_by_post: int | None = Field(default=None, ge=0, le=366)
    authority: str  # name and address of the supervisory authority
    languages: tuple[str, ...] = ("en",)  # what the portal speaks here, the first unless asked; such as zh-hans
    regions: dict[Slug, Region] = {}  # in the order the form shows them; a file names one at least
    scopes: dict[Slug, Scope] = {}  # what an erasure can take; none: always everything
    policy_versions: tuple[PolicyVersion, ...]
    identities: dict[IdentityKind, str]  # what the form offers, with its hint
    rights: dict[Right, RightOffer]
    proof: Ladder = Ladder()
    release: dict[Right, Literal["none", "one", "two"]] = {}  # people who look at an answer before it leaves
    staff_shown_by: Literal["role", "name"] = "role"  # to a person who asks who here looked at their data
    purposes: dict[Slug, Purpose]
    recipients: dict[Slug, Recipient]
    retention: dict[Slug, Retention]
    automated_decisions: str  # GDPR Art. 15(1)(h): the text, or 'none: ' and why
    statements: dict[Slug, str] = {}  # 'not sold', 'no biometric data' and the like
    self_service: dict[str, str] = {}  # title: where in the product people can help themselves


class Link(Shape):
    """Rows are found through another collection: own field -> the field there."""

    to: str  # 'collection' in the same system, or 'system.collection'
    on: dict[str, str]
    owns: bool | None = None  # false: it only points, and whose the row is does not follow; said wherever links circle


class FieldMap(Shape):
    """One field. What is not said is inherited from its collection."""

    category: str  # Fideslang key, such as user.contact.email
    label: str = ""
    purposes: tuple[Slug, ...] | None = None
    source: Source | None = None
    portable: bool | None = None
    rectifiable: bool = False
    type: Literal["text", "email", "date", "number", "choice", "telephone", "language"] = "text"  # of a new value
    most: int = Field(default=200, ge=1)  # characters of a new value
    # Told that it is held, never shown. Unless said, its category decides (secrets.py); false needs a reason then.
    never_export: bool | None = None
    why_shown: str = ""
    currency: str = ""  # of an amount: ISO 4217, or the field of the same collection that holds it
    decimals: int = Field(default=0, ge=0, le=4)  # of an amount in whole hundredths (2) and the like: 1250 is 12.50
    codes: dict[str, str] = {}  # coded values, explained


class Way(StrEnum):
    """How rows are erased."""

    DELETE = "delete"
    REDACT = "redact"  # named fields are overwritten, the row stays
    AGGREGATE = "aggregate"  # the row stays, stripped of what points at a person
    UNLINK = "unlink"  # the row stays, and its own fields by which it is found are emptied
    TOMBSTONE = "tombstone"  # the row stays as its key alone
    KEEP = "keep"  # whole collection kept under a retention rule


class Erase(Shape):
    """How a collection is erased."""

    way: Way = Way.DELETE
    set: dict[str, str | int | None] = {}  # field -> new value; unlink and tombstone: where it is not empty
    tombstone: bool = False  # when a kept row needs this one, it stays as an id alone, until then
    # Blast limits of one request. Over them the erasure stops, until a privacy officer raises them for it.
    most: int = Field(default=250_000, ge=1)  # rows
    share: float = Field(default=0.2, gt=0, le=1)  # of all rows that are there; asked of more than a thousand


class Keep(Shape):
    """Rows that a retention rule keeps: `rule` from the date in `since`, where `when` matches."""

    rule: Slug
    since: str  # field holding the date the period starts on; 'collection.field' of one it links to in its system
    when: dict[str, tuple[str, ...]] = {}  # field -> values; all must match


class CollectionMap(Shape):
    """A table, a bucket prefix or an endpoint of one system."""

    title: str
    describes: str = ""
    key: tuple[str, ...]
    found_by: dict[IdentityKind, tuple[str, ...]] = {}  # identity -> own field(s)
    links: tuple[Link, ...] = ()
    purposes: tuple[Slug, ...]
    source: Source
    recipients: tuple[Slug, ...] = ()
    retention: Slug
    ages_from: str = ""  # field the retention period runs from, as in keep.since; none: live data cannot be judged
    created: str = ""  # field with the moment a row came to be: tells restored rows from those of who came back
    portable: bool = True
    public: bool = False  # J8: content the person made public
    automated: str = ""  # automated processing that this collection records
    fields: dict[str, FieldMap]
    files: str = ""  # field naming the file whose content belongs to the row
    item_title: str = ""  # field that names a row in lists
    erase: Erase = Erase()
    keep: Keep | None = None
    shared: Shared | None = None  # rows that concern several people
    settings: Settings = {}  # for the connector: table, path, endpoint


class Stop(Shape):
    """How processing ends for a person: rows are marked, once. '$now' in `set` is the moment it happens."""

    collection: Slug
    when: dict[str, tuple[str, ...]] = {}  # field -> values; all must match
    set: dict[str, str | int | None]
    undo: dict[str, str | int | None] | None = None  # None: there is no way back
    settings: Settings = {}  # for the connector: the path of a service


NOW = "$now"
ACCOUNT = "account"  # the stop that disables an account before it is erased; every other is a purpose's


class ConnectorMap(Shape):
    """Kind of connector and its settings; '${NAME}' in a setting is read from the environment."""

    kind: str
    settings: Settings = {}


class Pace(Shape):
    """How much a system is asked at once, and how long one item of work may take there."""

    at_once: int = Field(default=2, ge=1, le=100)  # items of this system that run at the same time
    per_minute: int | None = Field(default=None, ge=1)  # items begun in a minute; None: no limit
    seconds: int = Field(default=900, ge=1, le=1500)  # then the item is given up, and tried again later
    job_days: int = Field(default=30, ge=1, le=365)  # what it says it works on is due then, and a person must look


class Accepted(Shape):
    """A finding of check_systems that is known and stays: it fails no check any more, and is told with its reason."""

    finding: str = Field(min_length=1)  # as it is printed: 'collection: message'
    reason: str = Field(min_length=1)


class SystemMap(Shape):
    """systems/<slug>.yaml: one system, how it is reached and what it holds."""

    slug: Slug
    title: str
    describes: str = ""
    processor: Slug | None = None  # the recipient that runs it, where it is not the controller
    connector: ConnectorMap
    pace: Pace = Pace()
    zone: str = ""  # IANA, of moments that the system writes without one; none: nobody has said
    backups_days: int | None = Field(default=None, ge=0, le=3660)  # until overwritten; 0: none; None: nobody has said
    collections: dict[Slug, CollectionMap]
    stops: dict[Slug, Stop] = {}  # slug of a purpose, or ACCOUNT
    accepted: tuple[Accepted, ...] = ()


class ControllerMap(Shape):
    """Everything known about one controller, with the version of the files it was read from."""

    controller: Controller
    systems: dict[Slug, SystemMap]
    version: str
    texts: dict[str, dict[str, str]] = {}  # language -> English text -> the same in that language
