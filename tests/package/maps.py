"""A small JoyPix: four systems, two of them with somebody else."""

from dsr.datamap.schema import (
    Basis,
    CollectionMap,
    ConnectorMap,
    Controller,
    ControllerMap,
    FieldMap,
    Purpose,
    Recipient,
    Retention,
    RightOffer,
    Source,
    SystemMap,
)
from dsr.datamap.shape import Brand, Calendar, PolicyVersion
from dsr.law.rights import Right

CONTROLLER = Controller(
    slug="joypix",
    name="JoyPix",
    operator="JoyPix LLC",
    describes="AI pictures and videos",
    email="support@joypix.example",
    telephone="+1 555 0100",
    brand=Brand(colour="#5b3cc4"),
    calendar=Calendar(country="US", zone="America/New_York"),
    promise_source="policy, section 8",
    authority="Data Protection Authority, 1 Example Street, 1000 Capital",
    policy_versions=(PolicyVersion(version="2.0", effective_on="2026-03-17"),),
    identities={},
    rights={
        Right.ACCESS: RightOffer(granted_by="policy", citation="section 6"),
        Right.ERASURE: RightOffer(granted_by="policy", citation="section 6"),
    },
    purposes={
        "generate": Purpose(title="Generation", describes="Make the pictures you ask for", basis=Basis.CONTRACT),
        "analytics": Purpose(title="Analytics", describes="See which functions are used", basis=Basis.CONSENT),
        "finance": Purpose(title="Book-keeping", describes="Keep what tax law wants", basis=Basis.LEGAL_DUTY),
    },
    recipients={
        "compute": Recipient(
            title="Example Compute Inc.",
            role="renders pictures",
            country="US",
            safeguard="standard contract clauses",
        ),
        "bank": Recipient(title="Example Pay Ltd", role="takes payments", country="IE"),
    },
    retention={
        "account": Retention(kind="agreed", says="30 days after you cancel", citation="section 5"),
        "orders": Retention(kind="statutory", says="3 years after completion", ground="tax law", citation="section 5"),
    },
    automated_decisions="none: no decision about you is made by machines alone",
    statements={"sale": "Data is not sold."},
)


def _collection(
    title: str, key: str, fields: dict[str, FieldMap], retention: str = "account", **more: object
) -> CollectionMap:
    return CollectionMap.model_validate(
        {
            "title": title,
            "key": (key,),
            "purposes": ("generate",),
            "source": Source.PROVIDED,
            "retention": retention,
            "fields": fields,
            **more,
        }
    )


def _field(category: str = "user.behavior", **more: object) -> FieldMap:
    return FieldMap.model_validate({"category": category, **more})


SYSTEMS = {
    "app": SystemMap(
        slug="app",
        title="Application database",
        describes="Your account and what you did with it.",
        connector=ConnectorMap(kind="sql"),
        collections={
            "users": _collection(
                "Account",
                "id",
                {
                    "id": _field("user.unique_id"),
                    "email": _field("user.contact.email", label="E-mail"),
                    "name": _field("user.name"),
                    "plan": _field(codes={"3": "paid yearly"}),
                    "balance": _field(),
                    "born": _field(),
                    "created_at": _field(label="Created"),
                    "bio": _field(),
                    "avatar": _field(),
                    "password_hash": _field("user.authorization.password", label="Password", never_export=True),
                },
                describes="The account you signed up with.",
            ),
            "prompts": _collection(
                "Prompts",
                "id",
                {
                    "id": _field(),
                    "made_at": _field(label="When"),
                    "prompt": _field("user.content.private"),
                    "status": _field(codes={"2": "finished", "4": "failed"}),
                },
                recipients=("compute",),
                automated="A filter checks each prompt for unsafe words.",
            ),
            "events": _collection(
                "Usage events",
                "id",
                {
                    "id": _field(),
                    "at": _field(label="When"),
                    "page": _field(),
                    "device": _field("user.device"),
                    "note": _field(),
                    "score": _field(),
                },
                source=Source.OBSERVED,
                purposes=("analytics",),
            ),
        },
    ),
    "media": SystemMap(
        slug="media",
        title="Media store",
        connector=ConnectorMap(kind="files"),
        collections={
            "saved": _collection("Saved pictures", "path", {"path": _field(), "bytes": _field()}, files="path")
        },
    ),
    "payments": SystemMap(
        slug="payments",
        title="Payment institution",
        processor="bank",
        connector=ConnectorMap(kind="http"),
        collections={"orders": _collection("Orders", "id", {"id": _field(), "total": _field()}, retention="orders")},
    ),
    "support": SystemMap(
        slug="support",
        title="Support desk",
        connector=ConnectorMap(kind="http"),
        collections={"letters": _collection("Letters", "id", {"id": _field()})},
    ),
}
JOYPIX = ControllerMap(controller=CONTROLLER, systems=SYSTEMS, version="map-1")
