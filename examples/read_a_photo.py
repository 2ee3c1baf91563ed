"""Read the numbers in a photograph, and see how sure the reader is of each digit.

python examples/read_a_photo.py photo.jpg
"""

import sys

from keras_digits import DigitsError, Reader


def main() -> None:
    """Read each picture named on the command line."""
    reader = Reader()
    for path in sys.argv[1:]:
        try:
            reading = reader.read(path)
        except DigitsError as error:
            print(error, file=sys.stderr)
            continue
        for number in reading.numbers:
            print(number.text, f"{number.confidence:.0%}", tuple(number.box))
            for digit in number.digits:
                second = digit.probabilities.argsort()[-2]
                print(f"    {digit.digit} {digit.confidence:.0%}, else {second}")


if __name__ == "__main__":
    main()
