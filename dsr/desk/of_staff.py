"""What happened to accounts of staff, in words of the record."""

OF_STAFF = {
    "staff:signed-in": "Signed in to the desk",
    "staff:signed-out": "Signed out of the desk",
    "staff:sign-in-failed": "A sign-in to the desk failed",
    "staff:added": "A staff member was added: {staff}",
    "staff:closed": "An account was closed: {staff}",
    "staff:opened": "An account was opened again: {staff}",
    "staff:renamed": "A staff member was renamed: {staff}",
    "staff:role-given": "A role was given to {staff}: {role}",
    "staff:role-taken": "A role was taken from {staff}: {role}",
    "staff:password-set": "A password was set: {staff}",
    "staff:second-factor-added": "A second factor was added: {staff}",
    "staff:second-factor-removed": "A second factor was removed: {staff}",
    "staff:enrolled": "Set password or second factor by a link: {staff}",
    "staff:invited": "A link to set password or second factor was made: {staff}",
    "staff:recovery-codes-made": "Recovery codes were made: {staff}",
    "staff:recovery-code-used": "A recovery code was used: {staff}",
    "staff:stepped-up": "Gave the second factor again: {staff}",
    "staff:step-up-failed": "A second factor that was asked for again was not right: {staff}",
    "staff:confidentiality-acknowledged": "Acknowledged the duty of confidentiality: {staff}",
    "staff:sessions-ended": "All sessions were ended: {staff}",
}
