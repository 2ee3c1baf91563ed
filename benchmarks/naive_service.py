"""The service that people write first: FastAPI, Keras, ``model.predict``; run by ``serve.py``.

python benchmarks/naive_service.py NETWORK.keras PORT
"""

import io
import sys

import keras
import numpy as np
import uvicorn
from fastapi import FastAPI, UploadFile
from PIL import Image

model = keras.models.load_model(sys.argv[1])
app = FastAPI()


@app.post("/predict")
async def predict(file: UploadFile) -> dict[str, int]:
    """The likeliest digit of a picture, resized as tutorials do."""
    picture = Image.open(io.BytesIO(await file.read())).convert("L").resize((28, 28))
    image = 255 - np.asarray(picture)
    return {"digit": int(model.predict(image[None, ..., None], verbose=0).argmax())}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[2]), access_log=False, log_level="warning")
