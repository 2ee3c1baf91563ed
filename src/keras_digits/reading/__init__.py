"""From people's pictures to the numbers in them. Never imports Keras."""
