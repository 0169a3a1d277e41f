"""What goes wrong with a configuration that is handed in."""


class ConfigError(ValueError):
    """A configuration that cannot be read, with the place and the reason in one line."""
