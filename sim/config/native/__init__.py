"""The native languages of mail servers, a module each."""
