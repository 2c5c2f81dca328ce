"""The walk: the only code that changes a request. Time comes in as `at`; who acts comes in as `by`."""
