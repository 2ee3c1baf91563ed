"""Which pictures are read, how large. Imports nothing, so that the shell may name these at once."""

MAX_PIXELS = 100_000_000
"""The largest picture that is decoded: more would cost memory that nobody's digit is worth."""

MAX_BYTES = 500_000_000
"""The largest file that is read."""

UNREADABLE = frozenset({"BUFR", "GRIB", "HDF5", "MPEG", "EPS"})
"""Formats that Pillow recognises and can't decode; or would by another program, which PostScript
can keep busy for ever."""
