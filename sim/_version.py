"""The version of the package, apart, so that stored results can name it."""

__version__ = "0.1.0"
