"""Queries for each kind of user, and the sample nation."""
