"""The command `mailsim`."""
