"""Every setting comes from the environment; docs/settings.md lists them. Keys come from files, never from here."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE = Path(__file__).resolve().parent.parent
os.umask(0o077)  # what the portal writes is for the user it runs as, and nobody else


def _flag(name: str) -> bool:
    value = os.environ.get(name, "0")
    if value not in {"0", "1"}:
        message = f"{name} is '{value}'; it is 0 or 1"
        raise ImproperlyConfigured(message)
    return value == "1"


def _list(name: str, default: str) -> list[str]:
    return [part for part in os.environ.get(name, default).split(",") if part]


DSR_DEMO = _flag("DSR_DEMO")
DSR_VAR = Path(os.environ.get("DSR_VAR", BASE / "var")).resolve()
DSR_KEYS = Path(os.environ.get("DSR_KEYS", DSR_VAR / "keys")).resolve()
# Sealed files: a folder in DSR_VAR, or a bucket of S3.
DSR_FILES_URL = os.environ.get("DSR_FILES_URL", "")
DSR_FILES_ENDPOINT = os.environ.get("DSR_FILES_ENDPOINT", "")
DSR_FILES_REGION = os.environ.get("DSR_FILES_REGION", "")
DSR_FILES_KEY_ID = os.environ.get("DSR_FILES_KEY_ID", "")
DSR_FILES_SECRET = os.environ.get("DSR_FILES_SECRET", "")
DSR_FILES_ADDRESSING = os.environ.get("DSR_FILES_ADDRESSING", "path")
DSR_CONTROLLERS = Path(os.environ.get("DSR_CONTROLLERS", BASE / "controllers")).resolve()
DSR_BASE_URL = os.environ.get("DSR_BASE_URL", "http://127.0.0.1:8000")  # links in letters; never from the Host header
# Where staff work. On another host name than the portal's, neither answers for the other.
DSR_DESK_URL = os.environ.get("DSR_DESK_URL") or DSR_BASE_URL
# The name under which the record is signed (C2SP: an address without a scheme); the first checkpoint fixes it.
DSR_AUDIT_ORIGIN = os.environ.get("DSR_AUDIT_ORIGIN") or f"{urlsplit(DSR_BASE_URL).hostname}/audit"
DSR_LEASE_SECONDS = float(os.environ.get("DSR_LEASE_SECONDS", "30"))
DSR_KEEP_MONTHS = int(os.environ.get("DSR_KEEP_MONTHS", "24"))
DSR_PACKAGE_DAYS = int(os.environ.get("DSR_PACKAGE_DAYS", "30"))
DSR_OFFER_DAYS = int(os.environ.get("DSR_OFFER_DAYS", "7"))
DSR_PACKAGE_DOWNLOADS = int(os.environ.get("DSR_PACKAGE_DOWNLOADS", "5"))
DSR_QUESTION_DAYS = int(os.environ.get("DSR_QUESTION_DAYS", "14"))
DSR_REMIND_DAYS = [int(days) for days in _list("DSR_REMIND_DAYS", "5,2")]

# Proxies in front that add the address they saw to X-Forwarded-For; what the client wrote there counts for nothing.
DSR_TRUSTED_HOPS = int(os.environ.get("DSR_TRUSTED_HOPS", "0"))
DSR_LIMITS = dict(limit.partition("=")[::2] for limit in _list("DSR_LIMITS", ""))  # see dsr/steps/limiting.py

_secret = DSR_KEYS / "django.txt"
# The first one signs; what others signed is still read, so that one can be put before another. Those with '+' wait.
_lines = _secret.read_text("ascii").split() if _secret.exists() else []
_lines.sort(key=lambda line: line.startswith("+"))
_secrets = [line.removeprefix("+") for line in _lines]
SECRET_KEY = os.environ.get("DSR_SECRET_KEY") or next(iter(_secrets), "")
SECRET_KEY_FALLBACKS = _list("DSR_SECRET_KEY_FALLBACKS", "") or [each for each in _secrets if each != SECRET_KEY]
if not SECRET_KEY:
    _keyless = {"makemigrations", "demo", "compilemessages", "make_keys"}
    _keyless |= {"verify_audit", "verify_certificate", "verify_package"}
    if not _keyless & set(sys.argv):
        message = f"no DSR_SECRET_KEY and no {_secret}: restore the keys; for the first start, manage.py make_keys"
        raise ImproperlyConfigured(message)
    SECRET_KEY = "not-a-key: used by commands that seal nothing " * 2

DEBUG = False
ALLOWED_HOSTS = _list("DSR_HOSTS", "127.0.0.1,localhost")
if DSR_DESK_URL != DSR_BASE_URL and (_desk := urlsplit(DSR_DESK_URL).hostname) and _desk not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(_desk)
LOOPBACK = {"127.0.0.1", "localhost", "::1", "[::1]"}
if DSR_DEMO and not {urlsplit(DSR_BASE_URL).hostname, *ALLOWED_HOSTS} <= LOOPBACK:
    message = "DSR_DEMO=1 shows everybody's mail: it serves this machine only, so DSR_BASE_URL and DSR_HOSTS are local"
    raise ImproperlyConfigured(message)
CSRF_TRUSTED_ORIGINS = _list("DSR_ORIGINS", "")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "accounts.apps.AccountsConfig",
    "dsr.apps.DsrConfig",
]
MIDDLEWARE = [
    "dsr.portal.headers.guarded",
    "dsr.urls.without_systems",
    "dsr.api.errors.json_only",  # around the others, for their errors become JSON too
    "dsr.portal.headers.not_too_long",
    "django.middleware.security.SecurityMiddleware",
    "dsr.urls.apart",  # before anything that looks at an address
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "dsr.portal.language.in_its_language",
    "django.middleware.common.CommonMiddleware",
    "dsr.portal.headers.own_origin",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "dsr.urls"
WSGI_APPLICATION = "dsr.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates", DSR_CONTROLLERS],  # a controller's own letters: <slug>/notices/…
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dsr.portal.pages.languages",
            ],
            "builtins": ["dsr.package.sentences"],
        },
    }
]

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(os.environ.get("DSR_DATABASE_URL", f"sqlite:///{DSR_VAR / 'portal.sqlite3'}"))
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Measured: with WAL, IMMEDIATE and a busy timeout of 20 s no request meets a locked database at 150 per second.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
    }
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # Nobody waits long for anybody: a lock that stays held or a line that went dead becomes an error within seconds,
    # and the ledger tries again. What the URL says comes later and wins, such as for a migration that runs long:
    # postgresql://…?options=-c%20statement_timeout%3D0
    _asked = DATABASES["default"].get("OPTIONS", {})
    _guards = "-c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=10s"
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        # Most of our statements take longer to plan than to run: a connection plans one that it meets often once only.
        "server_side_binding": True,
        "prepare_threshold": 3,
        **_asked,
        "options": f"{_guards} {_asked.get('options', '')}".rstrip(),
    }
    # Web threads and workers keep their connection for a minute, for opening one costs more than most of our
    # statements; each asks first whether it still lives, so a restarted server costs no request and no sweep.
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Staff"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.LongEnough"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "accounts.passwords.NotCommon"},
]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2id",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # of before: hashed anew at the next sign-in
]
ACCOUNTS_SEALED_BY = "dsr.models.sealed"  # seeds of second factors
LOGIN_URL = LOGOUT_REDIRECT_URL = "/desk/login/"
LOGIN_REDIRECT_URL = "/desk/"
OTP_TOTP_ISSUER = "Rightful"

SESSION_ENGINE = "accounts.session_store"  # the database knows no key
SESSION_COOKIE_AGE = 30 * 60  # idle; ASVS V7.3.1
SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "dsr.portal.errors.expired_form"
SECURE_REFERRER_POLICY = "no-referrer"  # see dsr/portal/headers.py for what browsers then send with our own forms
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if DSR_BASE_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]  # each by its own name
LOCALE_PATHS = [BASE / "locale"]
LANGUAGE_COOKIE_NAME = "__Host-language" if DSR_BASE_URL.startswith("https://") else "language"
LANGUAGE_COOKIE_SECURE = DSR_BASE_URL.startswith("https://")
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("DSR_STATIC", DSR_VAR / "static"))
STATICFILES_DIRS = [BASE / "static"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
# A document that somebody sends is sealed before it touches the disk. What is larger than this is not kept at all.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 6 << 20  # of the whole form: one document of 5 MB
DATA_UPLOAD_MAX_NUMBER_FILES = 11  # of a task on the desk: rows, and ten documents

DEFAULT_FROM_EMAIL = os.environ.get("DSR_MAIL_FROM", "privacy@localhost")
# Whom to tell of a hole: addresses as RFC 9116 wants them (mailto:, https:, tel:).
DSR_SECURITY_CONTACT = _list("DSR_SECURITY_CONTACT", f"mailto:{DEFAULT_FROM_EMAIL}")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = os.environ.get("DSR_MAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("DSR_MAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("DSR_MAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("DSR_MAIL_PASSWORD", "")
EMAIL_USE_TLS = _flag("DSR_MAIL_TLS")
EMAIL_TIMEOUT = 20
DEMO_MAIL_FOLDER = DSR_VAR / "demo" / "mail"
if DSR_DEMO:
    EMAIL_BACKEND = "dsr.portal.demo_mail.Folder"

CELERY_BROKER_URL = os.environ.get("DSR_BROKER_URL", "memory://localhost//")
if CELERY_BROKER_URL.startswith("memory:"):
    # A poll every 0.1 s costs 0.2 % of a core (measured) and keeps 'accepted to running' below a second.
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"polling_interval": 0.1}
elif CELERY_BROKER_URL.startswith(("redis:", "rediss:", "sentinel:")):
    # A line that went dead is noticed; a message is given to another worker only when its task must be over.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "socket_connect_timeout": 2,
        "socket_timeout": 4,  # a page waits for it, at most once in a while: see dsr/tasks.py
        "socket_keepalive": True,
        "health_check_interval": 30,
    }
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["dsr.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["dsr.api.parsers.StrictJson"],
    "EXCEPTION_HANDLER": "dsr.api.answers.shaped",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["dsr.api.pace.Calls"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Rightful API",
    "DESCRIPTION": "File requests for data subjects and read their status. A token proves no person.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "Right": "dsr.api.meanings.RIGHTS",
        "State": "dsr.api.meanings.STATES",
        "IdentityKind": "dsr.api.meanings.KINDS",
        "GrantedBy": "dsr.api.meanings.SOURCES",
    },
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "dsr.steps.frames.Formatter", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "filters": {"no_tokens": {"()": "dsr.portal.discretion.NoTokens"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "dsr": {"level": "INFO"},
        # These name the path that was asked for. A logger's filter sees what is logged to it by name, as these are.
        "django.request": {"filters": ["no_tokens"]},
        "django.security.csrf": {"filters": ["no_tokens"]},
        "django.server": {"filters": ["no_tokens"]},
    },
}
