"""Recipients: who got the data is told of its change (GDPR Art. 19)."""
