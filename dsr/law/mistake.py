"""What somebody typed cannot be taken, said so that it can be translated where it is shown."""


class Mistake(ValueError):
    """A sentence in plain English that says what to mend; `named` fills its braces."""

    def __init__(self, says: str, **named: object) -> None:
        """As text it is the whole sentence."""
        super().__init__(says.format(**named) if named else says)
        self.says, self.named = says, named
