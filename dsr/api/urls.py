"""Addresses of the API."""

from django.urls import path
from django.views.decorators.common import no_append_slash
from drf_spectacular.views import SpectacularJSONAPIView

from dsr.api import callbacks, package, views

# Without the slash at its end an address is unknown: a redirect would turn a POST into a GET.
app_name = "api"
urlpatterns = [
    path("requests/", no_append_slash(views.SubjectRequests.as_view()), name="file"),
    path("requests/<str:reference>/", no_append_slash(views.Status.as_view()), name="status"),
    path("assertions/", no_append_slash(views.Assertions.as_view()), name="assertions"),
    path("controller/", no_append_slash(views.Offered.as_view()), name="controller"),
    path("package/", no_append_slash(package.Package.as_view()), name="package"),
    path("callbacks/<uuid:item>/<str:token>/", no_append_slash(callbacks.Callback.as_view()), name="callback"),
    path("schema/", no_append_slash(SpectacularJSONAPIView.as_view(authentication_classes=[])), name="schema"),
]
