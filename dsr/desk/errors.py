"""What staff read where the desk has no such page, or none for them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dsr.desk.site import desk


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that a role does not reach this page."""
    way = "If your work needs it, ask whoever gives out the roles here."
    return _page(request, "You cannot open this page", "Your role does not allow it.", 403, way=way)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is no such page, in the same way whether something is hidden there or not."""
    why = "There is no such page here, or what it was about is over. Look at the request again."
    return _page(request, "There is no such page", why, 404)


def _page(request: HttpRequest, title: str, why: str, status: int, *, way: str = "") -> HttpResponse:
    context = {**desk.each_context(request), "title": title, "why": why, "way": way}
    return render(request, "desk/no_page.html", context, status=status)
