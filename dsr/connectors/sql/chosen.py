"""Which of the neutral values each row got, as long as a connector is open: reading back asks for that very one."""

Place = tuple[str, str]  # collection and column
Key = tuple[object, ...]


class Chosen:
    """Numbers in the list of the values that were offered; what is usual in a column stands once."""

    def __init__(self) -> None:
        """Nothing is written yet."""
        self._usual: dict[Place, int] = {}
        self._else: dict[Place, dict[Key, int]] = {}

    def note(self, place: Place, keys: list[Key], form: int) -> None:
        """These rows hold it now."""
        usual = self._usual.setdefault(place, form)
        others = self._else.setdefault(place, {})
        for key in keys:
            if form != usual:
                others[key] = form
            elif others:
                others.pop(key, None)

    def form(self, place: Place, key: Key) -> int | None:
        """Give the number; None where nothing was written to this column."""
        usual = self._usual.get(place)
        return usual if usual is None else self._else[place].get(key, usual)
