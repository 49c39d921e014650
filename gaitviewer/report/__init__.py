"""The PDF assessment; reportlab only here."""
