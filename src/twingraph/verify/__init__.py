"""A deployed site, tried from outside: what is wrong with it, and what to write instead."""
