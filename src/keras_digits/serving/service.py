"""What stands behind the paths: a network, the queue before it, and what is counted."""

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_digits.digits import Images, Reading
from keras_digits.errors import ModelFileError, PictureError
from keras_digits.serving.answers import answer, classified
from keras_digits.serving.bodies import Memory, Order
from keras_digits.serving.model import Model, load
from keras_digits.serving.options import RequestError
from keras_digits.serving.processes import ClassifyTask, Failure, ReadTask
from keras_digits.serving.queueing import Queue
from keras_digits.serving.settings import Settings
from keras_digits.serving.watching import Watch


class FailureError(Exception):
    """A request brought out a mistake of ours."""


class Service:
    """Reads what requests hold.

    Args:
        settings: How it runs.

    Attributes:
        settings: As given.
        memory: What requests hold.
        watch: What is counted.

    Raises:
        ModelFileError: The network can't be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.memory = Memory(settings.max_bytes_at_once)
        self.watch = Watch(lambda: self._queue.num_waiting)
        self._is_open = False
        self._model = load(settings.network)
        self._queue = self._new_queue(self._model)
        self._reloading = asyncio.Lock()

    async def open(self) -> None:
        """Wait until it can read.

        Raises:
            ModelFileError: It can't.
        """
        async with self._reloading:  # which may be asked for already
            await self._queue.open()
        self._is_open = True

    async def close(self) -> None:
        """Answer what was accepted, then end."""
        self._is_open = False
        async with self._reloading:  # what is being loaded is to end as well
            await self._queue.close()

    async def is_ready(self) -> bool:
        """Whether processes are there to read."""
        return self._is_open and await self._queue.is_able()

    async def reload(self) -> None:
        """Look at the network's file again, and read with it from when it is ready.

        Requests go on meanwhile; with the network that was, until then.

        Raises:
            ModelFileError: It can't be used; then all stays as it was.
        """
        async with self._reloading:
            model = await asyncio.to_thread(load, self.settings.network)
            queue = self._new_queue(model)
            await queue.open()
            before, self._model, self._queue = self._queue, model, queue
            await before.close()

    def check(self) -> None:
        """Refuse where there is no room for another request.

        Raises:
            BusyError: There is none.
        """
        self._queue.check()

    def facts(self) -> Mapping[str, Any]:
        """What is loaded, and what a request may hold."""
        limits = {
            name: getattr(self.settings, name)
            for name in ("max_bytes", "max_pixels", "max_pictures", "max_images")
        }
        return {**self._model.facts, "limits": limits}

    async def read(self, order: Order) -> dict[str, Any] | list[dict[str, Any]]:
        """The answer to an order: one picture's, or a list where several were sent.

        Raises:
            RequestError: The promise can't be made, or the only picture can't be read.
            BusyError: There is no room.
            FailureError: By a mistake of ours the only picture can't be read.
        """
        options = order.options
        try:
            acceptance = self._model.acceptance(options.max_error)
        except ModelFileError as error:
            raise RequestError(422, str(error)) from error
        tasks = [ReadTask(picture, options.layout) for _, picture in order.pictures]
        outcomes = await self._queue.do(tasks)
        answers = []
        for (name, _), outcome in zip(order.pictures, outcomes, strict=True):
            read = PictureError(f"{outcome}.") if isinstance(outcome, Failure) else outcome
            assert isinstance(read, Reading | PictureError)
            answered = answer(name, read, acceptance, options)
            self.watch.picture(answered)
            if isinstance(outcome, Failure) and not order.are_several:
                raise FailureError(outcome.kind)
            answers.append(answered)
        if order.are_several:
            return answers
        if reason := answers[0]["error"]:
            raise RequestError(422, reason)
        return answers[0]

    async def classify(self, images: Images) -> dict[str, Any]:
        """The answer to images.

        Raises:
            BusyError: There is no room.
            RequestError: It took too long.
            FailureError: By a mistake of ours they can't be classified.
        """
        (outcome,) = await self._queue.do([ClassifyTask(images)])
        if isinstance(outcome, Failure):
            raise FailureError(outcome.kind)
        if isinstance(outcome, PictureError):
            raise RequestError(422, str(outcome))
        assert isinstance(outcome, np.ndarray)
        return classified(outcome)

    def _new_queue(self, model: Model) -> Queue:
        """A queue before processes that read with a model."""
        return Queue(self.settings, model.raw, self.watch.batch)
