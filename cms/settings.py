"""The settings of the whole site, read from the environment; README.md lists the variables."""

from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF

from cms import environment

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What the operator decides ---------------------------------------------------------------------------------------

DEMO = environment.flag("DEMO")
DEBUG = environment.flag("DEBUG")
DATA_DIR = Path(environment.text("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
HOST = environment.host("HOST", default="127.0.0.1")
PORT = environment.number("PORT", default=8000, least=1, most=65535)
SITE_URL = environment.web_address("SITE_URL", default=f"http://{HOST}:{PORT}")
SECRET_KEY = environment.secret_key("SECRET_KEY", demo=DEMO, data_dir=DATA_DIR)
# Earlier keys: what was signed or sealed with them still holds.
SECRET_KEY_FALLBACKS = environment.earlier_keys("SECRET_KEY_FALLBACKS")
# How many proxies of the operator stand in front; their X-Forwarded-* headers are believed, nobody else's.
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", default=0, least=0, most=9)
# How many requests one client may send to the API in a minute; 0 for as many as it likes.
API_RATE_LIMIT = environment.number("API_RATE_LIMIT", default=600, least=0, most=1_000_000)
# The other front ends whose scripts may read the API in a browser.
API_CORS_ORIGINS = environment.origins("API_CORS_ORIGINS")
# Where the other front end shows the draft that an editor's link opens.
PREVIEW_URL = environment.address_with_token("PREVIEW_URL")
# Whether people can join and use the personals. Closed outside the demo until it is safe: see cms.checks.
COMMUNITY_OPEN = environment.flag("COMMUNITY_OPEN", default=DEMO)
# Staff need a second factor wherever accounts have no known password.
STAFF_SECOND_FACTOR = not DEMO
DEMO_PASSWORD = environment.text("DEMO_PASSWORD", default="milk-and-honey-2026")
# What a Prometheus server shows to read /metrics; without it, only this machine is answered.
METRICS_TOKEN = environment.text("METRICS_TOKEN")

SITE_HOST = urlsplit(SITE_URL).hostname or ""
SITE_IS_SECURE = SITE_URL.startswith("https://")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS") or [SITE_HOST, *(["localhost", "127.0.0.1"] if DEMO else [])]

# --- The applications ------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "cms",
    "cms.users",
    "cms.pipeline",
    "cms.pipeline.desk",
    "cms.pipeline.webhooks",
    "cms.previews",
    "cms.page_cache",
    "home",
    "articles",
    "search",
    "community.membership",
    "community.personals",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "wagtail.contrib.redirects",
    "wagtail.contrib.routable_page",
    "wagtail.contrib.settings",
    "wagtail.contrib.typed_table_block",
    "wagtail.embeds",
    "wagtail.sites",
    "cms.users.apps.StaffAccountsConfig",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",  # for allauth's list of security keys
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "corsheaders",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "cms.middleware.ContentSecurityPolicy",
    "corsheaders.middleware.CorsMiddleware",
    "cms.middleware.HealthByAnyName",
    "cms.users.middleware.PrivatePages",
    "cms.api.middleware.ApiAnswers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cms.middleware.UnsafeMethodsInOneTransaction",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "cms.users.middleware.StaffSecondFactor",
    "cms.middleware.RedirectsToPublicPages",
    "cms.page_cache.middleware.PublicPagesMayBeKept",
]

ROOT_URLCONF = "cms.urls"
WSGI_APPLICATION = "cms.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Data ------------------------------------------------------------------------------------------------------------

DATABASES = {"default": environment.database("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A writer takes the lock when it begins, and waits for it, instead of failing in the middle of its work.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,  # seconds
        "init_command": "PRAGMA journal_mode = WAL",
    }
DATABASES["default"]["CONN_MAX_AGE"] = 60  # seconds
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.redis_address("REDIS_URL")
CACHE_FILES = DATA_DIR / "cache"
CACHES = {"default": environment.cache(redis=REDIS_URL, files=CACHE_FILES, entries=20_000)}
# The API's clients are many: their counts must not push out anything else.
API_COUNTS_DIR = CACHE_FILES / "api-counts"

# How much each web process keeps of what it answers; without Redis, all of it lies in files too.
PAGE_CACHE_MB = environment.number("PAGE_CACHE_MB", default=0 if DEBUG else 64, least=0, most=65_536)
PAGES_DIR = DATA_DIR / "pages"
# A CDN or caching proxy is told of changes, and may then keep pages itself.
WAGTAILFRONTENDCACHE = environment.purged_caches(
    proxy=environment.text("CDN_PURGE_URL"),
    zone=environment.text("CLOUDFLARE_ZONE"),
    token=environment.text("CLOUDFLARE_TOKEN"),
)

ELASTICSEARCH_HOSTS = environment.server_addresses("ELASTICSEARCH_URL")
ELASTICSEARCH_INDEX = environment.text("ELASTICSEARCH_INDEX", default="dreams-of-milk")

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Mail ------------------------------------------------------------------------------------------------------------

# Mail is written down in the sender's transaction and delivered by the worker, so an outage of the mail server
# neither fails nor slows anybody.
EMAIL_BACKEND = "cms.pipeline.mail.OutboxEmailBackend"
_mail_server = environment.mail_server("EMAIL_URL")
MAIL_DELIVERY_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_TIMEOUT = 10  # seconds
if _mail_server:
    MAIL_DELIVERY_BACKEND = str(_mail_server["EMAIL_BACKEND"])
    EMAIL_HOST = _mail_server["EMAIL_HOST"]
    EMAIL_PORT = _mail_server["EMAIL_PORT"]
    EMAIL_HOST_USER = _mail_server["EMAIL_HOST_USER"]
    EMAIL_HOST_PASSWORD = _mail_server["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS = _mail_server.get("EMAIL_USE_TLS", False)
    EMAIL_USE_SSL = _mail_server.get("EMAIL_USE_SSL", False)
DEFAULT_FROM_EMAIL = environment.sender("MAIL_FROM", default=f"no-reply@{SITE_HOST}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Webhooks --------------------------------------------------------------------------------------------------------

# Beside public addresses, webhooks may go to these networks. Everything in them that listens can then be called by
# whoever may manage webhooks.
WEBHOOK_ALLOWED_NETWORKS = environment.networks("WEBHOOK_ALLOWED_NETWORKS")

# --- Accounts --------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "personals:list"
# Nothing under these is ever kept by a cache or shown by a search engine.
PRIVATE_PATHS = (
    "/accounts/",
    "/account/",
    "/membership/join/",
    "/personals/",
    "/messages/",
    "/preview/",
    "/api/preview/",
    "/report/",
)
# The page cache does not even look at these: most are somebody's own, and files are sent faster without it.
NEVER_IN_PAGE_CACHE = (
    *PRIVATE_PATHS,
    "/admin/",
    "/documents/",
    STATIC_URL,
    MEDIA_URL,
    "/healthz",
    "/readyz",
    "/metrics",
)
# How the join form learns that somebody is an adult: see community/membership/age.py.
AGE_CHECK = "community.membership.age.SelfDeclaredDateOfBirth"

ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
ACCOUNT_ADAPTER = "cms.users.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "community.membership.forms.JoinForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# Nobody learns who has an account here: known and unknown addresses get the same answers.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
# An account has one address; another takes its place once it is proven.
ACCOUNT_CHANGE_EMAIL = True
# An inbox is often read by others: a subject says nothing about the site.
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(SITE_URL).scheme
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A passkey logs in alone, so the device must have recognised its owner.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
# Browsers themselves allow it on this machine alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SITE_IS_SECURE
MFA_TOTP_ISSUER = SITE_HOST
MFA_TOTP_TOLERANCE = 1  # codes, of 30 seconds each, that a clock may be off

# --- Security --------------------------------------------------------------------------------------------------------

# The web server speaks plain HTTP. Only a proxy that is believed can say that a visitor came without TLS.
SECURE_SSL_REDIRECT = SITE_IS_SECURE and TRUSTED_PROXIES > 0
SECURE_HSTS_SECONDS = 31_536_000 if SITE_IS_SECURE else 0  # a year
# A load balancer and Prometheus ask for these over plain HTTP, from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_IS_SECURE
SESSION_COOKIE_NAME = "session"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "cms.errors.csrf_failure"
X_FRAME_OPTIONS = "SAMEORIGIN"  # for the preview beside the editor

# Everything comes from the site itself, and nothing that a page carries inline runs or styles.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
        # A second factor's code for the camera is drawn into the page.
        "img-src": [SELF, "data:"],
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    },
}

# What Wagtail's editor adds to the policy, in the admin alone: the preview, pictures before they are uploaded, and
# the style sheets that its rich text field and its tooltips write into the page. No inline script runs there either,
# but for one handler: the cropping tool asks by `ontouchstart="return;"` whether there is a touch screen.
ADMIN_CONTENT_SECURITY_POLICY = {
    "frame-src": [SELF],
    "img-src": ["blob:"],
    "script-src-attr": ["'unsafe-hashes'", "'sha256-i+qr4lq34KgNHiW62lWi9aInEBwiEOrfCzaNPCvkqD8='"],
    "style-src-elem": [SELF, "'unsafe-inline'"],
}

# Scripts of other origins read the API as anybody does: without cookies, and nothing else of the site.
CORS_ALLOWED_ORIGINS = API_CORS_ORIGINS
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS"]
CORS_ALLOW_HEADERS = [*default_headers, "if-none-match", "if-modified-since"]
CORS_EXPOSE_HEADERS = ["ETag", "Last-Modified", "RateLimit", "RateLimit-Policy", "Retry-After"]

PERMISSIONS_POLICY = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"

# --- Language and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = environment.time_zone("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

# --- Wagtail ---------------------------------------------------------------------------------------------------------

WAGTAIL_SITE_NAME = "Dreams of Milk"
# "Oxytocin" and "oxytocin" are one tag.
TAGGIT_CASE_INSENSITIVE = True
WAGTAILADMIN_BASE_URL = SITE_URL
WAGTAILAPI_BASE_URL = SITE_URL
WAGTAILAPI_RICH_TEXT_FORMAT = "html"
# The editors' admin looks for words in the rows themselves. Wagtail's own index would let two editors who publish at
# once deadlock on PostgreSQL, and fail on some questions on SQLite; what readers search is in search/.
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "modelsearch.backends.database.fallback"}}
# Every address and password is changed through allauth, which asks for the second factor.
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILUSERS_PASSWORD_ENABLED = False
# "localtime" and the like are of this machine; browsers do not know them.
WAGTAIL_USER_TIME_ZONES = sorted(name for name in available_timezones() if "/" in name or name == "UTC")
# A page's form has several fields a block: 150 blocks and 40 sources are more than Django's thousand. As many as
# Wagtail recommends in its guide "Integrating Wagtail into a Django project".
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
# Decoded, a picture takes four bytes a pixel.
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 40_000_000
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
# The people's names come from their display name; nothing about members leaves for a third party.
WAGTAILEMBEDS_FINDERS: list[dict[str, str]] = []

# --- Logging: to the console, one line an event ----------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "cms.logs.OneLineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # The client's own lines repeat what the engine says in one.
        "elastic_transport": {"level": "ERROR"},
        # Wagtail's own tasks run at once and tell of each four times.
        "django_tasks": {"level": "WARNING"},
    },
}
