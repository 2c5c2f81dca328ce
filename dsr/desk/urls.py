"""Addresses of the desk, included at /desk/."""

from django.urls import path

from dsr.desk.site import desk

urlpatterns = [path("", desk.urls)]
