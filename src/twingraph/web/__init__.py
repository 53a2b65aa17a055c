"""HTTP around the pages and files: routes, negotiation, validators, refusals."""
