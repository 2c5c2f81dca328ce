"""Pure rules of the walk: rights, states and moves, deadlines, grounds, retention, actors."""
