"""The HTML catalog: views from the catalog, templates to pages."""
