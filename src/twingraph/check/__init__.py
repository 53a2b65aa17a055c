"""Problems: shapes and the few rules that are not shapes, with file and line."""
