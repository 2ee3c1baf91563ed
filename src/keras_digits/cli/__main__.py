"""``python -m keras_digits.cli`` is ``digits``."""

import sys

from keras_digits.cli import main

sys.exit(main())
