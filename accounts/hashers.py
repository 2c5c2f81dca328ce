"""Passwords at rest: Argon2id by the cryptography library, which the portal has anyway (OWASP: 19 MiB, two rounds)."""

from typing import Any

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id as Kdf
from django.contrib.auth.hashers import BasePasswordHasher

MEMORY, ROUNDS, LANES, LENGTH = 19_456, 2, 1, 32  # KiB, passes, threads, bytes
_NOW = f"$argon2id$v=19$m={MEMORY},t={ROUNDS},p={LANES}$"


class Argon2id(BasePasswordHasher):
    """`argon2id` and a PHC string."""

    algorithm = "argon2id"

    def encode(self, password: str, salt: str) -> str:
        """The text that is kept of a password."""
        made = Kdf(salt=salt.encode(), length=LENGTH, iterations=ROUNDS, lanes=LANES, memory_cost=MEMORY)
        return self.algorithm + made.derive_phc_encoded(password.encode())

    def decode(self, encoded: str) -> dict[str, Any]:
        """Its parts."""
        _, variety, _, cost, salt, derived = encoded.split("$")
        return {"algorithm": self.algorithm, "variety": variety, "cost": cost, "salt": salt, "hash": derived}

    def verify(self, password: str, encoded: str) -> bool:
        """Whether it is this password."""
        try:
            Kdf.verify_phc_encoded(password.encode(), encoded.removeprefix(self.algorithm))
        except InvalidKey:
            return False
        return True

    def must_update(self, encoded: str) -> bool:
        """Whether it was made at another cost."""
        return not encoded.removeprefix(self.algorithm).startswith(_NOW)

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: the memory makes the cost, and it is the same for all."""

    def safe_summary(self, encoded: str) -> dict[Any, Any]:
        """What the admin may show: nothing of the salt or the hash."""
        return {"algorithm": self.algorithm, "cost": self.decode(encoded)["cost"]}
