"""MaKaC: Make a Conference."""
