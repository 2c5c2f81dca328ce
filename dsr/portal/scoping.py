"""How much an erasure takes, as a question of the form (P8)."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from dsr.package.sentences import joined
from dsr.portal.forms import Question


class ScopeQuestion(Question):
    """Content alone, or the account and everything; asked where the controller offers both."""

    scope = forms.ChoiceField(
        label=_("How much should we erase?"),
        help_text=_("You can always ask again, for more."),
        error_messages={"required": _("Choose how much we should erase"), "invalid_choice": _("Choose from the list")},
    )

    def ask(self) -> None:
        """The scopes of this controller."""
        offered = self.controller_map.controller.scopes
        cast("forms.ChoiceField", self.fields["scope"]).choices = [(slug, one.title) for slug, one in offered.items()]

    def options(self) -> list[dict[str, Any]]:
        """The choices with what each takes, for the page."""
        chosen = self["scope"].value()
        return [
            {
                "value": slug,
                "title": scope.title,
                "hint": joined(scope.describes, _DISABLES if scope.everything else ""),
                "chosen": slug == chosen,
            }
            for slug, scope in self.controller_map.controller.scopes.items()
        ]


_DISABLES = _("Before anything is erased, the account is disabled; if you cancel in time, it is opened again.")
