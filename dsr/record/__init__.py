"""The record: leaves of the audit log and the tree over them (RFC 6962)."""
