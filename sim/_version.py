"""The version of the package, apart, so that stored results can name it; and how to cite it."""

__version__ = "0.1.0"


def citation(version: str = __version__) -> str:
    """How to cite the package, or the *version* that made some results (as in CITATION.cff)."""
    return f"The mailsim authors: mailsim, version {version} [computer program]."
