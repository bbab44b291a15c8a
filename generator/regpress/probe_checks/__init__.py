"""Answers of a deployed registry to findings: one function for each row of static hosting section 12."""
