"""Validation in three tiers: JSON Schema, semantic rules, advice."""
