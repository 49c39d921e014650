"""Learned systems in use: a document in, answers with raw explanations out."""
