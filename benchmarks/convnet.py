"""Claim: the same command with another network reads MNIST past 99 %.

Trains the small convolutional network with a recipe fixed beforehand, once a seed, and writes
``benchmarks/results/convnet.json``. The tutorial's own figures stand in ``tutorial-*.json``.

    python benchmarks/convnet.py
"""

from tutorial import run_seeds, write_result

FLAGS = ("--network", "convnet", "--optimizer", "adam", "--epochs", "5")


def main() -> None:
    """Run the recipe once a seed."""
    write_result("convnet", run_seeds(*FLAGS, "--precision", "mixed_bfloat16"))


if __name__ == "__main__":
    main()
