"""The files of a new site, as templates for `string.Template`: data and workflows, none of our code."""
