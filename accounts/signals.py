"""What happens to the people who sign in, for whoever keeps a record of it.

Each is sent within the transaction of what happened. A receiver that fails makes it not happen.
Every signal carries `staff` (None where nobody is known by that name) and `by`, who did it (None: they themselves, or
a command); roles also carry `controller` and `role`, and what has more to tell `told`, a dict without personal data.
"""

from django.dispatch import Signal

signed_in = Signal()
signed_out = Signal()
sign_in_failed = Signal()
added = Signal()
closed = Signal()
opened = Signal()
renamed = Signal()
role_given = Signal()
role_taken = Signal()
password_set = Signal()
second_factor_added = Signal()
second_factor_removed = Signal()
enrolled = Signal()
invited = Signal()
recovery_codes_made = Signal()
recovery_code_used = Signal()
stepped_up = Signal()
step_up_failed = Signal()
confidentiality_acknowledged = Signal()
sessions_ended = Signal()
