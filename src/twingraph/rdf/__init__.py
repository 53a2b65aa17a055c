"""Terms, IRIs, Turtle and the frozen graph: what everything else is written in."""
