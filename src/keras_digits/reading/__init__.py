"""From people's pictures to images as MNIST makes them. Never imports Keras."""
