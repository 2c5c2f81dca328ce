"""Addresses: the portal at the root, the desk, the API."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("desk/", include("dsr.desk.urls")),
    path("api/v1/", include("dsr.api.urls")),
    path("", include("dsr.portal.urls")),
]
if settings.DSR_DEMO:
    urlpatterns.insert(0, path("demo/mail/", include("dsr.portal.demo_urls")))

handler400 = "dsr.portal.errors.bad_request"
handler403 = "dsr.portal.errors.not_allowed"
handler404 = "dsr.portal.errors.not_found"
handler500 = "dsr.portal.errors.our_fault"
