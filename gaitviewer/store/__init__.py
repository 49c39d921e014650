"""The library of sessions; sqlite-utils only here."""
