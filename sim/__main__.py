"""``python -m sim`` is the command ``mailsim``."""

from sim.cli.app import main

main()
