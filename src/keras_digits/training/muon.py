"""Muon for networks of convolutions.

Keras's takes matrices, and leaves the kernels of convolutions to AdamW, though most of such a
network's weights are there. Its author takes them too, and so does this one.
"""

import re
from collections.abc import Sequence

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_digits")
class Muon(keras.optimizers.Muon):  # type: ignore[misc]  # Keras has no types
    """Keras's Muon, which makes the kernels of convolutions take orthogonal steps as well.

    A kernel is the matrix that a convolution multiplies patches by, ``(height · width · channels
    in, channels out)``. Of a network's matrices the first, which takes pixels, and the last, which
    gives the answer, are left to AdamW. Both as Jordan et al. have it ("Muon: An optimizer for
    hidden layers in neural networks", 2024); so is that steps are found in bfloat16. They are as
    long as Adam's (Liu et al. 2025, arXiv:2502.16982), so that one learning rate does for all.
    """

    exclude_layers: list[str]

    def build(self, var_list: Sequence[keras.Variable]) -> None:
        """Find what is inside of the network, and make room for what steps leave behind."""
        places = [place for place, one in enumerate(var_list) if len(one.shape) >= 2]
        self._kernels = {place for place in places[1:-1] if len(var_list[place].shape) > 2}
        ends = [f"^{re.escape(var_list[place].path)}$" for place in (*places[:1], *places[-1:])]
        self.exclude_layers = sorted({*self.exclude_layers, *ends})  # a checkpoint has them already
        super().build(var_list)

    def update_step(
        self,
        gradient: keras.KerasTensor,
        variable: keras.Variable,
        learning_rate: keras.KerasTensor,
    ) -> None:
        """Change one of the network's variables."""
        place = self._get_variable_index(variable)
        if place not in self._kernels:
            super().update_step(gradient, variable, learning_rate)
            return
        momentum = self.momentums[place]
        self.assign(momentum, self.momentum * momentum + gradient)
        ahead = self.momentum * momentum + gradient if self.nesterov else momentum
        matrix = ops.reshape(ahead, (-1, variable.shape[-1]))
        step = self.zeropower_via_newtonschulz5(ops.cast(matrix, "bfloat16"), self.ns_steps)
        step = self.lr_adjust(learning_rate * ops.cast(step, variable.dtype))
        self.assign_sub(variable, ops.reshape(step, variable.shape))
