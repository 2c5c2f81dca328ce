"""Addresses that exist in demo mode only."""

from django.urls import path

from dsr.portal import demo_app, demo_mail

urlpatterns = [
    path("app/", demo_app.app, name="demo_app"),
    path("mail/", demo_mail.mail_list, name="demo_mail"),
    path("mail/<slug:name>/", demo_mail.mail_letter, name="demo_mail_letter"),
]
