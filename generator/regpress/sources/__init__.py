"""Where documents come from: one module per source type, all behind `regpress.sources.base.Source`."""
