"""Addresses that exist in demo mode only."""

from django.urls import path

from dsr.portal import demo_mail

urlpatterns = [
    path("", demo_mail.mail_list, name="demo_mail"),
    path("<slug:name>/", demo_mail.mail_letter, name="demo_mail_letter"),
]
