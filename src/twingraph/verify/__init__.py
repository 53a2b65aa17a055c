"""Checks of a deployed site from outside: what is wrong with it, and what to write instead."""
