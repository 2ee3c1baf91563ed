"""Where digits come from: finding, fetching, checking and loading them. Knows no network."""

DATASETS = ("auto", "mnist", "optdigits")
"""What :func:`keras_digits.data.datasets.load_dataset` knows by name."""
