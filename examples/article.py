"""The tutorial's script, "Predicting MNIST Dataset using Keras", alive on today's Keras.

Line for line the tutorial's; where a line had to change, the comment MEND says what was there
and why it no longer works. Run it with ``python examples/article.py``, or with another number of
epochs: ``python examples/article.py 3``. ``digits train`` does the same job and more.
"""

# MEND 1. Was: from __future__ import print_function
#   That line taught Python 2 to print like Python 3. Python 2 is gone; so is the line.
import sys

# MEND 2. Was: import numpy; numpy.random.seed(1337)
#   Keras 3 draws initial weights from its backend's generator, which NumPy's seed doesn't reach;
#   keras.utils.set_random_seed seeds Python, NumPy and the backend at once.
import keras
from keras.layers import Activation, Dense
from keras.models import Sequential
from keras.optimizers import SGD

# MEND 3. Was: from keras.utils import np_utils
#   Keras 3 has no such module; its to_categorical lives in keras.utils itself.
from keras.utils import to_categorical

# MEND 4. Was: from keras.datasets import mnist; mnist.load_data()
#   That still works with a network at hand. load_mnist() gives the same arrays, finds the copies
#   that you have already, and proves their bytes.
from keras_digits import load_mnist

keras.utils.set_random_seed(1337)

batch_size = 128
nb_classes = 10
# MEND 5. Was: nb_epoch = 20
#   The argument of fit is called epochs since Keras 2.
epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 20

(X_train, y_train), (X_test, y_test) = load_mnist()

# MEND 6. Was: X_train = X_train.reshape(60000, 784 with the bracket missing.
#   The page lost it. Taking the count from the array also serves other data sets.
X_train = X_train.reshape(len(X_train), 784)
X_test = X_test.reshape(len(X_test), 784)
X_train = X_train.astype("float32")
X_test = X_test.astype("float32")
X_train /= 255
X_test /= 255
# MEND 7. Was the same line in curly quotes, which typesetting had made of straight ones.
#   Python reads only straight ones.
print(X_train.shape[0], "train samples")
print(X_test.shape[0], "test samples")

# MEND 8. Was: fit and evaluate on y_train and y_test as they come.
#   categorical_crossentropy compares ten probabilities with ten numbers, so each label becomes
#   a row with a single 1. (sparse_categorical_crossentropy would take the labels as they are.)
Y_train = to_categorical(y_train, nb_classes)
Y_test = to_categorical(y_test, nb_classes)

model = Sequential()
# MEND 9. Was: model.add(Dense(512, input_shape=(784,)))
#   Keras 3 warns about input_shape on a layer; the shape is now a line of its own.
model.add(keras.Input((784,)))
model.add(Dense(512))
model.add(Activation("sigmoid"))
model.add(Dense(512))
model.add(Activation("sigmoid"))
model.add(Dense(nb_classes))
model.add(Activation("softmax"))

model.summary()

model.compile(loss="categorical_crossentropy", optimizer=SGD(), metrics=["accuracy"])

history = model.fit(
    X_train,
    Y_train,
    batch_size=batch_size,
    epochs=epochs,
    verbose=1 if sys.stdout.isatty() else 2,  # MEND 10. Was 1, whose bar floods files and pipes.
    validation_data=(X_test, Y_test),
)

score = model.evaluate(X_test, Y_test, verbose=0)
print("Test score:", score[0])
print("Test accuracy:", score[1])
