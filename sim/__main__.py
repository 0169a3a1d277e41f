"""``python -m sim`` is the command ``mailsim``."""

from sim.cli import main

main()
