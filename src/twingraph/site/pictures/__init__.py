"""Pictures as SVG texts, from plain records, without a script: maps, timelines, charts."""
