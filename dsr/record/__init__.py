"""The record: leaves and the tree over them (RFC 6962), signed checkpoints and proofs (C2SP), certificates (JWS)."""
