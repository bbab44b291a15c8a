"""The command line: parse, call one use case, report, exit."""
