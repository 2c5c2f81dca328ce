"""What the name of a column says about its content: a first guess, for an engineer to judge."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guess:
    """A data category; `sure` when the name leaves little doubt."""

    category: str
    sure: bool = True
    secret: bool = False
    personal: bool = True  # the name alone speaks of a person, whatever table it stands in


_UNKNOWN = Guess("user", sure=False, personal=False)
# The first that fits counts. Names are compared in small letters, their words joined by '_'.
_PERSONAL = {
    "pass(word|wd|phrase)?|pwd|(password|pass)_?hash": "user.authorization.password",
    "secret|token|salt|otp|totp|pin|api_?key|private_key|recovery_codes?|session_(key|token)|credentials?": (
        "user.authorization.credentials"
    ),
    "e_?mail|email_?addr(ess)?|mail|mail_?addr(ess)?": "user.contact.email",
    "fax|fax_?(no|number|nr)?": "user.contact.fax_number",
    "((tele)?phone|tel|mobile|cell|cellphone|msisdn)(_?(no|nr|number))?": ("user.contact.phone_number"),
    "(first|given|fore)_?name|fname": "user.name.first",
    "(last|family)_?name|surname|lname": "user.name.last",
    "full_?name|real_?name|legal_?name|(invoice|billing|shipping|payer|contact)_name": "user.name",
    "user_?name|nick|nick_?name|login|screen_?name|display_?name|handle": "user.account.username",
    "ip|ip_?(v[46]_?)?addr(ess)?|remote_?(ip|addr)|client_ip|last_ip": "user.device.ip_address",
    "device_?(id|identifier|uuid)|udid|idf[av]|imei|gaid|android_id|advertising_id|mac_?addr(ess)?": (
        "user.device.device_id"
    ),
    "cookie_?id": "user.device.cookie_id",
    "(date_of_)?birth|birth_?(day|date)|dob|born(_on)?|date_of_birth": "user.demographic.date_of_birth",
    "gender|sex|salutation": "user.demographic.gender",
    "age|age_?(range|group)": "user.demographic.age_range",
    "race|ethnicity": "user.demographic.race_ethnicity",
    "religion": "user.demographic.religious_belief",
    "marital_?status": "user.demographic.marital_status",
    "street|street_?(name|no|number)|house_?(no|number)|addr(ess)?_?(line)?_?[0-9]": "user.contact.address.street",
    "zip|zip_?code|post_?code|postal|postal_?code|plz": "user.contact.address.postal_code",
    "addr|((home|postal|mailing|billing|shipping|delivery)_)?address": "user.contact.address",
    "lat|lng|lon|latitude|longitude|geo(point|location)?|coordinates": "user.location.precise",
    "iban|bic|swift|account_?(no|number)|bank_?account": "user.financial.bank_account",
    "(credit_?)?card|pan|card_?(no|number|holder|last_?4|last4|brand|fingerprint)|cc_?(no|number)|cvv": (
        "user.financial.credit_card"
    ),
    "ssn|national_?id|tax_?(id|no|number)|social_security_?(no|number)?": (
        "user.government_id.national_identification_number"
    ),
    "passport|passport_?(no|number)": "user.government_id.passport_number",
    "driver'?s?_?licen[cs]e(_?(no|number))?": "user.government_id.drivers_license_number",
    "diagnosis|blood_?type|allergies|medication|health": "user.health_and_medical",
    "fingerprint": "user.biometric.fingerprint",
    "face(_?(id|print|data|template))?|landmarks": "user.biometric",
    "job_?title|occupation|profession": "user.job_title",
    "employer|workplace": "user.workplace",
    "photo|avatar|portrait|selfie|profile_?(image|picture|photo)|picture": "user.content.self_image",
}
_LIKELY = {
    "name|title_name": "user.name",
    "city|town": "user.contact.address.city",
    "state|province|region": "user.contact.address.state",
    "country|country_?code|nationality": "user.contact.address.country",
    "language|lang|locale": "user.demographic.language",
    "time_?zone|location|place": "user.location.imprecise",
    "company|organi[sz]ation": "user.contact.organization",
    "user_?agent|browser|device|device_?(model|name|type)|os|os_?version|platform|app_?version|network(_type)?": (
        "user.device"
    ),
    "cookies?": "user.device.cookie",
    "(.*_)?consents?(_.*)?|opt_?(in|out)|newsletter|marketing(_.*)?|unsubscribed(_.*)?|privacy(_.*)?": (
        "user.privacy_preferences"
    ),
    "(.*_)?(amount|price|total|currency|payment|paid|invoice|refund|amount_cents|fee)(_.*)?": "user.payment",
    "(.*_)?(order|product|purchase|sku|quantity|basket|cart)(_.*)?": "user.behavior.purchase_history",
    "(.*_)?(search|query|keywords?)(_.*)?": "user.behavior.search_history",
    "url|page|referr?er|path|visited(_.*)?": "user.behavior.browsing_history",
    "subject|body|message|comment|content|text|prompt|note|notes|description|review|bio|about|reason|feedback": (
        "user.content.private"
    ),
    "image|file|file_?name|attachment|video|audio|upload": "user.content",
    "settings|preferences|theme": "user.account.settings",
    "plan|tier|role|roles|permissions|subscription": "user.account",
    "detail|details|error|stack|trace|log|level|crash|payload|metadata": "user.telemetry",
    "last_(seen|active|login|sign_?in|visit)(_.*)?|(.*_)?(seen|happened|clicked|opened)_(at|on)|event|action": (
        "user.behavior"
    ),
}
_SECRET = "user.authorization"
# Whose it is, or which of several: said before what it is.
_OWNERS = frozenset(
    (
        *("user", "customer", "cust", "client", "member", "person", "contact", "account", "buyer", "owner", "guest"),
        *("patient", "primary", "billing", "shipping", "home", "work", "private", "personal", "recovery", "backup"),
        "hashed",
    )
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")


def words(name: str) -> str:
    """A name in small letters, its words joined by '_': 'emailAddress', 'EMAIL-ADDRESS' and 'email address' are one."""
    return "_".join(_WORDS.findall(name)).lower()


def guess(name: str) -> Guess:
    """The category that a column's name suggests."""
    plain = words(name)
    for bare in dict.fromkeys((plain, _without_owner(plain))):
        for pattern, category in _PERSONAL.items():
            if re.fullmatch(pattern, bare):
                return Guess(category, secret=category.startswith(_SECRET))
    for pattern, category in _LIKELY.items():
        if re.fullmatch(pattern, plain):
            return Guess(category, sure=False, personal=False)
    return _UNKNOWN


def _without_owner(plain: str) -> str:
    """'customer_email' is an email, too."""
    head, _, tail = plain.partition("_")
    return tail if head in _OWNERS and tail else plain
