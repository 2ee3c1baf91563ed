"""From a recipe and digits to a run folder with a trained network."""
