"""``python -m sim`` is the command ``mailsim``."""

from sim.cli.commands import main

main()
