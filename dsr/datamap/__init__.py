"""What each system of a controller holds: read from YAML, validated, compiled into plans and facts."""
